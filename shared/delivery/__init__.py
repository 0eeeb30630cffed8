"""The way of a change from Graph's notification to the partner."""

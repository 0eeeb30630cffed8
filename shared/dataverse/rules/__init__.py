"""The rows of the decision table, in groups. A rule takes a compared look, and returns a decision or None."""

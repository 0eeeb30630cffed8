"""Everything the relay does; knows nothing of azure.functions."""

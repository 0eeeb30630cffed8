"""The relay's code, independent of azure.functions."""

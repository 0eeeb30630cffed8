"""Is it still working? Checks and metrics."""

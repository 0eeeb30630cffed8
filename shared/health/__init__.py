"""Health checks and gauges."""

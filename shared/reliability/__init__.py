"""Circuit breaker, retry schedule, parked changes and dead letters."""

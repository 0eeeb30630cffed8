"""Events without a pair: which of them become bookings, and to which pairs the dates of a series belong."""

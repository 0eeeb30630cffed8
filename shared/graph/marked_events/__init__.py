"""Events that carry the relay's mark, an extended property with a single value."""

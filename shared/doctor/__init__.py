"""Everything that the relay needs, tried once, with what to do."""

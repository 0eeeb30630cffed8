"""Keep one live subscription at Graph for every watch."""

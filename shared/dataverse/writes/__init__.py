"""Carry out one look at a pair: what is stored before, the writes to both sides, and what is stored after."""

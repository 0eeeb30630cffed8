"""Demonstrations: changes in a simulated tenant reach a partner, and the result is checked."""

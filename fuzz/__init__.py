"""Input that nobody means: generated bodies, parameters and credentials against a running sandbox. Never deployed."""

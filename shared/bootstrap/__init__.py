"""The composition root: builds all parts of the relay."""

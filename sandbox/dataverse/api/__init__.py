"""The Web API of an environment: reading, writing, functions, metadata, and their refusals."""

"""A local Azure Functions host for a Python v2 app: `python -m sandbox.host --app DIR`."""

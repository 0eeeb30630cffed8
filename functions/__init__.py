"""The triggers. Each parses its input, calls one use case and maps the result."""

"""The commands, one function each. It calls the relay, shows the result, and returns the exit code."""

"""The commands, one function each: it calls the relay, shows what came of it, and returns the exit code."""

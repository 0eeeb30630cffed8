"""What callers send and are told, whichever feature they call: fields, times, and Graph's errors."""

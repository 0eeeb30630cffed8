"""The way of a change: hints are queued, both sides of a pair are read, and what was decided is carried out."""

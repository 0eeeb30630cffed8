"""Graph's schedules, read for the features that need them: busy times, and the time zones of mailboxes."""

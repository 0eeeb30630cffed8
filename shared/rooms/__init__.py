"""The feature rooms: what a map shows of the rooms of the allow-list, and when watched mailboxes are busy."""

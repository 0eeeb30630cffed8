"""The table `pairs`: which booking belongs to which event, and what was last seen of both; never a title."""

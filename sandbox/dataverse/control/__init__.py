"""Control routes of an environment, below /_control at its own address: edits of people, untrue answers, faults."""

"""What the timer does: read which work is due by the rows, and carry it out in batches."""

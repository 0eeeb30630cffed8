"""What IT does with the feature: plan, start, hold, release, status."""

"""Speed as ratios, each of two things measured side by side in one run. It reports, and never fails a build."""

"""The administrator's command line: it speaks to a deployed relay over HTTP, and to nothing else."""

"""Every answer to "may this be done"."""

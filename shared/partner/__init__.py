"""The public contract with the partner: what is sent, and how."""

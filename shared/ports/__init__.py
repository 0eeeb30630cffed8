"""Seams between the core and the features, which do not import each other: Protocols, and what passes through them."""

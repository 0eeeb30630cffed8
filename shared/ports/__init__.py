"""What passes between the core and the features, which do not import each other: Protocols and their values."""

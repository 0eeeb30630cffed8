"""The relay's version, as the contract tells it."""

VERSION = "0.1.0"

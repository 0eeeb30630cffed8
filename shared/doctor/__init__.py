"""The doctor: tests everything that the relay needs, and says what to do."""

"""The use cases of Microsoft Bookings, and their rules."""

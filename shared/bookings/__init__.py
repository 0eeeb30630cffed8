"""The bookings feature: the use cases of Microsoft Bookings, and their rules."""

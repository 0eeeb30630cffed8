"""Microsoft Bookings at Graph: the client, and the relay's models of its objects."""

"""Microsoft Bookings at Graph: its client, and its objects as the relay reads them."""

"""The rows of appointments that are followed in Microsoft Bookings."""

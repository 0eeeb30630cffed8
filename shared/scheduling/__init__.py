"""The feature scheduling: free slots, and bookings of them."""

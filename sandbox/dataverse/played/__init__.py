"""What others write to bookings: Field Service, Microsoft's own sync, the optimizer, and the customer's plug-ins."""

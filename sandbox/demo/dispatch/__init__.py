"""A day of a dispatcher and two technicians: bookings of Dynamics 365 and events in Outlook, both ways."""

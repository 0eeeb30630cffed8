"""Appointments as deliveries: reads the followed businesses, and delivers what others made, moved and cancelled."""

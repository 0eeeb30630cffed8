"""Keeps bookings of Dataverse and events of Outlook in step: pure rules and use cases."""

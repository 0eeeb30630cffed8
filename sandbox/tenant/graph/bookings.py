"""Microsoft Bookings: all operations."""

from sandbox.tenant.graph import bookings_customers, bookings_reads, bookings_writes

ENDPOINTS = [*bookings_reads.ENDPOINTS, *bookings_writes.ENDPOINTS, *bookings_customers.ENDPOINTS]

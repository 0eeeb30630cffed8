"""Deletes what is stored about a mailbox: when its watch is removed, by request, and each night what is left over."""

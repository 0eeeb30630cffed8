"""What the relay keeps: watches, the ledger, and messages on queues."""

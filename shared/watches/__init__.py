"""Who wants which mailbox watched: requests, quota, and what Graph's refusals mean for a watch."""

"""Who may call us: callers are recognized by their key or their token, and held to their limits."""

"""How many examples hypothesis tries: `make test-fast` takes a share of them (EXAMPLES_SHARE)."""

import os


def examples(number: int) -> int:
    """Return a share of `number`, ten at least."""
    return max(10, int(number * float(os.environ.get("EXAMPLES_SHARE", "1"))))

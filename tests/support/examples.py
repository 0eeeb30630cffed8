"""The number of examples of hypothesis: `make test-fast` uses a share of them (EXAMPLES_SHARE)."""

import os


def examples(number: int) -> int:
    """Return a share of `number`, at least ten."""
    return max(10, int(number * float(os.environ.get("EXAMPLES_SHARE", "1"))))

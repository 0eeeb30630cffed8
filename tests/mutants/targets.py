"""What is changed, and the tests that have to notice it."""

MODULES = (
    # when work is due, and what is done
    "shared/subscriptions/due.py", "shared/subscriptions/plan.py", "shared/moments.py",
    # leases and claims
    "shared/storage/leases.py", "shared/storage/watches.py", "shared/storage/ledger.py",
    # what answers prove and settle
    "shared/subscriptions/records.py", "shared/subscriptions/losses.py", "shared/subscriptions/brakes.py",
    # deletions
    "shared/subscriptions/removal.py", "shared/storage/tombstones.py",
)  # fmt: skip
TESTS = (
    "tests/unit/subscriptions", "tests/unit/storage", "tests/unit/resync", "tests/unit/delivery",
    "tests/unit/test_moments.py",
)  # fmt: skip
OPTIONS = (
    "-q", "-s", "--tb=no", "--assert=plain", "--timeout=120", "-m", "not long",
    "-p", "no:cacheprovider", "-p", "no:schemathesis",
)  # fmt: skip

"""The same examples at every run, so that a red build is red for everybody; `make fuzz` searches anew, and longer."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, deadline=None, max_examples=100, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile(
    "long", deadline=None, max_examples=1_000, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

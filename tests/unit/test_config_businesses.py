"""The setting BOOKINGS_DELIVERIES: which Bookings businesses are followed."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError
from tests.unit.test_config import GOOD

BROKEN = (
    "canary", "a@contoso.com;canary@contoso.com", "a/canary@contoso.com", "@contoso.com", "a canary@contoso.com",
    ",".join(f"b{number}@canary.example" for number in range(21)),
)  # fmt: skip


def test_the_followed_businesses_are_addresses() -> None:
    """At most twenty, each once, in lower case; none while the feature is off."""
    text = ", ".join([f"B{number}@Contoso.com" for number in range(20)] + ["b0@contoso.com", ""])
    on, off = (
        Settings.load(GOOD | {"BOOKINGS_DELIVERIES": text, "FEATURES": features}) for features in ("bookings", "")
    )
    assert on.followed_businesses == tuple(f"b{number}@contoso.com" for number in range(20))
    assert off.followed_businesses == ()
    assert Settings.load(GOOD | {"FEATURES": "bookings"}).followed_businesses == ()


@pytest.mark.parametrize("value", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_value_is_named_and_not_shown(value: str) -> None:
    """Only what follows businesses fails."""
    settings = Settings.load(GOOD | {"BOOKINGS_DELIVERIES": value, "FEATURES": "bookings"})
    assert set(settings.problems) == {"BOOKINGS_DELIVERIES"}
    assert "canary" not in str(settings.problems)
    with pytest.raises(ConfigurationError):
        _ = settings.followed_businesses
    assert settings.switched_on == {"bookings"}


def test_the_number_of_businesses_is_named() -> None:
    """With the limit."""
    settings = Settings.load(GOOD | {"BOOKINGS_DELIVERIES": BROKEN[-1]})
    assert "names 21 businesses; at most 20" in settings.problems["BOOKINGS_DELIVERIES"]

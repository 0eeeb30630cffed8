"""INVITEES decides on addresses by their whole text: their letters, and nothing that only looks like a domain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.policy.invitees import refused
from tests.support.world import SETTINGS

NAMES = st.from_regex(r"[a-z0-9.+_-]{1,12}", fullmatch=True)
DOMAINS = st.sampled_from(
    ["contoso.com", "CONTOSO.com", "sub.contoso.com", "contoso.com.example", "xcontoso.com", "contoso.onmicrosoft.com",
     "fabrikam.com"]
)  # fmt: skip


def settings(**given: str) -> Settings:
    """Return settings with a rule."""
    return Settings.load(SETTINGS | given)


@given(NAMES, DOMAINS)
def test_own_domains_are_those_of_the_allowed_mailboxes(name: str, domain: str) -> None:
    """By address, suffix or room list; never the first domain of the tenant, and no subdomain."""
    for entries in ("room1@contoso.com", "@contoso.com, @contoso.onmicrosoft.com", "roomlist:building1@Contoso.com"):
        rule = settings(ALLOWED_MAILBOXES=entries, INVITEES="own-domains")
        assert refused(rule, [f"{name}@{domain}"]) == ([] if domain.lower() == "contoso.com" else [0])


def test_nothing_is_own_without_mailboxes() -> None:
    """An empty ALLOWED_MAILBOXES names no domain."""
    assert refused(settings(ALLOWED_MAILBOXES="", INVITEES="own-domains"), ["a@contoso.com"]) == [0]


def test_the_refused_are_named_by_their_index() -> None:
    """Those who are invited already are not refused."""
    rule, addresses = settings(INVITEES="a@x.example"), ["A@X.example", "b@x.example", "c@x.example"]
    assert refused(rule, addresses) == [1, 2]
    assert refused(rule, addresses, {"c@x.example"}) == [1]
    assert refused(settings(INVITEES="none"), []) == []


def test_a_rule_that_cannot_be_read_allows_nobody() -> None:
    """It raises, unless nobody is to be invited."""
    broken = settings(INVITEES="everybody")
    assert refused(broken, []) == []
    with pytest.raises(ConfigurationError, match="INVITEES"):
        refused(broken, ["a@contoso.com"])

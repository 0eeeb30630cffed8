"""The resource of a subscription: all spellings of Graph name one mailbox."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.subscriptions import mailbox_of, resource_of

ADDRESSES = st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-øÅ", min_size=1, max_size=20).map(
    lambda local: f"{local}@contoso.com"
)
Case = Callable[[str], str]
OBJECT_IDS = st.uuids().map(str)
SPELLINGS = (
    lambda name: f"users/{quote(name, safe='@')}/events",
    lambda name: f"users/{quote(name, safe='')}/events",
    lambda name: f"Users('{name.replace(chr(39), chr(39) * 2)}')/Events",
    lambda name: f"users('{quote(name.replace(chr(39), chr(39) * 2), safe='')}')/events",
    lambda name: quote(f"Users('{name.replace(chr(39), chr(39) * 2)}')", safe="") + "/Events",
)


def test_the_resource_of_an_unusual_address_is_encoded() -> None:
    """Apostrophes and plus signs are legal in addresses."""
    assert resource_of("o'brien+x@contoso.com") == "users/o%27brien%2Bx@contoso.com/events"


@given(
    name=ADDRESSES | OBJECT_IDS, spelled=st.sampled_from(SPELLINGS), before=st.sampled_from(["", "/"]),
    after=st.sampled_from(["", "/"]), case=st.sampled_from([str, str.upper, str.lower]),
)  # fmt: skip
def test_all_spellings_name_the_same_mailbox(name: str, spelled: Case, before: str, after: str, case: Case) -> None:
    """As a step or a key, escaped or not, with a slash at either end, in any case: an address and an object id."""
    assert mailbox_of(before + case(spelled(name)) + after) == name.lower()
    assert mailbox_of(resource_of(name)) == name.lower()


@pytest.mark.parametrize(
    "resource",
    [
        "", "/", "me/events", "users/events", "users//events", "users/r@contoso.com", "users/r@contoso.com/messages",
        "users/r@contoso.com/events/E", "users/r@contoso.com/calendar/events", "groups/r/events", "users('')/events",
        "users/r@contoso.com/events?$select=id", "teams/users/r@contoso.com/events",
    ],
)  # fmt: skip
def test_any_other_resource_names_no_mailbox(resource: str) -> None:
    """The relay never subscribes to these, so such a subscription belongs to something else."""
    assert mailbox_of(resource) is None

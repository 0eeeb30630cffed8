"""The bodies that set up or look up watches are valid for the relay exactly when they are for the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sandbox.json_schema import Draft202012Validator
from shared.config import Settings
from shared.errors import RequestRejected
from shared.watches.requests import (
    RoomListRequest,
    SubscriptionQuery,
    SubscriptionRequest,
    SubscriptionsRequest,
    parse_watch_request,
    read_query,
    read_room_list,
    read_watch,
)
from tests.properties.test_reading_properties import JSON
from tests.support.world import SETTINGS
from tools.openapi.document import document

PLAIN = Settings.load(SETTINGS)
SCHEMAS = document()["components"]["schemas"]
MODELS: tuple[type[BaseModel], ...] = (SubscriptionRequest, SubscriptionsRequest, RoomListRequest, SubscriptionQuery)
SCHEMA = {model: Draft202012Validator(SCHEMAS[model.__name__]) for model in MODELS}
ADDRESSES = st.sampled_from(["room1@contoso.com", "ROOM@contoso.com ", "x", "a..b@contoso.com"]) | st.text(max_size=12)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "mailbox": ADDRESSES | JSON, "mailboxes": st.lists(ADDRESSES, max_size=3) | JSON, "roomList": ADDRESSES | JSON,
        "delivery": st.sampled_from(["relay", "direct"]) | JSON, "more": JSON,
        "notificationUrl": st.just("https://partner.example/graph") | JSON,
    },
)  # fmt: skip
DIRECT = {"delivery": "direct", "notificationUrl": "https://partner.example/graph"}


def read_many(content: dict[str, Any]) -> None:
    """Read each mailbox of a body, as the call for several does."""
    body = SubscriptionsRequest.model_validate(content)
    for mailbox in body.mailboxes:
        parse_watch_request(body, mailbox, PLAIN)


def read_single(content: dict[str, Any]) -> None:
    """Read the body of the call for one mailbox."""
    read_watch(content, PLAIN)


READERS: dict[type[BaseModel], Callable[[dict[str, Any]], object]] = {
    SubscriptionRequest: read_single, SubscriptionsRequest: read_many, RoomListRequest: read_room_list,
    SubscriptionQuery: read_query,
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(BODIES)
@example({"mailbox": "a@contoso.com", "notificationUrl": "https://partner.example/graph"})
@example({"mailbox": "a@contoso.com", "delivery": "direct"})
@example({"mailboxes": ["a@contoso.com"], "delivery": "direct", "notificationUrl": None})
def test_a_body_is_accepted_only_if_the_document_allows_it(model: type[BaseModel], content: dict[str, Any]) -> None:
    """What is read is valid; what has fields of another shape is not. Anything else is 422."""
    try:
        READERS[model](content)
    except (RequestRejected, ValidationError) as refused:
        assert isinstance(refused, ValidationError) or refused.status == 422
        try:
            model.model_validate(content)
        except ValidationError:
            assert not SCHEMA[model].is_valid(content)
    else:
        assert SCHEMA[model].is_valid(content)


@pytest.mark.parametrize("extra", [{}, DIRECT], ids=["relay", "direct"])
def test_valid_bodies_are_read(extra: dict[str, Any]) -> None:
    """A property without valid examples would prove nothing."""
    bodies: dict[type[BaseModel], dict[str, Any]] = {
        SubscriptionRequest: {"mailbox": "r@contoso.com", **extra},
        SubscriptionsRequest: {"mailboxes": ["r@contoso.com"], **extra},
    }
    for model, content in bodies.items():
        READERS[model](content)
        assert SCHEMA[model].is_valid(content)
        assert not SCHEMA[model].is_valid(content | {"delivery": "direct", "notificationUrl": None})
        assert not SCHEMA[model].is_valid(content | {"delivery": "relay", "notificationUrl": "https://partner.example"})

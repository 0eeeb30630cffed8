"""Each untrue answer that the chaos run tells is switched on by its route, seen in Graph's answers, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from tests.chaos.lies import KINDS, Lie
from tests.support.graph_world import OTHER_ROOM, ROOM, World

pytestmark = pytest.mark.server
PAGES = 4
NEARLY_ALL = 0.99
CHANGES = ("created", "updated", "deleted", "created,updated", "updated,deleted")


@pytest.fixture
def created(world: World) -> list[str]:
    """Subscribe to five combinations, two in a page of the list; another one has expired. Return the ids."""
    world.tenant.settings["subscriptionPage"] = 2
    over = world.subscribe(resource=f"users/{OTHER_ROOM}/events")["id"]
    created = [world.subscribe(changeType=change)["id"] for change in CHANGES]
    world.control("PATCH", f"/subscriptions/{over}", {"expirationDateTime": "2026-01-01T00:00:00Z"})
    return created


def answer(world: World, method: str, path: str, body: Any = None) -> tuple[Any, ...]:
    """Return what a caller sees of an answer: status, resource or error, next page, minutes of Date; or no answer."""
    try:
        response = world.graph(method, path, body)
        content = response.json() if response.content else {}
    except requests.RequestException as error:
        return (type(error).__name__,)
    skew = parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    seen = content.get("resource"), content.get("error", {}).get("message"), "@odata.nextLink" in content
    return (response.status_code, *seen, round(skew.total_seconds() / 60))


def walk(world: World) -> list[Any]:
    """Return the pages of the list as they come, a few at most: status and ids of each."""
    pages: list[Any] = []
    link = "/subscriptions"
    while link and len(pages) < PAGES:
        response = world.graph("GET", link)
        content = response.json()
        pages.append((response.status_code, [each["id"] for each in content.get("value", ())]))
        link = content.get("@odata.nextLink", "")
    return pages


def answers(world: World, created: Sequence[str]) -> list[Any]:
    """Return all that Graph answers about the first subscription, in the list and about a new event, and how often it
    notifies.
    """
    world.control("POST", "/clock", {"advanceSeconds": 30})  # the limits are those of twenty seconds
    path = f"/subscriptions/{created[0]}"
    seen: list[Any] = [answer(world, "GET", path), *walk(world)]
    seen.append(answer(world, "PATCH", path, {"expirationDateTime": world.after(days=6, hours=12)}))
    seen.append(answer(world, "POST", "/subscriptions", world.subscription(changeType=CHANGES[0])))
    for each in world.control("GET", "/subscriptions")["value"]:
        if each["id"] not in created:
            world.control("DELETE", f"/subscriptions/{each['id']}")
    sent = world.flush()["hints"]
    seen.append(answer(world, "GET", f"/users/{ROOM}/events/{world.book()['id']}"))
    return [*seen, world.flush()["hints"] - sent]


@pytest.mark.parametrize("lie", KINDS, ids=lambda lie: lie.name)
def test_each_lie_is_switched_on_by_its_route_and_off_again(world: World, created: list[str], lie: Lie) -> None:
    """With each of its bodies the answers differ; before and after it they are the same."""

    def control(method: str, path: str, given: Any) -> Any:
        if isinstance(given, dict):  # by their random ids, a small share of five may be none of them
            is_share = {name: isinstance(value, float) and 0 < value < 1 for name, value in given.items()}
            given = {name: NEARLY_ALL if is_share[name] else value for name, value in given.items()}
        response = world.session.request(method, f"{world.url}/_control{path}", json=given, timeout=180)
        assert response.ok, response.text
        return response.json() if response.content else None

    truth = answers(world, created)
    for body in lie.bodies:
        end = lie.switch_on(control, body, {created[0]: ROOM})
        assert answers(world, created) != truth, body
        end()
        assert answers(world, created) == truth, body

"""Bodies and addresses that the Web API refuses, each with its code, and what it does to those it accepts."""

from typing import Any

import pytest

from tests.support.dataverse_world import BOOKINGS, DataverseWorld, refusal

pytestmark = pytest.mark.server

NOBODY = "/bookableresources(00000000-0000-4000-8000-000000000001)"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Name": "x"}, 400, "0x80048d19"),
        ({"nosuch": 1}, 400, "0x80048d19"),
        ({"resource@odata.bind": NOBODY}, 400, "0x80048d19"),
        ({"bookingstatus@odata.bind": NOBODY}, 400, "0x80048d19"),
        ({"msdyn_resourcerequirement@odata.bind": NOBODY}, 400, "0x80048d19"),
        ({"Resource@odata.bind": NOBODY}, 404, "0x80040217"),
        ({"Resource@odata.bind": "/bookingstatuses(00000000-0000-4000-8000-000000000001)"}, 400, "0x80048d19"),
        ({"Resource@odata.bind": "/BookableResources(00000000-0000-4000-8000-000000000001)"}, 404, "0x8006088a"),
        ({"Resource@odata.bind": None}, 400, "0x80048d19"),
        ({"_resource_value": "00000000-0000-4000-8000-000000000001"}, 400, "0x80048d19"),
        ({"modifiedon": "2026-12-01T09:00:00Z"}, 400, "0x80048d19"),
        ({"versionnumber": 7}, 400, "0x80048d19"),
        ({"bookingtype": 3}, 400, "0x8004431a"),
        ({"statecode": 2}, 400, "0x8004431a"),
        ({"msdyn_bookingmethod": 1}, 400, "0x8004431a"),
        ({"duration": -1}, 400, "0x80044330"),
        ({"duration": 2**31}, 400, "0x80044330"),
        ({"duration": "60"}, 400, "0x80048d19"),
        ({"duration": 60.5}, 400, "0x80048d19"),
        ({"duration": True}, 400, "0x80048d19"),
        ({"name": "x" * 101}, 400, "0x80044331"),
        ({"name": 7}, 400, "0x80048d19"),
        ({"starttime": "2026-12-01T09:00:00Z+01:00"}, 400, "0x80048d19"),
        ({"starttime": "1 December"}, 400, "0x80048d19"),
        ({"starttime": 1_764_600_000}, 400, "0x80048d19"),
        ({"starttime": "2026-02-30T09:00:00Z"}, 400, "0x80048d19"),
        ({"msdyn_cascadecrewchanges": 1}, 400, "0x80048d19"),
        ({"endtime": None}, 400, "0x80040203"),
        ({"bookableresourcebookingid": "7"}, 400, "0x80048d19"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else None,
)
def test_a_body_that_does_not_fit_is_refused(
    world: DataverseWorld, changes: dict[str, Any], status: int, code: str
) -> None:
    """At creation, and nothing is made."""
    answer = world.api("POST", BOOKINGS, {**world.booking(), **changes})
    assert refusal(answer) == (status, code)
    assert world.get(BOOKINGS)["value"] == []


@pytest.mark.parametrize(
    "missing", ["starttime", "endtime", "duration", "Resource@odata.bind", "BookingStatus@odata.bind"]
)
def test_a_required_column_is_named(world: DataverseWorld, missing: str) -> None:
    """With 400; it cannot be set to null later."""
    body = {name: value for name, value in world.booking().items() if name != missing}
    answer = world.api("POST", BOOKINGS, body)
    assert refusal(answer) == (400, "0x80040203")
    assert missing.partition("@")[0].lower() in answer.json()["error"]["message"]
    change = world.api("PATCH", f"{BOOKINGS}({world.book()})", {missing.partition("@")[0]: None}, If_Match="*")
    assert refusal(change) == (400, "0x80040203")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00+01:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01T09:00:00", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00.987Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00.9876543Z", "2026-12-01T09:00:00Z"),
    ],
)
def test_times_are_kept_in_utc_without_fractions(world: DataverseWorld, written: str, read: str) -> None:
    """A text without an offset is UTC."""
    booking = world.book(starttime=written, endtime="2026-12-01T12:00:00Z")
    assert world.row(booking)["starttime"] == read
    (row,) = world.get(f"{BOOKINGS}?$filter=starttime eq {read}")["value"]
    assert row["bookableresourcebookingid"] == booking


def test_a_bind_may_have_the_whole_address(world: DataverseWorld) -> None:
    """Of this Web API, with or without a leading slash."""
    inner = f"bookableresources({world.id_of('resource:kari@contoso.com')})"
    for bind in (f"{world.url}/api/data/v9.2/{inner}", inner, f"/{inner}"):
        row = world.row(world.book(**{"Resource@odata.bind": bind}))
        assert row["_resource_value"] == world.id_of("resource:kari@contoso.com")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "bookableresourcebooking", 404),
        ("GET", "BookableResourceBookings", 404),
        ("GET", "nosuch", 404),
        ("GET", "", 404),
        ("GET", f"{BOOKINGS}(7)", 400),
        ("GET", f"{BOOKINGS}/7", 404),
        ("PUT", f"{BOOKINGS}(00000000-0000-4000-8000-000000000001)", 405),
        ("DELETE", BOOKINGS, 405),
        ("POST", "WhoAmI", 405),
        ("GET", "RetrieveCurrentOrganization", 400),
        ("POST", "$batch", 404),
    ],
)
def test_an_unknown_address_is_refused(world: DataverseWorld, method: str, path: str, status: int) -> None:
    """Sets and their names are case-sensitive."""
    assert refusal(world.api(method, path))[0] == status


def test_another_version_is_not_served(world: DataverseWorld) -> None:
    """Only v9.2 is."""
    headers = {"Authorization": f"Bearer {world.token()}"}
    assert world.session.get(f"{world.url}/api/data/v8.2/WhoAmI", headers=headers, timeout=180).status_code == 404


@pytest.mark.parametrize(("kind", "status"), [(None, 400), ("text/plain", 415)], ids=["none", "text"])
def test_a_body_needs_its_content_type(world: DataverseWorld, kind: str | None, status: int) -> None:
    """application/json, with or without parameters."""
    url, headers = f"{world.url}/api/data/v9.2/{BOOKINGS}", {"Authorization": f"Bearer {world.token()}"}
    sent = headers | ({"Content-Type": kind} if kind else {})
    assert world.session.post(url, data=b'{"name": "x"}', headers=sent, timeout=180).status_code == status
    typed = headers | {"Content-Type": "application/json; charset=utf-8"}
    assert refusal(world.session.post(url, data=b"{", headers=typed, timeout=180)) == (400, "0x80048d19")

"""Claims about the rules of a business: a service's own go before it, and each is told before Bookings is asked."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import RequestRejected
from tests.support.appointments_world import CUT, AppointmentWorld

CLOSED = {"availabilityType": "notBookable", "businessHours": []}
HOURS = [{"day": "tuesday", "timeSlots": [{"startTime": "14:00:00.0000000", "endTime": "16:00:00.0000000"}]}]


def refusal(world: AppointmentWorld, **policy: Any) -> str | None:
    """Return why a haircut at noon of a Tuesday in four days is refused, or None; the service has this policy."""
    world.add(services=[CUT | {"schedulingPolicy": policy}])
    try:
        world.book()
    except RequestRejected as refused:
        return f"{refused.status} {refused} {world.graph.calls.count('POST appointments')} sent"
    return None


@pytest.mark.parametrize(("policy", "told"), [
    ({"minimumLeadTime": "P5D"}, "5 days ahead at least"), ({"minimumLeadTime": "P4DT3H"}, "99 hours ahead at least"),
    ({"maximumAdvance": "P2D"}, "2 days ahead at most"), ({"allowStaffSelection": False}, "Staff control"),
    ({"generalAvailability": CLOSED}, "cannot be booked on that day"),
    ({"generalAvailability": CLOSED | {"availabilityType": "customWeeklyHours", "businessHours": HOURS}},
     "hours of the service"),
    ({"customAvailabilities": [CLOSED | {"startDate": "2026-11-20", "endDate": "2026-11-24"}]},
     "cannot be booked on that day"),
])  # fmt: skip
def test_the_rule_of_the_service_holds(world: AppointmentWorld, policy: dict[str, Any], told: str) -> None:
    """Where the business's would allow it."""
    assert refusal(world) is None
    world.graph.calls.clear()
    said = refusal(world, **policy) or ""
    assert (said[:4], told in said, said[-7:]) == ("422 ", True, " 0 sent")


@pytest.mark.parametrize(("business", "policy"), [
    ({"minimumLeadTime": "P5D"}, {"minimumLeadTime": "PT1H"}), ({"maximumAdvance": "P2D"}, {"maximumAdvance": "P9D"}),
    ({"allowStaffSelection": False}, {"allowStaffSelection": True}),
    ({"generalAvailability": CLOSED},
     {"generalAvailability": {"availabilityType": "bookWhenStaffAreFree", "businessHours": []}}),
])  # fmt: skip
def test_the_rule_of_the_business_holds_where_the_service_has_none(
    world: AppointmentWorld, business: dict[str, Any], policy: dict[str, Any]
) -> None:
    """And the service may allow what the business does not."""
    world.business.fields["schedulingPolicy"].update(business)
    with pytest.raises(RequestRejected):
        world.book()
    world.business.services["cut"]["schedulingPolicy"] = policy
    assert world.book()[1]


def test_a_window_for_some_days_ends_with_them(world: AppointmentWorld) -> None:
    """The day after it is as always."""
    window = {
        "availabilityType": "notBookable",
        "businessHours": [],
        "startDate": "2026-11-20",
        "endDate": "2026-11-23",
    }
    assert refusal(world, customAvailabilities=[window]) is None

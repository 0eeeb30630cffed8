"""The scheduling policy: a service's own policy overrides the business's, and is checked before the write."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import RequestRejected
from tests.support.appointments_world import CUT, AppointmentWorld

CLOSED = {"availabilityType": "notBookable", "businessHours": []}
HOURS = [{"day": "tuesday", "timeSlots": [{"startTime": "14:00:00.0000000", "endTime": "16:00:00.0000000"}]}]


def refusal(world: AppointmentWorld, **policy: Any) -> str | None:
    """Return why a haircut on Tuesday noon, four days ahead, is rejected under this policy of the service, or None."""
    world.add(services=[CUT | {"schedulingPolicy": policy}])
    customer = {"name": "Ola", "email": f"ola{len(world.graph.calls)}{bool(policy)}@contoso.com"}
    try:
        world.book(customer=customer)
    except RequestRejected as refused:
        return f"{refused.status} {refused} {world.graph.calls.count('POST appointments')} sent"
    return None


@pytest.mark.parametrize(("policy", "reason"), [
    ({"minimumLeadTime": "P5D"}, "at least 5 days ahead"), ({"minimumLeadTime": "P4DT3H"}, "at least 99 hours ahead"),
    ({"maximumAdvance": "P2D"}, "at most 2 days ahead"), ({"allowStaffSelection": False}, "Staff control"),
    ({"generalAvailability": CLOSED}, "cannot be booked on that day"),
    ({"generalAvailability": CLOSED | {"availabilityType": "customWeeklyHours", "businessHours": HOURS}},
     "hours of the service"),
    ({"customAvailabilities": [CLOSED | {"startDate": "2026-11-20", "endDate": "2026-11-24"}]},
     "cannot be booked on that day"),
])  # fmt: skip
def test_the_policy_of_the_service_applies(world: AppointmentWorld, policy: dict[str, Any], reason: str) -> None:
    """A service's policy rejects what the policy of the business allows."""
    assert refusal(world) is None
    world.graph.calls.clear()
    rejection = refusal(world, **policy) or ""
    assert (rejection[:4], reason in rejection, rejection[-7:]) == ("422 ", True, " 0 sent")


@pytest.mark.parametrize(("business", "policy"), [
    ({"minimumLeadTime": "P5D"}, {"minimumLeadTime": "PT1H"}), ({"maximumAdvance": "P2D"}, {"maximumAdvance": "P9D"}),
    ({"allowStaffSelection": False}, {"allowStaffSelection": True}),
    ({"generalAvailability": CLOSED},
     {"generalAvailability": {"availabilityType": "bookWhenStaffAreFree", "businessHours": []}}),
])  # fmt: skip
def test_the_policy_of_the_business_applies_where_the_service_has_none(
    world: AppointmentWorld, business: dict[str, Any], policy: dict[str, Any]
) -> None:
    """A service's policy may allow what the business does not."""
    world.business.fields["schedulingPolicy"].update(business)
    with pytest.raises(RequestRejected):
        world.book()
    world.business.services["cut"]["schedulingPolicy"] = policy
    assert world.book()[1]


def test_a_custom_availability_applies_to_its_dates_only(world: AppointmentWorld) -> None:
    """On the day after it the service can be booked as usual."""
    window = {
        "availabilityType": "notBookable",
        "businessHours": [],
        "startDate": "2026-11-20",
        "endDate": "2026-11-23",
    }
    assert refusal(world, customAvailabilities=[window]) is None

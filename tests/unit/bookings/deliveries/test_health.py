"""The health check of the followed businesses: it says what is not read, and what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ConfigurationError, RelayError
from tests.support.appointments_world import ADDRESS, raising
from tests.support.followed_world import FollowedWorld

HOUR = timedelta(hours=1)


def text(world: FollowedWorld) -> str:
    """Return what the check says, as health shows it."""
    world.__dict__.pop("health_checks", None)  # as in a new process
    [check] = [each for each in world.health_checks.check_all() if each.name == "appointmentDeliveries"]
    return f"{'ok' if check.ok else 'failed'}: {check.text}"


def test_a_business_that_is_read_is_ok(world: FollowedWorld) -> None:
    """With the time of the last reading."""
    assert text(world) == "ok: ok; 1 followed, oldest reading 2026-11-20T10:00:00Z"


def test_without_businesses_it_is_ok() -> None:
    """The deliveries are off."""
    world = FollowedWorld(BOOKINGS_DELIVERIES="")
    assert text(world) == "ok: ok; BOOKINGS_DELIVERIES names no business"
    world.end()


def test_a_business_that_fails_for_an_hour_is_shown_with_its_error(world: FollowedWorld) -> None:
    """Sooner not: Graph may be out of order for a while."""
    for _ in range(5):
        assert text(world).startswith("ok")
        world.graph.before["GET", "calendarView"] = [raising(403, "ErrorAccessDenied")]
        world.run()
    assert "1 of 1 followed businesses unread: Graph answered 403 ErrorAccessDenied" in text(world)


def test_a_timer_that_does_not_come_is_shown(world: FollowedWorld) -> None:
    """An hour after the last reading, or after the start of the process."""
    world.time += HOUR + timedelta(minutes=1)
    assert text(world).endswith("1 of 1 followed businesses unread: read the log of follow_appointments")
    world.started = world.time
    assert text(world).startswith("ok")


def test_a_business_off_the_allow_list_is_shown(world: FollowedWorld) -> None:
    """It may not be read, so it never is."""
    world.forbid()
    assert "1 followed businesses that may not be read: add them to ALLOWED_MAILBOXES" in text(world)


def test_while_the_relay_is_stopped_no_business_is_late(world: FollowedWorld) -> None:
    """IT has decided it, and the check of the stop says it; nobody has to change ALLOWED_MAILBOXES."""
    world.stopping.stop("incident", "admin")
    world.time += 2 * HOUR
    assert text(world) == "ok: ok; not read while the relay is stopped"


def test_an_invalid_setting_is_named_and_breaks_nothing_else() -> None:
    """Core deliveries and their probes go on; only the feature's own work fails."""
    world = FollowedWorld(baseline=False, BOOKINGS_DELIVERIES="not an address")
    assert "BOOKINGS_DELIVERIES" in text(world)
    with pytest.raises(ConfigurationError):
        world.appointment_poll.run()
    assert world.recovery.drain() == "drained-0"
    assert world.pause.delivery_status().waiting == 0
    assert world.recovery._probe_until_conclusive() == "nothing-to-send"
    world.book(caller="key")
    world.end()


def test_an_error_of_a_business_names_no_address(world: FollowedWorld) -> None:
    """It is stored, and shown."""
    world.forbid()
    world.run()
    [business] = world.followed_businesses.all()
    assert business.error
    assert ADDRESS not in business.error
    assert issubclass(ConfigurationError, RelayError)

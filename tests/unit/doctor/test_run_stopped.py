"""The doctor while the relay is stopped: it leaves out what uses a mailbox or calls the partner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.doctor.request import DoctorRequest
from tests.support.doctor_world import DoctorWorld
from tests.support.world import MAILBOX


@pytest.fixture
def world() -> Iterator[DoctorWorld]:
    """Return a world without faults, with one watch."""
    world = DoctorWorld()
    world.watch()
    yield world
    world.end()


def test_while_the_stop_is_unknown_no_mailbox_is_read_and_no_delivery_is_tried(world: DoctorWorld) -> None:
    """Storage does not say whether IT has stopped the relay, so nothing new is begun."""
    findings = {each.name: each for each in world.doctor.examine(DoctorRequest((MAILBOX,)), is_stopped=None)}
    assert (world.probe.reads, world.webhook.taken) == ([], [])
    assert {"settings", "token", "storage", "handshake"} <= findings.keys()
    assert (findings["stop"].ok, "not known" in findings["stop"].detail) == (None, True)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_no_mailbox_is_read_and_no_delivery_is_tried_while_it_is_stopped(
    world: DoctorWorld, is_stopped: object
) -> None:
    """A finding says so; secrets, login and storage are examined all the same."""
    findings = {
        each.name: each for each in world.doctor.examine(DoctorRequest((MAILBOX,)), is_stopped=bool(is_stopped))
    }
    assert bool(world.probe.reads) is not is_stopped
    assert bool(world.webhook.taken) is not is_stopped
    assert {"settings", "token", "storage", "handshake"} <= findings.keys()
    assert ("stop" in findings, "partner" in findings) == (is_stopped, not is_stopped)
    if is_stopped:
        assert (findings["stop"].ok, "Start it" in findings["stop"].remedy) == (None, True)

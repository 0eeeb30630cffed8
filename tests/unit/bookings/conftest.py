"""A world with Bookings for each test."""

from collections.abc import Iterator

import pytest

from tests.support.appointments_world import AppointmentWorld


@pytest.fixture
def world() -> Iterator[AppointmentWorld]:
    """Return a world with one business and no appointment; end its threads after the test."""
    world = AppointmentWorld()
    yield world
    world.end()

"""A world with Bookings for each test."""

from collections.abc import Iterator

import pytest

from tests.support.appointments_world import AppointmentWorld


@pytest.fixture
def world() -> Iterator[AppointmentWorld]:
    """Return a world with one business and no appointment; its threads end with it."""
    made = AppointmentWorld()
    yield made
    made.end()

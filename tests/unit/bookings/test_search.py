"""A search finds customers of whom something is known, and not everybody."""

from __future__ import annotations

import pytest

from shared.bookings.read import MAX_CUSTOMERS
from tests.support.appointments_world import ADDRESS, AppointmentWorld

PEOPLE = {"Kari Nordmann": "kari@contoso.com", "Ola": "Ola.Nordmann@fabrikam.com", "liv@contoso.com": "",
          "Per contoso": "per@northwind.com", "Åse (ase@contoso.com)": "x@contoso.com"}  # fmt: skip


@pytest.mark.parametrize(("search", "names"), [
    ("nordmann", ["Kari Nordmann", "Ola"]), ("KARI@contoso.com", ["Kari Nordmann"]), (".com", []),
    ("@contoso.com", []), ("contoso", ["Per contoso"]), ("@co", []), ("kari@con", []), ("liv", ["liv@contoso.com"]),
    ("contoso.com", []), ("åse", ["Åse (ase@contoso.com)"]), ("ase", ["Åse (ase@contoso.com)"]), ("com", []),
])  # fmt: skip
def test_a_search_looks_at_names_and_local_parts(world: AppointmentWorld, search: str, names: list[str]) -> None:
    """Or at a whole address. A domain names everybody, also one within a name."""
    people = [{"id": name, "displayName": name, "emailAddress": mail} for name, mail in PEOPLE.items()]
    world.add(customers=people)
    assert [each.name for each in world.bookings_reader.customers(ADDRESS, search)] == names


def test_a_search_is_bounded(world: AppointmentWorld) -> None:
    """One more than the bound is returned, so that the answer can say that there are more."""
    many = [{"id": f"{n}", "displayName": f"Anna {n}", "emailAddress": f"a{n}@contoso.com"} for n in range(30)]
    world.add(customers=many)
    assert len(world.bookings_reader.customers(ADDRESS, "anna")) == MAX_CUSTOMERS + 1

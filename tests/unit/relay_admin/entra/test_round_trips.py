"""For any tenant: a grant and its undo restore it, a second grant sends nothing, and a plan never writes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay_admin.entra.required import graph_app_id, permissions
from relay_admin.errors import OK
from tests.support.directory_double import DirectoryDouble
from tests.support.entra_runs import (
    API,
    EXCHANGE,
    FULL_ACCESS,
    PARTNER,
    RELAY,
    USER_READ,
    Console,
    kept,
    principal_of,
    tenant,
)  # fmt: skip

GRANTS = {
    "relay": ("relay", "--app-id", RELAY, "--feature", "bookings,bookings-cancel,room-lists,rooms"),
    "api": ("api", "--api-app-id", API),
    "caller": ("caller", "--api-app-id", API, "--caller-app-id", PARTNER),
}
NAMES = st.text(min_size=1, max_size=12)
OTHERS = st.lists(st.tuples(NAMES.map(lambda name: f"Own.{name}"), st.booleans()), max_size=4, unique_by=lambda r: r[0])
URIS = st.lists(st.sampled_from([f"https://contoso.com/{number}" for number in range(4)]), unique=True)
NULLS: st.SearchStrategy[Any] = st.sampled_from([None, []])
CLAIMS = st.lists(
    st.fixed_dictionaries({
        "name": st.sampled_from(["upn", "email", "idtyp", "acct"]), "source": st.sampled_from([None, "user"]),
        "essential": st.sampled_from([False]), "additionalProperties": st.sampled_from([[], ["include_user_token"]]),
    }), max_size=3, unique_by=lambda claim: str(claim["name"]),
)  # fmt: skip
OPTIONAL = st.none() | st.fixed_dictionaries(
    {}, optional={"idToken": CLAIMS, "accessToken": CLAIMS, "saml2Token": CLAIMS}
)


@st.composite
def tenants(draw: st.DrawFn) -> DirectoryDouble:
    """Return a tenant with roles, URIs and assignments of others, small pages, and reads that lag."""
    directory = tenant(page_size=draw(st.integers(1, 4)), lag=draw(st.integers(0, 4)))
    (app,) = directory.state.applications.values()
    roles = [directory.role(value, f"{number}9000000-0000-4000-8000-000000000000", isEnabled=enabled)
             for number, (value, enabled) in enumerate(draw(OTHERS))]  # fmt: skip
    app["appRoles"] = roles or draw(NULLS)
    app["identifierUris"] = draw(URIS) or draw(NULLS)
    app["optionalClaims"] = draw(OPTIONAL)
    relay = principal_of(directory, RELAY)
    for resource, role_id in draw(st.sets(st.sampled_from([(graph_app_id(), USER_READ), (EXCHANGE, FULL_ACCESS)]))):
        directory.assign(relay, principal_of(directory, resource), role_id)
    if draw(st.booleans()):
        caller = directory.principal(PARTNER, draw(NAMES))
        directory.assign(caller, principal_of(directory, EXCHANGE), FULL_ACCESS)
    return directory


def undo_of(what: str, before: Any) -> tuple[str, ...]:
    """Return the undo; an enterprise application that the grant created goes, too."""
    arguments = GRANTS[what][:3] if what == "relay" else GRANTS[what]
    created = {"api": API, "caller": PARTNER}.get(what)
    existed = created in {app_id for app_id, _ in before[2]}
    return (*arguments, "--yes", *([] if what == "relay" or existed else ["--remove-enterprise-app"]))


# The output is read after each command, so one fixture serves every example.
PROPERTY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(directory=tenants())
@pytest.mark.parametrize("what", GRANTS)
def test_an_undo_restores_the_tenant(capsys: pytest.CaptureFixture[str], directory: DirectoryDouble, what: str) -> None:
    """Exactly; roles of others, disabled or not, and their assignments survive."""
    it = Console(directory, capsys)
    if what == "caller":
        it.run("grant", *GRANTS["api"], "--yes")
    before = kept(directory)
    assert it.run("grant", *GRANTS[what], "--yes").code == OK
    assert kept(directory) != before
    assert it.run("revoke", *undo_of(what, before)).code == OK
    assert kept(directory) == before


@PROPERTY
@given(directory=tenants())
@pytest.mark.parametrize("what", GRANTS)
def test_a_second_run_sends_nothing(capsys: pytest.CaptureFixture[str], directory: DirectoryDouble, what: str) -> None:
    """The first waits until Graph shows the result, so the second sees it."""
    it = Console(directory, capsys)
    it.run("grant", *GRANTS["api"], "--yes")
    it.run("grant", *GRANTS[what], "--yes")
    before = kept(directory)
    for verb in ("grant", "revoke"):
        arguments = GRANTS[what] if verb == "grant" else undo_of(what, before)
        it.run(verb, *arguments, "--yes")
        directory.calls.clear()
        assert it.run(verb, *arguments, "--yes").code == OK
        assert directory.writes == []


@PROPERTY
@given(
    directory=tenants(), is_prepared=st.booleans(), form=st.sampled_from([None, "az", "powershell", "graph-explorer"])
)
@pytest.mark.parametrize("what", GRANTS)
def test_a_plan_never_writes(
    capsys: pytest.CaptureFixture[str], directory: DirectoryDouble, what: str, form: str | None, *, is_prepared: bool
) -> None:
    """Of a grant or an undo, in any form; and the check does not, either."""
    it = Console(directory, capsys)
    if is_prepared:
        it.run("grant", *GRANTS["api"], "--yes")
        it.run("grant", *GRANTS[what], "--yes")
    before = copy.deepcopy(directory.state)
    directory.calls.clear()
    for more in ((), ("--revoke",)):
        it.run("plan", *GRANTS[what], *more, *(("--commands", form) if form else ()))
    it.run("check", "--app-id", RELAY, "--api-app-id", API)
    assert directory.writes == []
    assert directory.state == before


def test_every_permission_is_covered() -> None:
    """The properties grant each of them."""
    features = set(GRANTS["relay"][-1].split(","))
    assert {feature for each in permissions() for feature in each.features} == features

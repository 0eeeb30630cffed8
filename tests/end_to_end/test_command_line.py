"""Claims about the command line on the running stack: each command, and the page that shows them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Stack
from tests.end_to_end.admin import Admin, Done
from tests.end_to_end.conftest import SENDER
from tests.end_to_end.transcripts import masked, shown
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World

SETTINGS = {"ALLOWED_MAILBOXES": "room1@contoso.com,room2@contoso.com,building1@contoso.com", "SETTLE_SECONDS": "1"}
ROOM_LIST = "building1@contoso.com"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack whose app may read two rooms."""
    seed = {"settings": SENDER | {"roomLists": {ROOM_LIST: ["room1@contoso.com", "room2@contoso.com"]}}}
    with Stack(tmp_path_factory.mktemp("admin"), SETTINGS, seed) as stack:
        made = World(stack)
        rooms = ["room1@contoso.com", "room2@contoso.com"]
        made.tenant.grant_in_exchange(made.client_id, "Calendars.Read", mailboxes=rooms)
        yield made


@pytest.fixture
def admin(world: World) -> Admin:
    """Return who sits at the command line."""
    return Admin(world)


def _as_shown(admin: Admin, words: str, code: int = 0) -> Done:
    """Run a command that the page shows, and compare."""
    done = admin(*shlex.split(words))
    assert done.code == code, done.out + done.err
    assert masked(done.out) == masked(shown()[words]), done.out
    return done


def _told(admin: Admin, check: str, text: str) -> None:
    """Wait until a check tells it: checks are kept for some seconds."""
    eventually(lambda: text in admin("status", "--json").content["checks"][check]["detail"], 30)


def test_the_page_shows_what_comes(world: World, admin: Admin) -> None:
    """A day with the relay, from the first watch to the last, in the order of the page."""
    _as_shown(admin, "watch room1@contoso.com room2@contoso.com ola@contoso.com", 1)
    _as_shown(admin, "watches")
    _told(admin, "watches", "2 live")
    _as_shown(admin, "status")
    _as_shown(admin, "doctor --allowed room1@contoso.com --refused kari@contoso.com")
    _as_shown(admin, "resync room1@contoso.com")
    _as_shown(admin, 'pause "the partner moves house"')
    _told(admin, "partner", "paused")
    _as_shown(admin, "status --json", 1)
    _as_shown(admin, 'resume "it has moved"')
    world.fail("room1@contoso.com", status=422)
    world.book("room1@contoso.com", "canary-title")
    eventually(lambda: admin("dead-letters", "--json").content["value"], 30)
    world.quiet()  # a later hint of the same event would deliver it, and the dead letter were gone
    world.clear()
    assert "canary" not in _as_shown(admin, "dead-letters", 1).out
    _as_shown(admin, "replay --all")
    world.in_step("room1@contoso.com")
    _as_shown(admin, "unwatch room2@contoso.com kari@contoso.com")
    _as_shown(admin, "uninstall")
    assert world.subscriptions("room1@contoso.com") != []
    _as_shown(admin, "uninstall --yes")
    assert world.tenant.control("GET", "/subscriptions")["value"] == []


def test_a_room_list_is_watched_and_uninstalled(world: World, admin: Admin) -> None:
    """Its rooms are waited for, and let go with it."""
    world.tenant.control("POST", f"/clients/{world.client_id}", {"roles": ["Place.Read.All"]})
    world.fault("^GET /v1.0/places", status=401, times=1)  # else the relay's token would lack the role for an hour
    state = admin("watch", "--room-list", ROOM_LIST, "--json")
    assert (state.code, state.content.get("live")) == (0, 2), state.out
    again = admin("resync", "--all", "--json").content
    assert len(again["queued"]) == 2
    gone = admin("uninstall", "--yes", "--json")
    assert (gone.code, gone.content["done"], len(gone.content["mailboxes"])) == (0, True, 2), gone.err
    assert admin("watches", "--json").content == {"watches": [], "roomLists": []}
    assert world.tenant.control("GET", "/subscriptions")["value"] == []


def _app(world: World, secret: str = "") -> dict[str, Any]:
    """Return the environment of an app that signs in with Entra ID."""
    seed = world.stack.seed
    client = seed["clients"][1]
    return {"AZURE_TENANT_ID": seed["tenantId"], "AZURE_CLIENT_ID": client["clientId"],
            "AZURE_CLIENT_SECRET": secret or client["secrets"][0], "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "AZURE_AUTHORITY_HOST": world.tenant.url, "RELAY_AUDIENCE": f"api://{world.client_id}"}  # fmt: skip


def test_an_app_signs_in_with_entra_id(world: World, admin: Admin) -> None:
    """Its role decides what it may; a secret that login refuses is told without it."""
    world.token("Relay.Admin")
    assert admin("doctor", "--json", "--no-ping", key=None, **_app(world)).code == 0
    world.token("Relay.Read")
    assert admin("watches", "--json", key=None, **_app(world)).code == 0
    refused = admin("pause", "why", key=None, **_app(world))
    assert (refused.code, "Relay.Admin" in refused.err) == (1, True)
    eventually(lambda: admin("status", key=None, **_app(world)).code == 0, 30)  # a check that is kept tells of before
    wrong = admin("watches", key=None, **_app(world, "not-the-secret"))
    assert (wrong.code, "AADSTS7000215" in wrong.err, "not-the-secret" in wrong.err) == (1, True, False)


@pytest.mark.parametrize(
    ("words", "environ", "code", "told"),
    [(["watches"], {"RELAY_KEY": "wrong"}, 1, "knows no such key"),
     (["watches"], {"RELAY_KEY": ""}, 2, "RELAY_AUDIENCE"),
     (["watches"], {"RELAY_URL": "http://relay.example"}, 2, "https://YOUR-APP"),
     (["watches"], {"RELAY_URL": "https://localhost:1"}, 3, "does not answer"),
     (["watches", "--audience", "api://x", "--key", "y"], {}, 2, "not both"),
     (["watch"], {}, 2, "Name mailboxes"),
     (["watch", "nobody"], {}, 1, ""),
     (["resync"], {}, 2, "--all"),
     (["resync", "nobody@contoso.com"], {}, 1, "Not watched"),
     (["replay"], {}, 2, "Give --all"),
     (["replay", "--from", "yesterday"], {}, 1, "from"),
     (["pause", ""], {}, 1, "Say why"),
     (["doctor", "--allowed", "nobody"], {}, 1, "e-mail address"),
     ([], {}, 2, "COMMAND")],
)  # fmt: skip
def test_a_mistake_ends_with_its_code_and_says_what_to_do(
    admin: Admin, words: list[str], environ: dict[str, str], code: int, told: str
) -> None:
    """1 for what is refused, 2 for wrong words, 3 for a relay that is not there; never a traceback."""
    done = admin(*words, **environ)
    assert done.code == code, done.err
    assert told in done.err


def test_a_script_reads_why_it_was_refused(admin: Admin) -> None:
    """As JSON on stdout."""
    error = admin("pause", "", "--json").content["error"]
    assert (error["status"], error["title"]) == (422, "A reason is needed")


def test_the_help_teaches_every_command(admin: Admin) -> None:
    """With an example of each."""
    listed = admin("--help").out
    for command in ("status", "watches", "watch", "unwatch", "resync", "dead-letters", "replay", "pause", "resume",
                    "doctor", "uninstall"):  # fmt: skip
        assert command in listed
        assert f"For instance: python -m relay_admin {command}" in admin(command, "--help").out

"""The parser of the command line, with its help texts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.commands import (
    before_upgrade,
    deliveries,
    doctor,
    first_run,
    forget,
    rotate,
    subscriptions,
    uninstall,
    watches,
)
from relay_admin.dynamics.arguments import add_verbs as add_dataverse_verbs
from relay_admin.dynamics.command import of_relay
from relay_admin.entra.arguments import add_verbs
from relay_admin.entra.command import entra
from relay_admin.output import Output
from relay_admin.program import PROGRAM
from relay_admin.version import VERSION

Command = Callable[[RelayClient, Output, argparse.Namespace], int]
ABOUT = """Administer a deployed Calendar Relay.

  RELAY_URL       the app's address, https://YOUR-APP.azurewebsites.net
  RELAY_AUDIENCE  api://CLIENT_ID: sign in with Entra ID, as an app with the role Relay.Admin; or
  RELAY_KEY       the master key (a function key is enough for watches, watch and unwatch)"""
CODES = """Exit codes: 0 success, 1 something is wrong or was refused, 2 wrong usage, 3 relay, vault or Graph cannot be
reached, or something is not known."""


def parser() -> argparse.ArgumentParser:
    """Return the parser. Parsed options hold the command's function in `run`."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog=PROGRAM, description=ABOUT, epilog=CODES, formatter_class=raw)
    top.add_argument("--version", action="version", version=VERSION, help="show the version of the command line")
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def add(name: str, run: Command, about: str, example: str, *, calls_relay: bool = True) -> Any:
        epilog = f"For instance: {PROGRAM} {example}"
        command = commands.add_parser(
            name, help=about, description=f"{about}.", epilog=epilog, formatter_class=raw,
            parents=[_common() if calls_relay else _for_scripts()],
        )  # fmt: skip
        command.set_defaults(run=run, calls_relay=calls_relay)
        return command

    _add_first_run(add)
    add("status", doctor.status, "Show the health checks and the state of deliveries", "status")
    _add_watches(add)
    _add_subscriptions(add)
    _add_forget(add)
    _add_deliveries(add)
    _add_doctor(add)
    _add_before_upgrade(add)
    _add_rotate(add)
    about = "Grant, revoke and check what the relay needs in Entra ID, with your own sign-in (az login)"
    add_verbs(add("entra", entra, about, "entra check --app-id CLIENT_ID", calls_relay=False), PROGRAM)
    about = "Set up and run the feature dataverse: bookings of Dynamics 365 and events in Outlook"
    dataverse = add("dataverse", of_relay, about, "dataverse status", calls_relay=False)
    add_dataverse_verbs(dataverse, PROGRAM, _common(), _for_scripts())
    command = add(
        "uninstall", uninstall.uninstall, "Remove every watch, and list the remaining steps", "uninstall --yes"
    )
    command.add_argument("--yes", action="store_true", help="remove; without --yes only show what would be removed")
    return top


def _for_scripts() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print one JSON document, for scripts")
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, parents=[_for_scripts()])
    common.add_argument("--url", help="the app's address (RELAY_URL)")
    common.add_argument("--audience", help="sign in with Entra ID for this API, api://CLIENT_ID (RELAY_AUDIENCE)")
    common.add_argument("--key", help="a key; other users of this computer can see it: prefer RELAY_KEY or --ask-key")
    common.add_argument(
        "--ask-key", dest="prompt_for_key", action="store_true", help="prompt for the key without showing it"
    )
    return common


def _add_first_run(add: Callable[..., Any]) -> None:
    about = "Bring a deployed relay to its first delivery: check it, watch a room, send a test delivery"
    command = add(
        "first-run",
        first_run.first_run,
        about,
        "first-run --room room1@contoso.com --refused ceo@contoso.com --ask-key",
    )
    command.set_defaults(url_from_azd=True)  # harmless in the wrong environment, unlike other commands
    command.add_argument("--room", required=True, metavar="ADDRESS", help="the first room to watch")
    command.add_argument(
        "--refused", action="append", default=[], metavar="ADDRESS", help="must not be readable (up to five)"
    )
    command.add_argument(
        "--wait", type=float, default=7200, metavar="SECONDS", help="wait for Exchange to apply the grant (7200)"
    )


def _add_watches(add: Callable[..., Any]) -> None:
    command = add("watches", watches.watches, "List the watches with their states", "watches --state refused")
    command.add_argument(
        "--state",
        choices=("live", "pending", "refused", "gone", "paused", "paused-by-host", "paused-by-owner", "stopped"),
        help="only watches in this state",
    )
    command = add(
        "watch", watches.watch, "Watch mailboxes, or a room list", "watch room1@contoso.com room2@contoso.com"
    )
    command.add_argument("mailboxes", nargs="*", metavar="MAILBOX")
    command.add_argument("--room-list", metavar="ADDRESS", help="all present and future rooms of this room list")
    command.add_argument(
        "--wait", type=float, default=600, metavar="SECONDS", help="wait for a room list's rooms (600)"
    )
    command = add("unwatch", watches.unwatch, "Stop watching mailboxes or room lists", "unwatch room1@contoso.com")
    command.add_argument("names", nargs="+", metavar="MAILBOX|ROOMLIST|ID")
    about = "Compare calendars with the partner's state and deliver the differences"
    command = add("resync", watches.resync, about, "resync room1@contoso.com")
    command.add_argument("names", nargs="*", metavar="MAILBOX|ID")
    command.add_argument("--all", action="store_true", help="every watch")
    command.add_argument("--full", action="store_true", help="send every event again, for a partner that lost its data")


def _add_subscriptions(add: Callable[..., Any]) -> None:
    about = "List subscriptions at Graph that post to the relay and that no watch names, or delete them"
    command = add("subscriptions", subscriptions.subscriptions, about, "subscriptions --unknown")
    command.add_argument("--unknown", action="store_true", help="those that no watch names; required")
    command.add_argument("--delete", action="store_true", help="delete them; with --yes")
    command.add_argument("--yes", action="store_true", help="delete; without --yes only show what would be deleted")


def _add_forget(add: Callable[..., Any]) -> None:
    about = "Delete everything that the relay stores about a mailbox, its subscriptions first"
    command = add("forget", forget.forget, about, "forget ola@contoso.com")
    command.add_argument("mailbox", metavar="MAILBOX")
    command.add_argument("--yes", action="store_true", help="delete without asking")


def _add_deliveries(add: Callable[..., Any]) -> None:
    command = add("dead-letters", deliveries.dead_letters, "List changes whose deliveries all failed", "dead-letters")
    _add_time(command)
    command.add_argument("--reason", choices=("rejected", "gave-up", "unreadable-message"))
    command = add("replay", deliveries.replay, "Deliver dead letters again", "replay --all")
    command.add_argument("--all", action="store_true", help="every dead letter")
    command.add_argument("--id", action="append", dest="ids", metavar="ID", help="this dead letter; can be repeated")
    _add_time(command)
    command.add_argument(
        "--wait", type=float, default=600, metavar="SECONDS", help="wait for the end (600); 0: do not wait"
    )
    for name, run, about in (
        ("pause", deliveries.pause, "Pause all deliveries to the partner; nothing is lost"),
        ("resume", deliveries.resume, "Resume deliveries, also after the partner responded 410"),
        ("stop", deliveries.stop, "Stop the whole relay: no calendar is read or written until it is started"),
        ("start", deliveries.start, "Start the relay again; every mailbox is resynced"),
    ):
        add(name, run, about, f'{name} "partner maintenance"').add_argument("reason", help="for the audit log")


def _add_time(command: Any) -> None:
    command.add_argument(
        "--from", dest="since", metavar="TIME", help="died at or after this time: 2026-11-20T10:00:00Z"
    )
    command.add_argument("--to", dest="before", metavar="TIME", help="died before this time")
    command.add_argument("--watch", metavar="ID", help="of this watch; the command watches shows ids")


def _add_doctor(add: Callable[..., Any]) -> None:
    about = "Test everything that the relay depends on, and list what to do"
    command = add("doctor", doctor.doctor, about, "doctor --allowed room1@contoso.com --refused ceo@contoso.com")
    command.add_argument(
        "--allowed", action="append", default=[], metavar="MAILBOX", help="must be readable (up to five)"
    )
    command.add_argument(
        "--refused", action="append", default=[], metavar="MAILBOX", help="must not be readable (up to five)"
    )
    command.add_argument("--no-ping", action="store_true", help="send the partner no test delivery")


def _add_before_upgrade(add: Callable[..., Any]) -> None:
    about = "Ask a relay of an earlier version what this version would refuse, before you deploy it"
    command = add("before-upgrade", before_upgrade.before_upgrade, about, "before-upgrade --settings settings.json")
    text = "the app's settings, as az functionapp config appsettings list --output json prints them; - is the input"
    command.add_argument("--settings", metavar="FILE", help=text)
    command.add_argument("--vault", metavar="NAME", help="read the clientState key's length there (az login)")


def _add_rotate(add: Callable[..., Any]) -> None:
    about = "Replace a secret of the relay in Key Vault by 32 random bytes, with your own sign-in (az login)"
    command = add("rotate", rotate.rotate, about, "rotate client-state-key --vault VAULT", calls_relay=False)
    command.add_argument("secret", metavar="client-state-key|partner-signing-secret")
    command.add_argument("--vault", metavar="NAME|URL", help="the vault (RELAY_VAULT_NAME)")
    command.add_argument(
        "--finish", action="store_true", help="end the old signing secret: the partner has the new one"
    )
    command.add_argument(
        "--at-once", action="store_true", help="do not wait for what uses the old one: after a leak, or before any use"
    )

"""The options of `entra`, with their help texts."""

from __future__ import annotations

import argparse
import uuid
from typing import Any

from relay_admin.entra.lines import FORMS

_WHAT = """  relay   the permissions of the relay's identity (--app-id): features that Exchange cannot scope
  api     the registration of the relay's API (--api-app-id): app roles, identifier URI, enterprise application
  caller  one app's role of the relay's API (--api-app-id, --caller-app-id, --role)"""
_VERBS = {
    "plan": "Print the requests of a grant, or with --revoke of an undo, and change nothing",
    "grant": "Show the requests, ask, make them, and wait until Graph shows them",
    "revoke": "Take away what grant gives, in the same way",
    "check": "Show what the relay's identity may do, and fail if something defeats the scope in Exchange",
}
_EXAMPLES = {
    "plan": "plan relay --app-id CLIENT_ID --feature room-lists",
    "grant": "grant caller --api-app-id API_CLIENT_ID --caller-app-id PARTNER_CLIENT_ID",
    "revoke": "revoke relay --app-id CLIENT_ID",
    "check": "check --app-id CLIENT_ID --feature room-lists",
}
_UNUSED = {"caller_app_id": None, "role": "", "feature": None, "permission": None, "remove_enterprise_app": False}


def add_verbs(command: Any, program: str) -> None:
    """Add the verbs to the command `entra`. Each has every option's name, so that one without it reads a default."""
    verbs = command.add_subparsers(metavar="VERB", dest="verb", required=True, title="verbs")
    for name, about in _VERBS.items():
        verb = verbs.add_parser(
            name, help=about, description=f"{about}." + ("" if name == "check" else f"\n\n{_WHAT}"),
            epilog=f"For instance: {program} entra {_EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        verb.set_defaults(**_UNUSED)
        verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
        if name != "check":
            verb.add_argument("what", choices=("relay", "api", "caller"), metavar="relay|api|caller")
            _add_changing(verb, name)
        _add_ids(verb)


def _add_ids(verb: Any) -> None:
    verb.add_argument("--app-id", type=client_id, metavar="ID", help="client id of the relay's identity")
    verb.add_argument("--api-app-id", type=client_id, metavar="ID", help="client id of the relay's API")
    verb.add_argument(
        "--feature", action="append", metavar="NAME", help="room-lists, bookings, bookings-cancel; can be repeated"
    )
    verb.add_argument("--tenant", metavar="ID|DOMAIN", help="the tenant, if your sign-in has several")
    verb.add_argument("--graph", metavar="URL", help="address of Microsoft Graph (RELAY_GRAPH_URL)")


def _add_changing(verb: Any, name: str) -> None:
    verb.add_argument("--caller-app-id", type=client_id, metavar="ID", help="client id of the calling app")
    if name != "revoke":
        verb.add_argument(
            "--role", choices=("Relay.Read", "Relay.Setup", "Relay.Admin"), default="Relay.Setup",
            help="Relay.Setup for the partner (default), Relay.Read for reading, Relay.Admin for your administrators",
        )  # fmt: skip
    if name != "grant":
        verb.add_argument("--permission", action="append", metavar="NAME", help="these permissions only, by name or id")
        verb.add_argument("--remove-enterprise-app", action="store_true", help="also remove the enterprise application")
    if name == "plan":
        verb.add_argument("--revoke", action="store_true", help="plan the undo")
        verb.add_argument("--commands", choices=tuple(FORMS), help="print lines to paste instead")
    else:
        verb.add_argument("--yes", action="store_true", help="do not ask")


def client_id(text: str) -> str:
    """Return a client id in lower case."""
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        message = f"{text!r} is no client id, such as 00000003-0000-0000-c000-000000000000"
        raise argparse.ArgumentTypeError(message) from None

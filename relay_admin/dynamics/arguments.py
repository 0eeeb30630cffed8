"""The options of `dataverse`, with their help texts."""

from __future__ import annotations

import argparse
import re
from typing import Any

from relay_admin.dynamics.command import of_environment, of_relay, of_webhooks
from relay_admin.dynamics.hooks.arguments import add_own, add_switch, add_webhooks
from relay_admin.dynamics.rights import DIRECTIONS, NOBODY
from relay_admin.entra.arguments import client_id

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_ENVIRONMENT = {
    "setup": "Show the role that the relay needs, and make role, application user and column after a question",
    "check": "Compare the environment with what the relay needs, for instance after an update",
    "undo": "Take away what setup made, and list what stays",
}
_OF_WEBHOOKS = {
    "rotate": "Give the webhooks of the environment a new secret; the relay accepts the one before it until the next",
    "solution": "Write a solution file with the webhooks, without their secret, for a pipeline",
}
_OF_RELAY = {
    "plan": "Show which resources would be followed, how many events and bookings would be made, and what be removed",
    "start": "Begin to follow bookings",
    "status": "Show what is followed, and what waits",
    "hold": "Hold all writes, or those of one mailbox",
    "release": "Make the writes that were held",
}


def add_verbs(command: Any, program: str, common: argparse.ArgumentParser, scripts: argparse.ArgumentParser) -> None:
    """Add the verbs. `common` are the options of a call to the relay, `scripts` those of every command."""
    verbs = command.add_subparsers(metavar="VERB", dest="verb", required=True, title="verbs")
    for name, about in _OF_RELAY.items():
        verb = _verb(verbs, name, about, f"{program} dataverse {name}", common)
        verb.set_defaults(run=of_relay, calls_relay=True)
        if name == "start":
            verb.add_argument("--sandbox", action="store_true", help="allow an environment that is not for production")
        if name in ("hold", "release"):
            verb.add_argument("--mailbox", default="", metavar="ADDRESS", help="this mailbox only")
            add_switch(verb)
    for name, about in _OF_ENVIRONMENT.items():
        example = f"{program} dataverse {name} --environment https://contoso.crm4.dynamics.com --app-id CLIENT_ID"
        verb = _verb(verbs, name, about, example, common if name == "setup" else scripts)
        verb.set_defaults(run=of_environment, calls_relay=False)
        _add_environment(verb, changes=name != "check")
        if name == "setup":
            add_webhooks(verb)
    for name, about in _OF_WEBHOOKS.items():
        example = f"{program} dataverse {name} --environment https://contoso.crm4.dynamics.com"
        verb = _verb(verbs, name, about, example, scripts)
        verb.set_defaults(run=of_webhooks, calls_relay=False)
        add_own(verb, name)


def _verb(verbs: Any, name: str, about: str, example: str, parent: argparse.ArgumentParser) -> Any:
    return verbs.add_parser(
        name, help=about, description=f"{about}.", epilog=f"For instance: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter, parents=[parent],
    )  # fmt: skip


def _owner(text: str) -> str:
    """Return a value of DATAVERSE_OWNER, or NOBODY. Raises ArgumentTypeError: a typing error must give no right."""
    value = text.strip().lower()
    if value in ("", "resource", NOBODY) or _ID.fullmatch(value):
        return value
    raise argparse.ArgumentTypeError(f"must be resource, the id of a team, or {NOBODY}")


def _add_environment(verb: Any, *, changes: bool) -> None:
    verb.add_argument("--environment", required=True, metavar="URL", help="the environment's address: DATAVERSE_URL")
    verb.add_argument("--app-id", required=True, type=client_id, metavar="ID", help="client id of the relay's identity")
    verb.add_argument(
        "--column", default="", metavar="NAME", help="yes/no column that marks resources, new_calendarrelay"
    )
    verb.add_argument(
        "--direction", default="", choices=DIRECTIONS, help="DATAVERSE_DIRECTION; without it what the role is made for"
    )
    verb.add_argument(
        "--owner",
        default="",
        type=_owner,
        metavar="VALUE",
        help=f"DATAVERSE_OWNER if it is set, which needs a right, or {NOBODY}",
    )
    verb.add_argument("--tenant", metavar="ID|DOMAIN", help="the tenant, if your sign-in has several")
    if changes:
        verb.add_argument("--yes", action="store_true", help="do not ask")

"""The options of the webhooks, with their help texts."""

from __future__ import annotations

from typing import Any

_ENVIRONMENT = "the environment's address: DATAVERSE_URL"


def add_webhooks(verb: Any) -> None:
    """Add what `setup` needs to make webhooks, too."""
    verb.add_argument("--webhooks", action="store_true", help="make webhooks of bookings, too; needs --url")
    verb.add_argument(
        "--wait",
        type=float,
        default=300,
        metavar="SECONDS",
        help="wait for a first webhook (300); needs a key or token",
    )
    _add_secret(verb)


def add_own(verb: Any, name: str) -> None:
    """Add the options of `rotate` or `solution`."""
    _add_environment(verb, required=True)
    if name == "rotate":
        _add_secret(verb)
        verb.add_argument("--yes", action="store_true", help="do not ask")
    else:
        verb.add_argument("--url", required=True, help="the app's address")
        verb.add_argument("--file", default="calendar-relay-webhooks.zip", metavar="NAME", help="the file to write")


def add_switch(verb: Any) -> None:
    """Add what `hold` and `release` need to disable and enable the steps, too."""
    _add_environment(verb, required=False)


def _add_environment(verb: Any, *, required: bool) -> None:
    about = _ENVIRONMENT if required else f"disable or enable the webhook steps there, too; {_ENVIRONMENT}"
    verb.add_argument("--environment", required=required, default="", metavar="URL", help=about)
    verb.add_argument("--tenant", metavar="ID|DOMAIN", help="the tenant, if your sign-in has several")


def _add_secret(verb: Any) -> None:
    verb.add_argument("--vault", metavar="NAME|URL", help="the vault that gets the secret (RELAY_VAULT_NAME)")
    verb.add_argument(
        "--secret-name", default="dataverse-hook-secret", metavar="NAME", help="its name: DATAVERSE_HOOK_SECRET_NAME"
    )
    verb.add_argument(
        "--secret-file", default="", metavar="FILE", help="a file with the secret that somebody else put into the vault"
    )

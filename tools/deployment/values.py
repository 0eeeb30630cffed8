"""Values of azd's environment, which azd passes to its hooks as environment variables."""

from __future__ import annotations

import math
import os
from urllib.parse import urlsplit

OURS = {"application": "calendar-relay"}  # a tag of every resource of infra/main.bicep that can have tags
AGENT = "calendar-relay-hook"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Stop(Exception):
    """What follows would certainly fail. The text says what to do."""


class Unanswered(Exception):
    """A question has no answer: nothing is known, and nothing is stopped."""


def env(name: str) -> str:
    """Return a value, empty if it is not set."""
    return os.environ.get(name, "").strip()


def seconds(name: str, default: float) -> float:
    """Return the number of seconds in a variable. Raises Stop if it is none, or not above zero."""
    try:
        number = float(env(name) or default)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise Stop(f"{name} is {env(name)}, and has to be a number of seconds above 0")
    return number


def is_true(text: str) -> bool:
    """Return whether azd takes a text for true ("Go: strconv.ParseBool")."""
    return text in ("1", "t", "T", "TRUE", "true", "True")


def address(name: str, default: str = "") -> str:
    """Return the address in a variable, without a slash at its end.

    Raises Stop if it is not set, or not https. Only loopback may be http: a token and an answer cross the network.
    """
    url = (env(name) or default).rstrip("/")
    if not url:
        raise Stop(f"{name} is not set. Run `azd provision` first. Without azd, set it from the deployment's outputs.")
    scheme, host = scheme_and_host(url)
    if not host or not (scheme == "https" or (scheme == "http" and host in LOOPBACK)):
        raise Stop(f"{name} is {url}, and has to begin with https://")
    return url


def scheme_and_host(url: str) -> tuple[str, str]:
    """Return the scheme and the host of an address, both empty if it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as for brackets around something else than an IPv6 address
        return "", ""
    return parts.scheme, parts.hostname or ""


def canonical(region: str) -> str:
    """Return a region's canonical name: westeurope for West Europe."""
    return region.lower().replace(" ", "")

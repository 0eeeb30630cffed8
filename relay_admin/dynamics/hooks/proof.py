"""Wait for one webhook of a booking that a person changes: only that proves address, secret, network and steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import CommandError
from relay_admin.output import Output

EVERY = 5.0  # seconds
_TOUCH = (
    "Now change the name of a booking, and save it. Waiting up to {:.0f} seconds for its webhook; the relay notes the "
    "time once a minute."
)
_UNPROVEN = (
    "Unproven: {}. Change a booking, and look whether lastWebhookAt changes within two minutes: dataverse status. "
    "Without webhooks the timer finds each change within six minutes."
)


@dataclass(frozen=True, slots=True)
class Clock:
    """The waits, in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def is_proven(relay: RelayClient | None, out: Output, seconds: float, clock: Clock) -> bool:
    """Return whether a webhook arrived that the relay accepted, and print it."""
    why = "no key or token of the relay was given" if relay is None else _wait(relay, out, seconds, clock)
    out.line(_UNPROVEN.format(why) if why else "Proven: a webhook has arrived.")
    return not why


def _wait(relay: RelayClient, out: Output, seconds: float, clock: Clock) -> str:
    """Return why it is unproven; "" once a webhook has arrived."""
    try:
        before = _last(relay)
        out.line(_TOUCH.format(seconds))
        end = clock.now() + seconds
        while clock.now() < end:
            clock.sleep(EVERY)
            if _last(relay) != before:
                return ""
    except CommandError as error:
        return f"the relay does not tell ({error.title})"
    return "none has arrived"


def _last(relay: RelayClient) -> Any:
    return relay.call("GET", "/dataverse").get("lastWebhookAt")

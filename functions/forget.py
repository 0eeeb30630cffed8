"""Lets administrators forget a mailbox: everything that the relay stores about it is deleted."""

import azure.functions as func

from functions.auth import ADMIN, caller_of, route
from functions.responses import json_object, json_response
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
COUNTED = (
    "watches", "subscriptions", "unknownSubscriptions", "ledgerEntries", "parkedChanges", "deadLetters",
    "slotBookings", "replays",
)  # fmt: skip


@route(blueprint, "relay/forget", methods=["POST"], role=ADMIN)
def forget_mailbox(req: func.HttpRequest) -> func.HttpResponse:
    """Forget a mailbox: delete its subscriptions, and then all rows that name it. Idempotent; the answer counts them.

    `allowed` says whether the allow-list still names it, so that it may be set up again; null if that is unknown.
    """
    forgotten = relay().mailbox_forgetting.forget(_mailbox(req.get_body()), caller_of(req).name)
    return json_response(200, {name: forgotten.counts[name] for name in COUNTED} | {"allowed": forgotten.allowed})


def _mailbox(body: bytes) -> str:
    """Return the address from the body. Raises RequestRejected."""
    content = json_object(body)
    mailbox = content.get("mailbox")
    if not isinstance(mailbox, str) or content.keys() - {"mailbox"}:
        raise RequestRejected(problems.INVALID_REQUEST, 'Send only the address: {"mailbox": "room1@contoso.com"}.')
    return mailbox

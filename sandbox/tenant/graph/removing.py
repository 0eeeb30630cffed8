"""Events, removals by an app: delete, cancel.

Graph: Delete event; event: cancel. Exchange moves what is deleted to Deleted Items, where GET by an immutable id finds
it; the behaviour deletesToDeletedItems plays that, otherwise the event is gone at once. The comment of a cancellation
becomes part of an HTML mail; an empty one sends none (microsoft-graph-docs-contrib issue 8952).
"""

from typing import Any

from sandbox.tenant.graph.access import CALENDAR_WRITE
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.events import at_mailbox, find_event
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.writing import ROOTS, check_editable, check_etag
from sandbox.tenant.state import Mailbox

STANDARD_TEXT = "This meeting has been canceled."


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete an event; one in Deleted Items is deleted for good."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event = find_event(graph, call, mailbox)
        if graph.setting("honoursIfMatch"):
            check_etag(call, event)
        check_editable(graph, mailbox, event.folder)
        _remove(graph, mailbox, event)
        return Answer(204)


async def cancel(graph: Graph, call: Call) -> Answer:
    """Cancel a meeting: the organizer's own event is moved to Deleted Items; an attendee gets an error."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event, body = find_event(graph, call, mailbox), call.body or {}
        if not isinstance(body, dict) or {name.lower() for name in body} - {"comment"}:
            raise bad_request("The request is malformed or incorrect.", "RequestBodyRead")
        if event.booked:
            text = "Your request can't be completed. You need to be an organizer to cancel a meeting."
            raise bad_request(text, "ErrorAccessDenied")
        check_editable(graph, mailbox, event.folder)
        _mail(graph, mailbox, event, {name.lower(): value for name, value in body.items()}.get("comment"))
        _remove(graph, mailbox, event)
        return Answer(202)


def _remove(graph: Graph, mailbox: Mailbox, event: Event) -> None:
    is_single = event.type == "singleInstance" and event.id not in graph.calendar(mailbox).deleted_items
    if is_single and graph.switches.is_on("deletesToDeletedItems", mailbox.address):
        graph.processing.moved_to_deleted_items(mailbox, event)
    else:
        graph.processing.deleted(mailbox, event)


def _mail(graph: Graph, mailbox: Mailbox, event: Event, comment: Any) -> None:
    """Keep the mail to the attendees."""
    attendees = [attendee["emailAddress"]["address"] for attendee in event.fields["attendees"]]
    if attendees and comment != "":
        body = {"contentType": "html", "content": STANDARD_TEXT if comment is None else str(comment)}
        graph.calendar(mailbox).cancellations.append({"to": attendees, "body": body})


WRITES = (("DELETE", "", delete), ("POST", "/cancel", cancel))
ENDPOINTS = [
    Endpoint(method, f"{root}/events/{{event}}{step}", write) for root in ROOTS for method, step, write in WRITES
]

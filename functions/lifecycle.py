"""Graph posts its lifecycle notifications here, and what they ask for is done from a queue."""

import azure.functions as func

from functions.notifications import Messages, receive
from shared.bootstrap import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.route("lifecycle", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("changes", "calendar-changes", "AzureWebJobsStorage")
@blueprint.queue_output("repairs", "mailbox-repairs", "AzureWebJobsStorage")
async def receive_lifecycle_events(req: func.HttpRequest, changes: Messages, repairs: Messages) -> func.HttpResponse:
    """Answer the handshake, or put what Graph says on the queues."""
    return await receive(req, changes, repairs)


@blueprint.queue_trigger("msg", "mailbox-repairs", "AzureWebJobsStorage")
def repair_mailboxes(msg: func.QueueMessage) -> None:
    """Act on lifecycle events; one that fails makes the host try the message again."""
    from shared.relay.messages import read_repairs
    from shared.relay.repair import repair_all

    repair_all(relay(), read_repairs(msg.get_body().decode()))

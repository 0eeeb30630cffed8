"""Delivers changes from the queue to the partner."""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "calendar-changes", "AzureWebJobsStorage")
def deliver_changes(msg: func.QueueMessage) -> None:
    """Deliver a message of changes; dead-letter an unreadable one. Fails only when storage fails."""
    from shared.messages import BadMessage, read_changes

    text = msg.get_body().decode(errors="replace")
    try:
        message = read_changes(text)
    except BadMessage:
        relay().dead_letters.dead_letter_unreadable(text)
    else:
        relay().delivery.deliver(message)
        relay().overdue_run.ensure()

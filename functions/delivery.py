"""Changes on the queue become deliveries to the partner."""

import azure.functions as func

from shared.bootstrap import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "calendar-changes", "AzureWebJobsStorage")
def deliver_changes(msg: func.QueueMessage) -> None:
    """Deliver a message of changes. It fails only when storage does, or when no version of ours wrote the message."""
    from shared.relay.deliver import deliver
    from shared.relay.messages import read_changes

    deliver(relay(), read_changes(msg.get_body().decode()))

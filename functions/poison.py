"""What the host gave up on after its five tries: messages that ended a worker each time, or that no version wrote.

The host's tries are for crashes, and are over in minutes. Nothing rests on a poison queue, where messages expire.
"""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "calendar-changes-poison", "AzureWebJobsStorage")
def keep_poisoned_changes(msg: func.QueueMessage) -> None:
    """Put changes back on schedule, or note that a message cannot be read."""
    relay().poison_messages.keep_changes(msg.get_body().decode(errors="replace"))


@blueprint.queue_trigger("msg", "mailbox-repairs-poison", "AzureWebJobsStorage")
def keep_poisoned_repairs(msg: func.QueueMessage) -> None:
    """The same for jobs."""
    relay().poison_messages.keep_jobs(msg.get_body().decode(errors="replace"))

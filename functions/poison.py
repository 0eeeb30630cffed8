"""Handles poison messages: the host gave up on them after five attempts, because the worker crashed each time or the
message is unreadable.

The host's attempts are over within minutes, and messages on a poison queue expire. So they are moved on immediately.
"""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "calendar-changes-poison", "AzureWebJobsStorage")
def keep_poisoned_changes(msg: func.QueueMessage) -> None:
    """Queue the changes again by the retry schedule, or dead-letter an unreadable message."""
    relay().poison_messages.keep_changes(msg.get_body().decode(errors="replace"))


@blueprint.queue_trigger("msg", "mailbox-repairs-poison", "AzureWebJobsStorage")
def keep_poisoned_repairs(msg: func.QueueMessage) -> None:
    """Queue the jobs again by the retry schedule, or dead-letter an unreadable message."""
    relay().poison_messages.keep_jobs(msg.get_body().decode(errors="replace"))


@blueprint.queue_trigger("msg", "subscription-work-poison", "AzureWebJobsStorage")
def keep_poisoned_work(msg: func.QueueMessage) -> None:
    """Queue the jobs again by the retry schedule, or dead-letter an unreadable message."""
    app = relay()
    app.poison_messages.keep_jobs(msg.get_body().decode(errors="replace"), app.work)

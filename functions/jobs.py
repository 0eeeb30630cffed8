"""The queue of jobs: lifecycle events, resyncs, and the steps of longer work."""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "mailbox-repairs", "AzureWebJobsStorage")
def repair_mailboxes(msg: func.QueueMessage) -> None:
    """Act on lifecycle events; one that fails makes the host try the message again."""
    from shared.messages import read_jobs

    relay().job_runner.run_jobs(read_jobs(msg.get_body().decode()))

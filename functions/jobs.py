"""Runs jobs from the two queues of jobs: lifecycle events, resyncs, and steps of longer work."""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.queue_trigger("msg", "mailbox-repairs", "AzureWebJobsStorage")
def repair_mailboxes(msg: func.QueueMessage) -> None:
    """Run the jobs of a message. A failed job is queued again; if the queue fails, the host retries the message."""
    from shared.messages import read_jobs

    relay().job_runner.run_jobs(read_jobs(msg.get_body().decode()), queued_at=msg.insertion_time)
    relay().overdue_run.ensure()


@blueprint.queue_trigger("msg", "subscription-work", "AzureWebJobsStorage")
def work_on_subscriptions(msg: func.QueueMessage) -> None:
    """Run the jobs of a message, of kinds that versions without this queue do not know. Failures: as above."""
    from shared.messages import read_jobs

    app = relay()
    app.job_runner.run_jobs(read_jobs(msg.get_body().decode()), app.work, msg.insertion_time)
    app.overdue_run.ensure()

"""Reconciles Graph's subscriptions with the watches, by timer."""

import azure.functions as func

from shared import telemetry
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.timer_trigger("timer", "%RENEWAL_SCHEDULE%", run_on_startup=False, use_monitor=True)
def renew_subscriptions(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Reconcile and report the gauges. What exceeds the time budget continues at the next run."""
    try:
        relay().reconciler.reconcile()
        telemetry.count("timer_runs", end="succeeded")
    finally:  # the gauges matter most when reconciling fails
        relay().request_metrics.write_due()
        relay().gauges.report_gauges()

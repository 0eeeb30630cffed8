"""A timer keeps the subscriptions alive: Graph's are brought in step with the watches."""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.timer_trigger("timer", "%RENEWAL_SCHEDULE%", run_on_startup=False, use_monitor=True)
def renew_subscriptions(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Remove every difference, and tell how all stands; what the time budget does not reach goes on at the next run."""
    try:
        relay().reconciler.reconcile()
    finally:  # when Graph is down the gauges are wanted most
        relay().gauges.report_gauges()

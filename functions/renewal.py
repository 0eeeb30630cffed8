"""A timer keeps the subscriptions alive."""

import azure.functions as func

from shared.bootstrap import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.timer_trigger("timer", "%RENEWAL_SCHEDULE%", run_on_startup=False, use_monitor=True)
def renew_subscriptions(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Renew what expires soon; what the time budget does not reach goes on at the next run."""
    from shared.relay.renew import renew

    renew(relay())

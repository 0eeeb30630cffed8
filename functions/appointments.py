"""The deliveries of the feature bookings. Registered if FEATURES names bookings."""

import azure.functions as func

from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
EVERY_QUARTER = "0 */15 * * * *"  # a literal: an upgraded app has no setting for it, and could not resolve it


@blueprint.timer_trigger("timer", EVERY_QUARTER, run_on_startup=False, use_monitor=True)
def follow_appointments(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Read the businesses of BOOKINGS_DELIVERIES, and request the deliveries of what others changed."""
    relay().appointment_poll.run()

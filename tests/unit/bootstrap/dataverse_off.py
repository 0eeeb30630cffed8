"""Let a relay do all of its work with the features of the first argument, and print what it knows of dataverse.

Runs in a process of its own, since the tests of the feature import it.
"""

import json
import os
import sys

from tests.support.world import World

SETTINGS = {
    "FEATURES": sys.argv[1], "DATAVERSE_URL": "https://contoso.crm4.dynamics.com",
    "DATAVERSE_RESOURCES": "column:new_calendarrelay",
}  # fmt: skip
PACKAGES = ("shared.dataverse", "shared.dynamics")


def work() -> World:
    """Deliver a change, renew, clean up at night, report, build the doctor; and return the relay."""
    world = World(**SETTINGS)
    world.watch()
    world.delivery.deliver(world.hint())
    world.reconciler.run()
    world.nightly_checks.run()
    world.nightly_cleanup.step("")
    world.gauges.report_gauges()
    world.health_checks.check_all()
    # Built only: the first one's checks would call the network, and the calendars of this world are fakes.
    assert None not in (world.doctor, world.title_policies, world.change_listeners)
    return world


def _is_of_dataverse(text: str | None) -> bool:
    return any(word in str(text).lower() for word in ("dataverse", "pair-changes"))


def main() -> None:
    """Print the functions, the imported modules, the checks and the rows as JSON."""
    world = work()
    imported = sorted(name for name in sys.modules if name.startswith(PACKAGES))
    checks = [each.name for each in world.health_checks.check_all()]
    os.environ.update(SETTINGS)
    from function_app import app

    functions = {each.get_function_name(): each.get_raw_bindings() for each in app.get_functions()}
    later = sorted(name for name in sys.modules if name.startswith(PACKAGES))
    sys.stdout.write(json.dumps({
        "imported": sorted({*imported, *later}), "rows": len(world.pair_rows.rows),
        "checks": [name for name in checks if name.startswith("dataverse")],
        "functions": sorted(name for name, bound in functions.items() if any(map(_is_of_dataverse, [name, *bound]))),
    }))  # fmt: skip
    world.end()


main()

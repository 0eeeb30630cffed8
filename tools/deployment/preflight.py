"""The checks before a provisioning: what would fail after ten minutes is said in the first.

What Azure does not answer is "not checked", never fine, and stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tools.deployment import region
from tools.deployment.arm import Arm, subscription
from tools.deployment.names import suffix, vault
from tools.deployment.policies import policies
from tools.deployment.questions import host_name, mailboxes, webhook
from tools.deployment.upgrade import upgrade
from tools.deployment.values import Stop, Unanswered, env

PROVIDERS = (
    "Microsoft.Web",
    "Microsoft.Storage",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Insights",
    "Microsoft.OperationalInsights",
    "Microsoft.AlertsManagement",
    "Microsoft.Network",
    "Microsoft.App",
    "Microsoft.Consumption",
)


def sign_in(arm: Arm) -> str:
    """Check that azd is signed in."""
    arm.sign_in()
    return "azd is signed in"


def providers(arm: Arm) -> str:
    """Check the resource providers. Their registration concerns the whole subscription, so its owner does it.

    A provider that is being registered does not stop: Azure creates resources meanwhile, region by region.
    """
    states, refusals = {}, {}
    for name in PROVIDERS:
        try:
            states[name] = _state(arm, name)
        except Unanswered as reason:
            refusals[name] = str(reason)
    absent = [name for name, state in states.items() if state not in ("Registered", "Registering")]
    if absent:
        raise Stop(
            f"not registered: {', '.join(absent)}. Once, an owner of the subscription runs: {registration(absent)}"
        )
    if refusals:
        text = next(iter(refusals.values()))
        raise Unanswered(f"{', '.join(refusals)}: {text}" if states else text)
    running = [name for name, state in states.items() if state == "Registering"]
    text = f"; Azure still registers {', '.join(running)}" if running else ""
    return f"{len(states) - len(running)} of {len(PROVIDERS)} are registered{text}"


def registration(names: list[str], system: str = os.name) -> str:
    """Return the one command that registers providers, in the shell of this system."""
    account = f" --subscription {env('AZURE_SUBSCRIPTION_ID')}"
    if system == "nt":
        listed = ",".join(f"'{name}'" for name in names)
        return f"{listed} | ForEach-Object {{ az provider register --wait --namespace $_{account} }}"
    return f'for name in {" ".join(names)}; do az provider register --wait --namespace "$name"{account}; done'


def _state(arm: Arm, name: str) -> str:
    """Return the state of a registration. Reference: the REST page "Providers: Get"."""
    return str(arm.call(f"{subscription()}/providers/{name}?api-version=2021-04-01")["registrationState"])


CHECKS: dict[str, Callable[[Arm], str]] = {
    "partner": webhook,
    "mailboxes": mailboxes,
    "region": region.spelling,
    "sign-in": sign_in,
    "resource providers": providers,
    "Flex Consumption": region.flex_consumption,
    "Python 3.13": region.python,
    "cores": region.cores,
    "names": suffix,
    "host name": host_name,
    "vault": vault,
    "upgrade": upgrade,
    "policies": policies,
}


def preflight() -> int:
    """Print the result of each check. Return 1 if what follows would certainly fail, else 0."""
    arm = Arm()
    stops = []
    for name, check in CHECKS.items():
        result = _result(check, arm)
        print(f"  {name}: {result}", flush=True)
        stops += [name] if result.startswith("STOP") else []
    print(f"Nothing was created. First correct: {', '.join(stops)}." if stops else "No check stops the deployment.")
    return 1 if stops else 0


def _result(check: Callable[[Arm], str], arm: Arm) -> str:
    try:
        return check(arm)
    except Stop as reason:
        return f"STOP, {reason}"
    except Unanswered as reason:
        return f"not checked: {reason}"
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        return f"not checked: an unexpected answer ({error!r})"

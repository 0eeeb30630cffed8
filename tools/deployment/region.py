"""Checks of the region. Each returns what it learned, or raises Stop or Unanswered.

References: the REST pages "List Geo Regions", "Provider: Get Function App Stacks For Location" and "Get Usages In
Location: List"; "Azure Functions Flex Consumption plan hosting" (languages, regional subscription quotas).
"""

from __future__ import annotations

from tools.deployment.arm import Arm, required, subscription
from tools.deployment.values import Stop, Unanswered, canonical, env

PYTHON = "3.13"
CORE_MB = 2048  # memory of an instance with one core


def location() -> str:
    """Return the canonical name of the region, however it is spelt."""
    return canonical(required("AZURE_LOCATION"))


def spelling(_: Arm) -> str:
    """Check that the region is spelt as Azure spells it: the names of all resources derive from the spelling."""
    if location() != env("AZURE_LOCATION"):
        raise Stop(f"{env('AZURE_LOCATION')} is not the name of a region. Run: azd env set AZURE_LOCATION {location()}")
    return location()


def flex_consumption(arm: Arm) -> str:
    """Check that the region offers Flex Consumption."""
    path = f"{subscription()}/providers/Microsoft.Web/geoRegions?api-version=2024-11-01&sku=FlexConsumption"
    names = sorted(canonical(str(region["name"])) for region in arm.pages(path))
    if not names:
        raise Unanswered("no region is listed")
    if location() not in names:
        raise Stop(f"{location()} does not offer it. Set AZURE_LOCATION to one of: {', '.join(names)}")
    return f"offered in {location()}"


def python(arm: Arm) -> str:
    """Check that the region offers our Python. Only a warning, because the list is not documented as complete."""
    path = (
        f"/providers/Microsoft.Web/locations/{location()}/functionAppStacks?api-version=2020-10-01"
        "&removeHiddenStacks=true&removeDeprecatedStacks=true&stack=python&sku=FC1"
    )
    majors = [major for stack in arm.pages(path) for major in stack["properties"]["majorVersions"]]
    names = [str(minor["value"]) for major in majors for minor in major["minorVersions"]]
    if not names:
        raise Unanswered("no version is listed")
    return f"offered in {location()}" if PYTHON in names else f"WARNING, the region lists only {', '.join(names)}"


def cores(arm: Arm) -> str:
    """Compare the cores left with what the app may use. Only a warning: few cores delay scaling, not a deployment."""
    path = f"{subscription()}/providers/Microsoft.Web/locations/{location()}/usages?api-version=2024-11-01"
    usages = [usage for usage in arm.pages(path) if "core" in f"{usage['unit']} {usage['name']['value']}".lower()]
    if not usages:
        raise Unanswered("the region lists no usage of cores")
    left = min(int(usage["limit"]) - int(usage["currentValue"]) for usage in usages)
    most = int(env("MAXIMUM_INSTANCE_COUNT") or 40) * int(env("INSTANCE_MEMORY_MB") or CORE_MB) / CORE_MB
    text = f"{left} left in {location()}; the app uses at most {most:g}"
    return text if left >= most else f"WARNING, {text}: ask for a higher quota, or set MAXIMUM_INSTANCE_COUNT"

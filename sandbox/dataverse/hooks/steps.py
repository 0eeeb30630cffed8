"""The steps that a write starts, by their rows alone.

Dataverse: Register a webhook; Register a plug-in (an Update step runs when the request contains one of its filtering
attributes, whether or not the value differs).
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row
from sandbox.dataverse.system_tables import HEADER, KEY, QUERY, WEBHOOK
from sandbox.dataverse.writer import Write

ENABLED = 0


def steps_of(organization: Organization, write: Write) -> Iterator[tuple[Row, Row]]:
    """Yield each enabled, asynchronous step that this write starts, with its webhook."""
    for step in organization.rows.of("sdkmessageprocessingstep").values():
        endpoint = organization.rows.get("serviceendpoint", str(step.get("eventhandler") or ""))
        if endpoint is None or endpoint["contract"] != WEBHOOK or step["statecode"] != ENABLED or step["mode"] != 1:
            continue
        if _is_for(organization, step, write):
            yield step, endpoint


def authenticated(endpoint: Row) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and query parameters that a webhook's row adds, none when its value is no such XML."""
    kind, value = endpoint["authtype"], str(endpoint.get("authvalue") or "")
    if kind == KEY:
        return {}, {"code": value}
    pairs = _pairs(value)
    return (pairs, {}) if kind == HEADER else ({}, pairs) if kind == QUERY else ({}, {})


def _is_for(organization: Organization, step: Row, write: Write) -> bool:
    message = organization.rows.get("sdkmessage", str(step["sdkmessageid"])) or {}
    chosen = organization.rows.get("sdkmessagefilter", str(step.get("sdkmessagefilterid") or ""))
    if message.get("name") != write.message or (chosen and chosen["primaryobjecttypecode"] != write.table.name):
        return False
    wanted = {name.strip() for name in str(step.get("filteringattributes") or "").split(",") if name.strip()}
    return write.message != "Update" or not wanted or bool(wanted & write.columns.keys())


def _pairs(text: str) -> dict[str, str]:
    """Return the pairs of <settings><setting name="…" value="…" /></settings>."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - of the sandbox's own rows
    except ET.ParseError:
        return {}
    return {
        each.attrib["name"]: each.attrib["value"]
        for each in root.iter("setting") if {"name", "value"} <= each.attrib.keys()
    }  # fmt: skip

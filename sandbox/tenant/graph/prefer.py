"""The Prefer header, as Outlook resources support it.

Graph: List events (outlook.timezone, outlook.body-content-type); Obtain immutable identifiers; List calendarView.
"""

import re
from dataclasses import dataclass, field

from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.zones import zone_info

PREFERENCE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;]+)))?\s*(?:[,;]|$)')


@dataclass
class Preferences:
    """The preferences of a call; unknown ones are ignored, as RFC 7240 requires."""

    immutable: bool = False
    zone: str = "UTC"
    text_body: bool = False
    page_size: int | None = None
    applied: list[str] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        """Return Preference-Applied if any preference was applied."""
        return {"Preference-Applied": ", ".join(self.applied)} if self.applied else {}


def preferences(call: Call) -> Preferences:
    """Parse a call's Prefer headers. Raises GraphError (400) for an unknown time zone or invalid page size."""
    preferred = Preferences()
    for header in call.headers.getall("Prefer", []):
        for name, quoted, bare in PREFERENCE.findall(header):
            _apply(preferred, name.lower(), quoted or bare)
    return preferred


def _apply(preferred: Preferences, name: str, value: str) -> None:
    """Apply one preference."""
    if name == "idtype" and value.lower() == "immutableid":
        preferred.immutable = True
        preferred.applied.append('IdType="ImmutableId"')
    elif name == "outlook.timezone":
        preferred.zone = _zone(value)
        preferred.applied.append(f'outlook.timezone="{value}"')
    elif name == "outlook.body-content-type" and value.lower() in ("text", "html"):
        preferred.text_body = value.lower() == "text"
        preferred.applied.append(f'outlook.body-content-type="{value}"')
    elif name == "odata.maxpagesize":
        preferred.page_size = _page_size(value)
        preferred.applied.append(f"odata.maxpagesize={value}")


def _zone(value: str) -> str:
    """Return a valid zone name. Raises GraphError (400) for others."""
    try:
        zone_info(value)
    except ValueError as error:
        raise bad_request(str(error), "TimeZoneNotSupportedException") from error
    return value


def _page_size(value: str) -> int:
    """Return a page size of at least 1. Raises GraphError (400) for others."""
    if not value.isdecimal() or int(value) < 1:
        raise bad_request(f"Invalid value '{value}' for preference 'odata.maxpagesize'.", "ErrorInvalidRequest")
    return int(value)

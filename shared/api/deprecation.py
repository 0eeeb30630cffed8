"""The headers of an answer to an old spelling: since when it is deprecated, and until when it is accepted. Pure.

("The Deprecation HTTP Response Header Field", RFC 9745; "The Sunset HTTP Header Field", RFC 8594)
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType

SINCE = datetime(2026, 11, 30, tzinfo=UTC)
UNTIL = datetime(2027, 11, 30, tzinfo=UTC)
DEPRECATION_HEADERS = MappingProxyType(
    {"Deprecation": f"@{int(SINCE.timestamp())}", "Sunset": format_datetime(UNTIL, usegmt=True)}
)

"""Check the parts of a request's URL before anything is done: answers repeat some in headers and links. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared import problems
from shared.errors import RequestRejected

# Control characters, the separators of lines and of paragraphs, and halves of characters.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN_NAME = re.compile("[A-Za-z]{1,40}")


def check_url_parts(parts: Mapping[str, str]) -> None:
    """Check the parts of a path, or the parameters of a query, by name.

    Raises RequestRejected 422 for a control character, without the value.
    """
    for name, text in parts.items():
        if _REFUSED.search(name) or _REFUSED.search(text):
            shown = name if _PLAIN_NAME.fullmatch(name) else "query"
            raise RequestRejected(problems.INVALID_PARAMETER, f"{shown}: must not contain control characters")

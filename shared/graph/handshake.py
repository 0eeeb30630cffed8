"""Graph's validation of a notification URL. Pure.

Rests on "Microsoft Graph: Receive change notifications through webhooks" (notificationUrl validation): a POST with
`?validationToken=` has to be answered with 200, text/plain and the decoded token.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

LONGEST_TOKEN = 4096


class BadToken(ValueError):
    """The validation token is none that Graph would send."""


def validation_token(url: str) -> str | None:
    """Return the decoded validation token of a request's full URL, or None if it carries none.

    The raw query is read, because the host drops empty values and joins repeated ones. Raises BadToken for a token that
    is empty, repeated, overlong, not UTF-8, or holds what Graph never sends: control characters, < or >.
    """
    query = url.partition("?")[2].partition("#")[0]  # urlsplit would raise for a Host header that is forged
    if "validationToken" not in query:
        return None
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise BadToken("the query string is not sound") from None
    tokens = [value for name, value in pairs if name == "validationToken"]
    if not tokens:
        return None
    if len(tokens) > 1 or not tokens[0] or len(tokens[0]) > LONGEST_TOKEN:
        raise BadToken("one validationToken of a sound length is expected")
    if not tokens[0].isprintable() or "<" in tokens[0] or ">" in tokens[0]:
        raise BadToken("the validationToken holds characters that Graph does not send")
    return tokens[0]

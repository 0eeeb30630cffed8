"""Graph's validation of a notification URL. Pure.

Reference: "Microsoft Graph: Receive change notifications through webhooks" (notificationUrl validation): a POST with
`?validationToken=` has to be answered with 200, text/plain and the decoded token.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

LONGEST_TOKEN = 4096


class BadToken(ValueError):
    """The validation token is not one that Graph would send."""


def validation_token(url: str) -> str | None:
    """Return the decoded validation token of a request's full URL, or None if it carries none.

    The raw query is parsed, because the host drops empty values and joins repeated ones. Raises BadToken for a token
    that is empty, repeated, too long, not UTF-8, or contains what Graph never sends: control characters, < or >.
    """
    query = url.partition("?")[2].partition("#")[0]  # urlsplit would raise for a forged Host header
    if "validationToken" not in query:
        return None
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise BadToken("the query string is malformed") from None
    tokens = [value for name, value in pairs if name == "validationToken"]
    if not tokens:
        return None
    if len(tokens) > 1 or not tokens[0] or len(tokens[0]) > LONGEST_TOKEN:
        raise BadToken(f"exactly one validationToken of 1 to {LONGEST_TOKEN} characters is expected")
    if not tokens[0].isprintable() or "<" in tokens[0] or ">" in tokens[0]:
        raise BadToken("the validationToken contains characters that Graph does not send")
    return tokens[0]

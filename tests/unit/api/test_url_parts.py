"""Parts of a URL have no control characters: an answer may repeat them in a header or a link."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.url_parts import check_url_parts
from shared.errors import RequestRejected

REFUSED = ("Cc", "Zl", "Zp", "Cs")


@given(st.text(max_size=20))
def test_a_text_is_refused_for_its_control_characters_alone(text: str) -> None:
    """As the value or the name of a parameter; the answer shows neither."""
    is_refused = any(unicodedata.category(character) in REFUSED for character in text)
    for parts in ({"calendar": text}, {text: "x"}):
        if not is_refused:
            check_url_parts(parts)
            continue
        with pytest.raises(RequestRejected) as caught:
            check_url_parts(parts)
        assert str(caught.value) in {f"{name}: must not contain control characters" for name in ("calendar", "query")}


def test_names_of_all_alphabets_are_allowed() -> None:
    """A business may be named by any letters, also joined ones."""
    check_url_parts({"business": "Frisør Ålesund \u00a0 salon \u200d 👩‍🔧", "start": "2026-12-01T09:00:00+01:00"})

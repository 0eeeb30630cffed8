"""Code blocks of the pages in docs/, for the tests that use them."""

import re

from sandbox.process import ROOT


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a language on docs/PAGE.md."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

"""`python -m tools.openapi`: write the document that the relay serves, and its copy in docs/."""

from sandbox.process import ROOT
from tools.openapi.document import text

WRITTEN = ("shared/openapi.json", "docs/openapi.json")

if __name__ == "__main__":
    for path in WRITTEN:
        (ROOT / path).write_text(text(), encoding="utf-8")

"""`python -m tools.openapi`: write the document that the relay serves, its copy in docs/, and the requests to paste."""

from sandbox.process import ROOT
from tools import requests_to_paste
from tools.openapi.document import document, text

WRITTEN = ("shared/openapi.json", "docs/openapi.json")

if __name__ == "__main__":
    for path in WRITTEN:
        (ROOT / path).write_text(text(), encoding="utf-8")
    (ROOT / "docs" / "examples" / "requests.http").write_text(requests_to_paste.text(document()), encoding="utf-8")

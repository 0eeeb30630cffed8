"""Call the lines of the page with the client in the current folder, once for each address of the first argument."""

import json
import sys

sys.path.insert(0, ".")

import page
from relay_client import AuthenticatedClient


def end_of(url: str) -> str:
    """Return the id of a watch, or the error's text."""
    try:
        return str(page.watch(AuthenticatedClient(url, token="a token"), "room1@contoso.com").id)
    except RuntimeError as error:
        return str(error)


sys.stdout.write(json.dumps([end_of(url) for url in json.loads(sys.argv[1])]))

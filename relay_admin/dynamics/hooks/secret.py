"""The secret of the webhooks: made here, put into the vault, and given to the endpoint. No value is ever shown.

The relay accepts the two newest versions in the vault, so a webhook that is under way during a rotation arrives.
"""

from __future__ import annotations

import re
import secrets
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from relay_admin.errors import CommandError, Refused, UsageError
from relay_admin.key_vault import Vault, vault_at

RANDOM_BYTES = 32
FORM = re.compile("[A-Za-z0-9_-]{32,256}")  # the relay accepts no other, and XML needs no escape for it
OF_A_FILE = "Its secret is that of a file."
_NOTE = "Version of its secret in the vault: "
_WITH_A_FILE = (
    "Or let who may write the vault make the secret and give you the file, which you delete afterwards: python -c "
    '"import secrets; print(secrets.token_urlsafe(32))" > secret.txt; az keyvault secret set --vault-name VAULT --name '
    "{} --file secret.txt. Then add --secret-file secret.txt."
)
OpenVault = Callable[[str | None], Vault]


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret of the endpoint, without a repr of its value, and the note of its version."""

    value: str = field(repr=False)
    note: str


def new_secret(options: Namespace, open_vault: OpenVault = vault_at) -> NewSecret:
    """Put a new secret into the vault, or read that of a file. Raises CommandError; the endpoint is not touched yet."""
    if options.secret_file:
        return NewSecret(_of_file(options.secret_file), OF_A_FILE)
    value = secrets.token_urlsafe(RANDOM_BYTES)
    try:
        version = open_vault(options.vault).add(options.secret_name, value)
    except CommandError as error:
        what_to_do = f"{error.what_to_do} {_WITH_A_FILE.format(options.secret_name)}"
        raise type(error)(error.title, what_to_do, error.status) from None
    return NewSecret(value, _NOTE + version.id)


def unfinished(options: Namespace, note: str, open_vault: OpenVault = vault_at) -> NewSecret | None:
    """Return the newest secret in the vault if the endpoint did not get it, None if it did or nobody knows.

    A second rotation would retire the version that the endpoint still has.
    """
    if options.secret_file or not note.startswith(_NOTE):
        return None
    vault = open_vault(options.vault)
    newest = vault.versions(options.secret_name)[:1]
    if not newest or note == _NOTE + newest[0].id:
        return None
    value = vault.value(options.secret_name).strip()
    if not FORM.fullmatch(value):
        raise Refused(f"The newest version of {options.secret_name} was not made by this command", "Disable it.")
    return NewSecret(value, _NOTE + newest[0].id)


def _of_file(name: str) -> str:
    """Return the secret in a file; Windows PowerShell writes UTF-16. Raises UsageError without a part of it."""
    try:
        content = Path(name).read_bytes()
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig").strip()
    except (OSError, UnicodeError):
        raise UsageError("The file of the secret cannot be read", "Check its name: --secret-file.") from None
    if not FORM.fullmatch(text):
        raise UsageError(
            "The file holds no secret", "It must hold 32 to 256 letters, digits, hyphens and underscores, and no more."
        )
    return text

"""The command that replaces a secret of the relay in Key Vault. It calls no relay, and shows no value."""

from __future__ import annotations

import base64
import secrets
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from relay_admin.errors import OK, Refused, UsageError
from relay_admin.key_vault import Vault, Version, vault_at
from relay_admin.output import Output

CLIENT_STATE_KEY, SIGNING_SECRET, IDENTIFIER_KEY = "client-state-key", "partner-signing-secret", "identifier-key"
RANDOM_BYTES = 32
WEEK = timedelta(days=7)  # no subscription lives longer, so by then each was made with the new key or renewed
_COMMAND = "python -m relay_admin rotate"
_NEVER = (
    "It is for ids that must never change: with another key a repeated call would not find what the first one created. "
    "The deployment creates it once."
)


@dataclass(frozen=True)
class _Rotation:
    """A version that was added: the one before it, how many values are now in use, and what to do next."""

    version: Version
    previous: str | None
    in_use: int
    next: list[str] = field(default_factory=list)
    disable_after: datetime | None = None


def rotate(_: object, out: Output, options: Namespace, *, open_vault: Callable[[str | None], Vault] = vault_at) -> int:
    """Add a version with 32 random bytes to a secret, and say what follows."""
    name = options.secret.lower()  # Key Vault's names ignore case
    if name == IDENTIFIER_KEY:
        raise UsageError(f"{IDENTIFIER_KEY} is never rotated", _NEVER)
    if name not in (CLIENT_STATE_KEY, SIGNING_SECRET):
        text = f"Name {CLIENT_STATE_KEY} or {SIGNING_SECRET}. docs/operations.md has the steps for the others."
        raise UsageError("This secret cannot be rotated here", text)
    if options.finish and (options.at_once or name == CLIENT_STATE_KEY):
        raise UsageError("--finish does not apply", f"Only {_COMMAND} {SIGNING_SECRET} has a second step.")
    vault = open_vault(options.vault)
    rotation = _client_state_key(vault, options) if name == CLIENT_STATE_KEY else _signing_secret(vault, options)
    moment = rotation.disable_after
    out.data({
        "secret": name, "vault": vault.name, "version": rotation.version.id, "previousVersion": rotation.previous,
        "inUse": rotation.in_use, "disableAfter": f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None,
        "next": rotation.next,
    })  # fmt: skip
    out.line(f"{name} has a new version in the vault {vault.name}: {rotation.version.id}")
    out.line("What to do next:")
    out.steps(rotation.next)
    return OK


def _client_state_key(vault: Vault, options: Namespace) -> _Rotation:
    """Add a key; the two newest enabled versions verify. Raises Refused if a third one is still needed."""
    existing = vault.versions(CLIENT_STATE_KEY)
    if len(existing) > 1 and datetime.now(UTC) - existing[0].created < WEEK and not options.at_once:
        raise Refused(
            f"{CLIENT_STATE_KEY} was rotated at {_shown(existing[0].created)}",
            f"Subscriptions change to that version until {_shown(existing[0].created + WEEK)}: wait until then. With "
            "--at-once the next timer run replaces those of the version before it, and resyncs their mailboxes.",
        )
    added = vault.add(CLIENT_STATE_KEY, _random())
    steps = [
        "No restart is needed: the relay reads it within five minutes. It signs with it after twelve; the previous "
        "version still verifies."
    ]
    if not existing:
        return _Rotation(added, None, 1, steps)
    after = added.created + WEEK
    steps += [
        f"Subscriptions change to it as they are renewed, by {_shown(after)}. Do not rotate it again before.",
        "The next rotation retires the previous version. To disable it yourself, wait until then, unless it leaked: "
        f"{_disabling(vault, CLIENT_STATE_KEY, existing[0].id)}",
    ]
    return _Rotation(added, existing[0].id, 2, steps, after)


def _signing_secret(vault: Vault, options: Namespace) -> _Rotation:
    """Add a version with the old and the new secret, or with the new one alone (`--finish`, `--at-once`)."""
    existing = vault.versions(SIGNING_SECRET)
    previous = existing[0].id if existing else None
    if options.at_once:
        added = vault.add(SIGNING_SECRET, f"whsec_{_random()}")
        return _Rotation(added, previous, 1, [_give(vault, "the secret"), *_retired(vault, previous)])
    values = vault.value(SIGNING_SECRET).split()
    if options.finish:
        if len(values) < 2:
            raise Refused("No rotation is under way", f"Begin one: {_COMMAND} {SIGNING_SECRET}")
        added = vault.add(SIGNING_SECRET, values[-1])
        return _Rotation(added, previous, 1, _retired(vault, previous))
    if len(values) > 1:
        raise Refused(
            "A rotation is under way",
            f"When the partner has the new secret: {_COMMAND} {SIGNING_SECRET} --finish",
        )
    added = vault.add(SIGNING_SECRET, " ".join([*values, f"whsec_{_random()}"]))
    steps = [
        "No restart is needed: within five minutes deliveries carry two signatures, of the old and of the new secret.",
        _give(vault, "the second secret of its value"),
        f"When the partner has it: {_COMMAND} {SIGNING_SECRET} --finish",
    ]
    return _Rotation(added, previous, 2, steps)


def _random() -> str:
    return base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _give(vault: Vault, what: str) -> str:
    """Return how the partner gets the secret. The command is for the person: its output is the secret."""
    shows = f"az keyvault secret show --vault-name {vault.name} --name {SIGNING_SECRET} --query value -o tsv"
    return f"Give the partner {what}, by a trusted channel. This shows it: {shows}"


def _retired(vault: Vault, previous: str | None) -> list[str]:
    """Return how to disable the version before, which no delivery uses any more."""
    if not previous:
        return []
    step = (
        "After five minutes only the new secret signs. Then disable the previous version, if your policy asks for it: "
    )
    return [step + _disabling(vault, SIGNING_SECRET, previous)]


def _disabling(vault: Vault, name: str, version: str) -> str:
    command = f"az keyvault secret set-attributes --vault-name {vault.name} --name {name}"
    return f"{command} --version {version} --enabled false"

"""The command that replaces a secret: what it writes, what it says, and when it refuses."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from relay_admin.errors import FAILED, OK, USAGE
from shared.partner.webhook import signed_headers
from tests.support.rotating import BY_TEMPLATE, IDENTIFIER, KEY, SIGNING, Rotating, now, rotating

pytestmark = pytest.mark.server


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Rotating]:
    """Return IT at the command line."""
    yield from rotating(tmp_path, monkeypatch, capsys)


def bytes_of(value: str) -> bytes:
    """Return the bytes of a value in base64, with or without its prefix."""
    return base64.b64decode(value.removeprefix("whsec_"), validate=True)


def test_a_new_key_is_32_random_bytes_without_a_content_type(it: Rotating) -> None:
    """The version of the template stays beside it, enabled; no relay is named or called."""
    before = [version.content_type for version in it.versions(KEY)]
    code, out, _ = it.run(KEY)
    first, second = it.versions(KEY)
    assert (code, before, first.enabled) == (OK, [BY_TEMPLATE], True)
    assert (len(bytes_of(second.value)), second.content_type) == (32, "")
    assert second.version in out
    assert "by 20" in out
    it.older(KEY, days=8)
    it.run(KEY)
    values = [version.value for version in it.versions(KEY)]
    assert len(set(values)) == len(values) == 3


def test_a_key_is_not_retired_while_subscriptions_use_it(it: Rotating) -> None:
    """A second rotation within a week changes nothing, unless it is wanted at once."""
    it.run(KEY)
    code, _, err = it.run(KEY)
    assert (code, len(it.versions(KEY))) == (FAILED, 2)
    assert "--at-once" in err
    it.older(KEY, days=6, hours=23)
    assert it.run(KEY)[0] == FAILED
    assert it.run(KEY, "--at-once")[0] == OK
    assert len(it.versions(KEY)) == 3
    it.older(KEY, days=7, hours=1)
    assert it.run(KEY)[0] == OK


def test_a_document_says_when_the_old_key_may_be_disabled(it: Rotating) -> None:
    """A week after: no subscription lives longer."""
    (old,) = it.versions(KEY)
    document = it.document(KEY)
    assert (document["code"], document["secret"], document["inUse"]) == (OK, KEY, 2)
    assert document["previousVersion"] == old.version
    assert document["version"] == it.versions(KEY)[-1].version
    after = datetime.fromisoformat(document["disableAfter"])
    assert timedelta(days=7) - timedelta(minutes=5) < after - now() <= timedelta(days=7)
    assert f"--version {old.version} --enabled false" in document["next"][-1]


def test_a_signing_secret_is_rotated_in_two_steps(it: Rotating) -> None:
    """First the old and the new one sign, then the new one alone; the relay can sign with each version."""
    it.run(SIGNING)
    it.run(SIGNING, "--finish")
    first, both, last = ([*version.value.split()] for version in it.versions(SIGNING))
    assert (both[:1], both[1:]) == (first, last)
    assert len(bytes_of(last[0])) == 32
    for number, version in zip((2, 1), it.versions(SIGNING)[1:], strict=True):
        assert version.content_type == ""
        headers = signed_headers(SIGNING, version.value, "msg", now(), "{}")
        assert len(headers["webhook-signature"].split()) == number


def test_two_secrets_are_valid_during_set_up(it: Rotating) -> None:
    """The developers' and production's own, from the first delivery on; at its end production's alone.

    docs/secrets.md#two-secrets-during-set-up
    """
    for step in (("--at-once",), ()):
        assert it.run(SIGNING, *step)[0] == OK
    developers, production = it.values(SIGNING)
    assert developers != production
    value, body, moment = it.versions(SIGNING)[-1].value, '{"type": "x"}', now()
    headers = signed_headers(SIGNING, value, "msg", moment, body)
    for secret in (developers, production):
        assert Webhook(secret).verify(body, headers) == {"type": "x"}
    assert it.run(SIGNING)[0] == FAILED
    assert it.run(SIGNING, "--finish")[0] == OK
    assert it.values(SIGNING) == [production]
    with pytest.raises(WebhookVerificationError):
        Webhook(developers).verify(body, signed_headers(SIGNING, production, "msg", moment, body))


def test_the_steps_of_a_rotation_are_refused_out_of_order(it: Rotating) -> None:
    """A third secret is not added, and nothing is finished that was not begun."""
    assert it.run(SIGNING, "--finish")[0] == FAILED
    it.run(SIGNING)
    code, _, err = it.run(SIGNING)
    assert (code, "--finish" in err, len(it.versions(SIGNING))) == (FAILED, True, 2)


def test_a_signing_secret_that_nobody_has_is_replaced_at_once(it: Rotating) -> None:
    """Also while its newest version is disabled, as after a leak."""
    first = it.values(SIGNING)
    it.run(SIGNING, "--at-once")
    it.running.control("PATCH", f"/secrets/{SIGNING}", {"enabled": False})
    code, _, err = it.run(SIGNING)
    assert (code, "--at-once" in err) == (FAILED, True)
    assert it.document(SIGNING, "--at-once")["previousVersion"] is None
    assert len(it.values(SIGNING)) == 1
    assert first != it.values(SIGNING)
    assert all(sooner.value != later.value for sooner, later in pairwise(it.versions(SIGNING)))


def test_a_disabled_key_is_replaced(it: Rotating) -> None:
    """No version is in use: the new one is the only one."""
    it.running.control("PATCH", f"/secrets/{KEY}", {"enabled": False})
    document = it.document(KEY)
    assert (document["inUse"], document["previousVersion"], document["disableAfter"]) == (1, None, None)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [((IDENTIFIER,), "never rotated"), (("Identifier-Key",), "never rotated"),
     (("graph-client-secret",), "operations.md"), ((KEY, "--finish"), "--finish"),
     ((SIGNING, "--finish", "--at-once"), "--finish"),
     ((KEY, "--vault", "http://v.vault.azure.net"), "--vault NAME"), ((KEY, "--vault", "a_b"), "--vault NAME"),
     ((KEY, "--vault", "https://me:x@v.vault.azure.net"), "--vault NAME"),
     ((KEY, "--vault", "https://v.vault.azure.net/secrets"), "--vault NAME"),
     ((KEY, "--vault", "https://v.vault.azure.net#x"), "--vault NAME")],
)  # fmt: skip
def test_wrong_usage_writes_nothing(it: Rotating, arguments: tuple[str, ...], text: str) -> None:
    """The exit code is 2; the vault is not asked."""
    before = {name: len(versions) for name, versions in it.running.tenant.vault.items()}
    code, _, err = it.run(*arguments)
    assert (code, text in err) == (USAGE, True), err
    assert {name: len(versions) for name, versions in it.running.tenant.vault.items()} == before


def test_the_vault_is_required(it: Rotating, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an option or RELAY_VAULT_NAME."""
    monkeypatch.setenv("RELAY_VAULT_NAME", "")
    code, _, err = it.run(KEY)
    assert (code, "RELAY_VAULT_NAME" in err) == (USAGE, True)
    assert it.run(KEY, "--vault", f"{it.running.url}/")[0] == OK

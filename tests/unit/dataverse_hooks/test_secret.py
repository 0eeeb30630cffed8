"""Which texts are the secret of the webhooks, and how often the vault is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from shared.dataverse.hooks.secret import AGAIN_SECONDS, HookSecret
from shared.errors import ConfigurationError, ServiceUnavailable
from tests.support.fake_vault import VaultWorld, denied, sdk_error

FIRST, SECOND, THIRD = ("abcDEF_-" + str(number) * 35 for number in (1, 2, 3))
LIST = "list hook"


@pytest.fixture
def world() -> VaultWorld:
    """A vault with one version of the secret."""
    made = VaultWorld()
    made.vault.secrets["hook"] = [FIRST]
    return made


@pytest.fixture
def secret(world: VaultWorld) -> HookSecret:
    """The secret of a process."""
    return HookSecret(world.secrets, lambda: "hook", lambda: world.seconds)


def test_the_two_newest_versions_are_accepted(world: VaultWorld, secret: HookSecret) -> None:
    """So that it can be replaced; the version before them is not."""
    world.vault.secrets["hook"] = [FIRST, SECOND, THIRD]
    assert [secret.is_valid(each) for each in (FIRST, SECOND, THIRD)] == [False, True, True]


def test_a_disabled_version_is_not_accepted(world: VaultWorld, secret: HookSecret) -> None:
    """After a leak IT disables it."""
    world.vault.secrets["hook"] = [FIRST, SECOND]
    world.vault.disabled = {"v0"}
    assert [secret.is_valid(each) for each in (FIRST, SECOND)] == [False, True]


@pytest.mark.parametrize(
    "given", ["", FIRST[:-1], FIRST + "1", FIRST.lower(), f" {FIRST}", f"{FIRST}\n", f"{FIRST}, {FIRST}", "é" * 43,
              FIRST[:-1] + "\ud800", "x" * 100_000, "*" * 43],
    ids=range(11),
)  # fmt: skip
def test_every_other_text_is_refused(secret: HookSecret, given: str) -> None:
    """Also two values in one header, and what is no ASCII."""
    assert secret.is_valid(FIRST)
    assert not secret.is_valid(given)


def test_a_version_that_is_newer_than_the_cache_is_accepted(world: VaultWorld, secret: HookSecret) -> None:
    """A rotation takes effect at once, without a lost webhook."""
    assert secret.is_valid(FIRST)
    world.vault.secrets["hook"].append(SECOND)
    assert secret.is_valid(SECOND)
    assert secret.is_valid(FIRST)


def test_the_first_version_is_accepted_at_once(world: VaultWorld, secret: HookSecret) -> None:
    """Before `setup` no text is valid, and the vault's answer is no error."""
    world.vault.secrets["hook"] = []
    assert not secret.is_valid(FIRST)
    world.vault.secrets["hook"] = [FIRST]
    world.seconds += AGAIN_SECONDS
    assert secret.is_valid(FIRST)


def test_webhooks_in_parallel_wait_for_a_newer_version(world: VaultWorld, secret: HookSecret) -> None:
    """After a rotation several arrive at once: one reads the vault, and none of the others is refused."""
    assert secret.is_valid(FIRST)
    world.vault.secrets["hook"].append(SECOND)
    world.vault.open.clear()
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(secret.is_valid, SECOND) for _ in range(4)]
        early = wait(results, timeout=0.3).done
        world.vault.open.set()
        assert [each.result(180) for each in results] == [True] * 4
    assert not early
    assert world.vault.calls[LIST] == 2


def test_a_flood_of_wrong_secrets_reads_the_vault_every_ten_seconds(world: VaultWorld, secret: HookSecret) -> None:
    """Strangers can send them: it would be a call of the vault each."""
    assert secret.is_valid(FIRST)
    before = world.vault.calls[LIST]
    for _ in range(1000):
        assert not secret.is_valid(SECOND)
    assert world.vault.calls[LIST] - before == 1
    world.seconds += AGAIN_SECONDS
    secret.is_valid(SECOND)
    assert world.vault.calls[LIST] - before == 2


def test_a_malformed_secret_never_reads_the_vault(world: VaultWorld, secret: HookSecret) -> None:
    """Nor does a missing one."""
    for given in ("", "short", "x" * 300):
        secret.is_valid(given)
    assert not world.vault.calls


@pytest.mark.parametrize("value", ["short", "", f"{FIRST} {SECOND}", "pass word" * 5], ids=range(4))
def test_a_value_that_can_be_guessed_is_not_used(world: VaultWorld, secret: HookSecret, value: str) -> None:
    """Neither are two values in one version; IT may have set it by hand."""
    world.vault.secrets["hook"] = [value]
    assert not secret.is_valid(value)


def test_the_line_end_of_a_file_is_no_part_of_it(world: VaultWorld, secret: HookSecret) -> None:
    """`az keyvault secret set --file` keeps it."""
    world.vault.secrets["hook"] = [FIRST + "\n"]
    assert secret.is_valid(FIRST)


@pytest.mark.parametrize(
    ("failure", "raised"), [(denied(), ConfigurationError), (sdk_error(503), ServiceUnavailable)], ids=["denied", "503"]
)
def test_a_vault_that_cannot_be_read_says_nothing_of_a_secret(
    world: VaultWorld, secret: HookSecret, failure: Exception, raised: type[Exception]
) -> None:
    """The answer is then 503, after which Dataverse sends the webhook once more."""
    world.vault.failure = failure
    with pytest.raises(raised):
        secret.is_valid(FIRST)

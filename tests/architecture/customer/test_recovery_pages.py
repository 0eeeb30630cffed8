"""docs/recovery.md, docs/break-glass.md and docs/support.md: their times and names are those of the code."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from relay_admin.arguments import parser
from shared.auth import jwks
from shared.config import Settings
from shared.key_vault import DENIED_SECONDS
from shared.reliability.retry_schedule import ATTEMPT_OFFSETS
from shared.resync.catch_up import MAX_ABSENCE
from tests.architecture.bicep_files import APP, BICEP, parameters
from tests.architecture.customer.pages import ROOT, page, refusal_of_bash, relay_admin_commands, rows, shell

NAMES = ("recovery", "break-glass", "support")
PAGES = {name: page(name) for name in NAMES}
RECOVERY, BREAK_GLASS, SUPPORT = PAGES.values()
SECURITY = (ROOT / "SECURITY.md").read_text()
FIELDS = Settings.model_fields
SETTINGS = {(field.alias or name).upper() for name, field in FIELDS.items()}
PLACEHOLDERS = {"RELAY_URL", "VAULT_ID", "API_CLIENT_ID", "CALLER_CLIENT_ID"}
WEEKLY = (ROOT / ".github/workflows/weekly.yml").read_text()


def setting(name: str) -> int:
    """Return the value that the template gives a setting."""
    [value] = re.findall(rf"^  {name}: '(\d+)'$", APP, re.MULTILINE)
    return int(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_a_page_exist(name: str) -> None:
    """Bash parses the blocks; the command line has its commands, with their options."""
    blocks = shell(PAGES[name])
    assert len(blocks) >= {"support": 0, "break-glass": 1}.get(name, 5)
    assert [block for block in blocks if refusal_of_bash(block)] == []
    commands = relay_admin_commands(PAGES[name])
    assert len(commands) >= {"support": 1, "break-glass": 5}.get(name, 8)
    for words in commands:
        parser().parse_args(words)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_a_page_names_exists(name: str) -> None:
    """In the relay, or as a variable of azd's environment."""
    by_azd = set(re.findall(r"\$\{(\w+)", (ROOT / "infra/main.parameters.json").read_text()))
    named = set(re.findall(r"\b([A-Z]{3,}(?:_[A-Z]+)+)\b", re.sub(r"\$\w+|\w+=\$\(", "", PAGES[name])))
    assert named - SETTINGS - by_azd - PLACEHOLDERS == set()
    of_main = {parameter.name for parameter in parameters() if parameter.file == "main.bicep"}
    assert set(re.findall(r"`([a-z]+[A-Z]\w+)(?:=\w+)?`", PAGES[name])) <= of_main | {"lastError", "keyVault"}


def test_how_long_a_subscription_lasts_without_the_timer() -> None:
    """At least RENEW_BEFORE_MINUTES: every subscription with less was renewed by the last run."""
    assert timedelta(minutes=setting("RENEW_BEFORE_MINUTES")) == timedelta(days=3)
    assert timedelta(minutes=int(FIELDS["renew_before_minutes"].default)) == timedelta(days=3)
    assert "Subscriptions last three days without the timer" in RECOVERY
    assert "Subscriptions last three days without a renewal" in BREAK_GLASS


def test_when_every_mailbox_is_resynced() -> None:
    """After an absence of the timer."""
    assert timedelta(hours=3.5) == MAX_ABSENCE
    assert "less than 3.5 hours" in RECOVERY
    assert "Past 3.5 hours without a run" in BREAK_GLASS


def test_how_long_a_cached_secret_is_used() -> None:
    """While the vault refuses, and until it is asked again."""
    assert f"{DENIED_SECONDS:.0f} seconds after the first refusal" in BREAK_GLASS
    assert f"within {setting('SECRETS_KEPT_SECONDS')} seconds (SECRETS_KEPT_SECONDS)" in BREAK_GLASS
    assert DENIED_SECONDS == 600.0
    assert "Deliveries stop ten minutes after\n   the relay's first refusal" in RECOVERY


def test_how_long_entras_keys_are_used() -> None:
    """They are read every hour, and used for a week at most."""
    assert timedelta(hours=1).total_seconds() == jwks.KEEP_SECONDS
    assert timedelta(days=7).total_seconds() == jwks.LONGEST_SECONDS
    assert "read every hour; while that fails, the keys in hand stay in use for seven days at most" in BREAK_GLASS


def test_how_long_changes_are_tried() -> None:
    """Seven days, nearly: the last attempt of the schedule is less than half a day earlier."""
    last = timedelta(seconds=ATTEMPT_OFFSETS[-1])
    assert timedelta(days=6.5) < last <= timedelta(days=7)
    assert BREAK_GLASS.count("seven days") >= 2


def test_how_long_a_deleted_vault_can_be_recovered() -> None:
    """As long as the template keeps it."""
    assert "softDeleteRetentionInDays: 7" in BICEP["modules/vault.bicep"]
    assert "enablePurgeProtection: true" in BICEP["modules/vault.bicep"]
    assert "within seven days deploy with `recoverVault=true`" in RECOVERY


def test_the_state_that_the_page_lists_is_what_is_stored() -> None:
    """Each table of storage, each secret, the container of the package."""
    stored = (ROOT / "docs/data-protection.md").read_text()
    tables = set(re.findall(r"^\| table `(\w+)`", stored, re.MULTILINE)) - {"attempts"}  # locks, for seconds
    assert {"watches", "ledger", "parked", "slots", "appointments"} == tables
    listed = " ".join(row[1] for row in rows(RECOVERY, "## What is where"))
    assert tables <= set(re.findall(r"`(\w+)`", listed))
    assert "name: 'package'" in BICEP["modules/storage.bicep"]
    assert "`package`" in listed
    assert BICEP["modules/vault.bicep"].count("@onlyIfNotExists()") == 3
    assert "the three secrets" in RECOVERY


def test_the_export_has_what_the_steps_read() -> None:
    """The fields that jq takes are those of the API and of the command."""
    schemas = (ROOT / "docs/openapi.json").read_text()
    fields = set(re.findall(r"\.(mailbox|delivery|roomLists|roomList|watches)\b", RECOVERY))
    assert fields == {"mailbox", "delivery", "roomLists", "roomList", "watches"}
    command = (ROOT / "relay_admin/commands/watches.py").read_text()
    assert 'out.data({"watches": listed, "roomLists": lists})' in command
    assert all(f'"{field}"' in schemas for field in fields - {"watches"})


def test_the_roles_and_functions_of_the_pages_exist() -> None:
    """The role of the drill, the function that can be disabled, and the logger of pauses."""
    assert "'Key Vault Secrets User'" in BICEP["modules/roles.bicep"]
    assert '--role "Key Vault Secrets User"' in RECOVERY
    [function] = re.findall(r"`AzureWebJobs\.(\w+)\.Disabled`", BREAK_GLASS)
    assert f"def {function}(" in (ROOT / "functions/delivery.py").read_text()
    assert "`relay.audit`" in BREAK_GLASS
    assert any('"relay.audit"' in path.read_text() for path in (ROOT / "shared").rglob("*.py"))


def test_the_support_page_says_what_the_security_policy_says() -> None:
    """Which version gets fixes, and the days for an answer."""
    assert re.search(r"^\| the newest release \| yes \|$", SECURITY, re.MULTILINE)
    assert re.search(r"^\| older releases \| no: update;", SECURITY, re.MULTILINE)
    assert rows(SUPPORT, "## Which versions")[1] == ["the newest release", "fixes of faults and vulnerabilities"]
    assert "within three working days" in SECURITY
    assert "assessment within ten" in SECURITY.replace("\n", " ")
    assert "acknowledged within three working days, assessed within ten" in SUPPORT


def test_the_support_page_says_what_the_workflows_do() -> None:
    """Weekly on Mondays, failing without an answer; newer versions are proposed after some days."""
    assert "cron: '17 5 * * 1'" in WEEKLY
    assert "make audit MUST_ANSWER=1" in WEEKLY
    assert "each Monday" in SUPPORT
    dependabot = (ROOT / ".github/dependabot.yml").read_text()
    assert re.findall(r"package-ecosystem: pip\n.*\n.*interval: weekly\}\n +cooldown: \{default-days: 7\}", dependabot)
    assert "seven days after their release" in SUPPORT
    assert re.search(r"^lock: ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    [python] = re.findall(r"Python (3\.\d+) in Azure", SUPPORT)
    assert f"runtime: {{ name: 'python', version: '{python}' }}" in APP


def test_the_periods_are_proposals() -> None:
    """The page promises nothing that nobody can keep."""
    assert "propose" in SUPPORT.partition("\n## ")[0]
    assert "no contract" in SUPPORT.partition("\n## ")[0]
    severities = rows(SUPPORT, "## A vulnerability in the relay")[1:]
    assert [re.findall(r"\d+(?= days)", row[1]) for row in severities] == [["7"], ["30"], ["90"]]

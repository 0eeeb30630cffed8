"""The options of webhooks, and when the command signs in to the relay."""

from __future__ import annotations

import argparse

import pytest

from relay_admin.__main__ import calls_relay
from relay_admin.arguments import parser

ENVIRONMENT = ["--environment", "https://contoso.crm4.dynamics.com"]
SETUP = ["setup", *ENVIRONMENT, "--app-id", "11111111-2222-4333-8444-555555555555"]


def parsed(*typed: str) -> argparse.Namespace:
    """Return the options of `dataverse`."""
    return parser().parse_args(["dataverse", *typed])


@pytest.mark.parametrize(
    ("more", "environ", "expected"),
    [
        ([], {"RELAY_KEY": "key"}, False),
        (["--webhooks"], {}, False),
        (["--webhooks"], {"RELAY_KEY": "key"}, True),
        (["--webhooks"], {"RELAY_AUDIENCE": "api://x"}, True),
        (["--webhooks", "--key", "key"], {}, True),
        (["--webhooks", "--ask-key"], {}, True),
        (["--webhooks", "--audience", "api://x"], {}, True),
    ],
    ids=range(7),
)
def test_setup_signs_in_to_the_relay_if_it_can(more: list[str], environ: dict[str, str], expected: bool) -> None:  # noqa: FBT001
    """To see whether a webhook arrives; without a key or token it goes on without."""
    assert calls_relay(parsed(*SETUP, *more), environ) is expected


@pytest.mark.parametrize("typed", [["status"], ["hold"], ["hold", *ENVIRONMENT], ["release", *ENVIRONMENT]])
def test_a_verb_of_the_relay_always_signs_in(typed: list[str]) -> None:
    """It fails with what to do if it cannot."""
    assert calls_relay(parsed(*typed), {}) is True


@pytest.mark.parametrize("typed", [["rotate", *ENVIRONMENT], ["solution", *ENVIRONMENT, "--url", "https://x"]])
def test_rotate_and_solution_call_the_environment_alone(typed: list[str]) -> None:
    """They need no key of the relay, even if there is one."""
    assert calls_relay(parsed(*typed), {"RELAY_KEY": "key"}) is False


@pytest.mark.parametrize(
    "typed", [["rotate"], ["solution"], ["solution", *ENVIRONMENT], ["rotate", "--url", "https://x"]]
)
def test_what_is_missing_is_refused(typed: list[str]) -> None:
    """By the parser, with the exit code of wrong usage."""
    with pytest.raises(SystemExit) as caught:
        parsed(*typed)
    assert caught.value.code == 2

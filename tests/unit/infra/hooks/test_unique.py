"""The suffix of the names, as Bicep computes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.deployment.unique import unique_string

ROOT = Path(__file__).parents[4]
SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg"


@pytest.mark.parametrize(
    ("values", "result"),
    [
        (("abc",), "cgtzqvhu4i23s"),
        (("test",), "rbgf3xv4ufgzg"),
        (("tyeth",), "zcztcwvu6iyg6"),
        (("hello", "world"), "a7wkljktk6wne"),
        (("foo", "bar", "baz"), "xzi4ioaxtmth4"),
        ((SCOPE,), "bmg7c6xu4tw46"),
    ],
)
def test_the_results_are_those_of_the_compiler(values: tuple[str, ...], result: str) -> None:
    """Published results of uniqueString, with and without a last block that is not full."""
    assert unique_string(*values) == result


def test_the_template_derives_the_suffix_from_the_same_values() -> None:
    """In this order."""
    assert "uniqueString(subscription().id, environmentName, location)" in (ROOT / "infra/main.bicep").read_text()


def test_another_spelling_gives_other_names() -> None:
    """That is why the region has to be spelt as before."""
    assert unique_string("/subscriptions/s", "relay", "westeurope") != unique_string(
        "/subscriptions/s", "relay", "West Europe"
    )

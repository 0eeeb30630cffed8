"""A feature that is off is not registered at all; one that is on brings its own routes and no others."""

from __future__ import annotations

import pytest

from functions.features import MODULES
from shared.config import FEATURES
from tests.architecture.test_import import ROOT, bindings_of, probed
from tools.openapi.routes import operations


def registered(features: str) -> set[str]:
    """Return the names of the HTTP functions that an app with these FEATURES has."""
    return set(bindings_of(probed(ROOT, FEATURES=features), "httpTrigger"))


def of(*features: str) -> set[str]:
    """Return the names that the contract has for these features."""
    return {one.function for one in operations() if one.feature in features}


@pytest.mark.parametrize("feature", sorted(MODULES))
def test_a_feature_brings_its_own_functions_and_no_others(feature: str) -> None:
    """Beside the relay, which is always there; however the word is written."""
    assert registered(feature) == registered(f"relay, {feature.upper()} ") == of("relay", feature)
    assert len(of(feature)) >= 2


@pytest.mark.parametrize("features", ["", "relay", "calendar", "none,of,these"])
def test_what_is_off_has_no_address(features: str) -> None:
    """By default, and for words that name no feature."""
    assert registered(features) == of("relay")


def test_every_operation_belongs_to_the_relay_or_to_a_feature() -> None:
    """So that none is told of that nobody can switch on."""
    assert {one.feature for one in operations()} == {"relay", *MODULES} == set(FEATURES)

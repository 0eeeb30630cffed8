"""Claims about the services of features: a broken setting breaks what reads it, and not their building."""

from __future__ import annotations

import pytest

from shared.bootstrap.app import App
from shared.errors import ConfigurationError, RequestRejected


def test_the_calendar_service_is_built_whatever_the_settings_are() -> None:
    """What is wrong with a call is said before what is wrong with a setting."""
    service = App({"ALLOWED_MAILBOXES": "@Microsoft.KeyVault(x)", "GRAPH_BASE_URL": "nonsense"}).calendar_service
    with pytest.raises(RequestRejected, match="mailbox: must be"):
        service.list_calendars("no address")
    with pytest.raises(ConfigurationError, match="ALLOWED_MAILBOXES"):
        service.list_calendars("room1@contoso.com")


def test_the_calendar_service_names_a_broken_address_of_graph_when_it_calls_it() -> None:
    """Whom the customer does not allow hears nothing of it."""
    service = App({"ALLOWED_MAILBOXES": "@contoso.com", "GRAPH_BASE_URL": "nonsense"}).calendar_service
    with pytest.raises(RequestRejected) as rejection:
        service.list_calendars("room1@elsewhere.example")
    assert rejection.value.status == 403
    with pytest.raises(ConfigurationError, match="GRAPH_BASE_URL"):
        service.list_calendars("room1@contoso.com")

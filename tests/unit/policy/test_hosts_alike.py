"""ALLOWED_NOTIFICATION_HOSTS names hosts exactly: what only looks like one is another host."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.errors import RequestRejected
from shared.policy.permission import allows_host
from shared.watches.requests import checked_notification_url
from tests.support.world import SETTINGS

HOST = "hooks.partner.example"
SAME = ("https://{}", "https://{}/", "https://{}:8443/a?b=c", "https://{}./a")
ALIKE = (
    "https://www.{}/", "https://a.{}/", "https://{}.evil.example/", "https://evil-{}/", "https://partner.example/",
    "https://evil.example/{}", "https://evil.example/?{}", "https://evil.example#{}", "https://evil.example\\.{}/",
    "https://{}@evil.example/", "https://{}:443@evil.example/", "https://{}\\@evil.example/", "https://{}%2eevil.example/",
    "https://{}%00.evil.example/", "https://[::ffff:1.2.3.4]/{}", "https://*.partner.example/", "https:///{}", "https://.{}/",
)  # fmt: skip


def settings() -> Settings:
    """Return settings that allow one host, and whose webhook is at another one."""
    return Settings.load(SETTINGS | {"ALLOWED_NOTIFICATION_HOSTS": f" {HOST.upper()} ,other.example"})


@pytest.mark.parametrize("url", SAME)
def test_the_host_is_allowed_with_any_port_path_and_query(url: str) -> None:
    """A trailing dot names the same host."""
    assert allows_host(settings(), url.format(HOST))
    assert checked_notification_url(url.format(HOST), settings()) == url.format(HOST)


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("url", ALIKE)
def test_a_host_that_looks_like_it_is_refused(url: str, exists: bool) -> None:  # noqa: FBT001  (a table's cell)
    """To new watches, and to those that exist: each way of writing another host, as a parser of URLs may read it."""
    asked = url.format(HOST)
    assert not allows_host(settings(), asked, exists=exists)
    with pytest.raises(RequestRejected) as caught:
        checked_notification_url(asked, settings())
    assert (caught.value.problem.status, HOST in str(caught.value)) == (422, False)

"""Properties of the rule that says which addresses are public."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from shared.http.addresses import is_public

PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
# Where an address of IPv4 stands in one of IPv6: the network, and the bits to the right of it.
WRAPPERS = [("::", 0), ("::ffff:0:0", 0), ("::ffff:0:0:0", 0), ("64:ff9b::", 0), ("64:ff9b:1::", 0), ("2002::", 80)]

private = st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network))
anything = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(private, st.sampled_from(WRAPPERS), st.integers(0, 2**16 - 1))
def test_an_address_that_embeds_a_private_one_is_refused(
    inner: ipaddress.IPv4Address, wrapper: tuple[str, int], rest: int
) -> None:
    """Whichever way it is carried, and whatever stands beside it."""
    network, shift = wrapper
    outer = int(ipaddress.IPv6Address(network)) | int(inner) << shift
    assert not is_public(str(inner))
    assert not is_public(str(ipaddress.IPv6Address(outer | (rest if shift > 16 else 0))))


@given(private, st.integers(0, 2**32 - 1), st.booleans())
def test_teredo_is_refused(inner: ipaddress.IPv4Address, other: int, as_server: bool) -> None:  # noqa: FBT001
    """It carries two of them: the server's, and the client's with all bits turned."""
    server, client = (int(inner), other) if as_server else (other, int(inner) ^ 0xFFFFFFFF)
    assert not is_public(str(ipaddress.IPv6Address(0x20010000 << 96 | server << 64 | client)))


@given(anything)
def test_what_is_public_is_global_to_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Our rule is never the laxer one."""
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    """What is no address is not public, and no crash."""
    assert isinstance(is_public(text), bool)

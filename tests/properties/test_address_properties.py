"""Properties of the rule for public addresses."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from shared.http.addresses import is_public

PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
# Embeddings of IPv4 addresses in IPv6: the network, and the number of bits to the right.
WRAPPERS = [("::", 0), ("::ffff:0:0", 0), ("::ffff:0:0:0", 0), ("64:ff9b::", 0), ("64:ff9b:1::", 0), ("2002::", 80)]

private = st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network))
anything = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(private, st.sampled_from(WRAPPERS), st.integers(0, 2**16 - 1))
def test_an_address_that_embeds_a_private_address_is_not_public(
    inner: ipaddress.IPv4Address, wrapper: tuple[str, int], rest: int
) -> None:
    """In every embedding, whatever the other bits are."""
    network, shift = wrapper
    outer = int(ipaddress.IPv6Address(network)) | int(inner) << shift
    assert not is_public(str(inner))
    assert not is_public(str(ipaddress.IPv6Address(outer | (rest if shift > 16 else 0))))


@given(private, st.integers(0, 2**32 - 1), st.booleans())
def test_teredo_is_not_public(inner: ipaddress.IPv4Address, other: int, as_server: bool) -> None:  # noqa: FBT001
    """It embeds two addresses: the server's, and the client's with all bits inverted."""
    server, client = (int(inner), other) if as_server else (other, int(inner) ^ 0xFFFFFFFF)
    assert not is_public(str(ipaddress.IPv6Address(0x20010000 << 96 | server << 64 | client)))


@given(anything)
def test_a_public_address_is_global_in_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """The relay's rule is never the less strict one."""
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.text())
def test_any_text_is_public_or_not(text: str) -> None:
    """Text that is no address is not public, and raises nothing."""
    assert isinstance(is_public(text), bool)

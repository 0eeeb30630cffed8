"""Certificates of a local authority, valid and invalid, and the TLS contexts of servers with them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme

HOST = "partner.example"


@cache
def authority() -> trustme.CA:
    """Return the authority that the sessions of these tests trust."""
    return trustme.CA()


def roots(folder: Path) -> str:
    """Write the authority's certificate, as REQUESTS_CA_BUNDLE would name it."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return a server's TLS context for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def good() -> ssl.SSLContext:
    """Return a valid certificate for HOST."""
    return serving(authority().issue_cert(HOST))


def expired() -> ssl.SSLContext:
    """Return a certificate that was valid until yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return serving(authority().issue_cert(HOST, not_before=yesterday - timedelta(days=1), not_after=yesterday))


def not_yet_valid() -> ssl.SSLContext:
    """Return a certificate that will be valid tomorrow."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return serving(authority().issue_cert(HOST, not_before=tomorrow, not_after=tomorrow + timedelta(days=1)))


def of_another_name() -> ssl.SSLContext:
    """Return a valid certificate for another name, which also has the IP address."""
    return serving(authority().issue_cert("evil.example", "*.partner.example", "127.0.0.1"))


def of_nobody() -> ssl.SSLContext:
    """Return a certificate for HOST from an untrusted authority."""
    return serving(trustme.CA().issue_cert(HOST))


def only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a valid certificate with a single version of TLS."""
    context = good()
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 supports the old versions at this level only
    context.minimum_version = context.maximum_version = version
    return context


def lax(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client's TLS context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version
    return context

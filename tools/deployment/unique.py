"""The suffix of all names, as the template derives it: Bicep's uniqueString, which no REST call computes.

Reference: "String functions for Bicep" (uniqueString). The page does not describe the computation, a MurmurHash3 of two
32-bit numbers; the tests hold it to published results.
"""

from __future__ import annotations

import base64
import struct

MASK = 0xFFFFFFFF
FACTORS = (0x239B961B, 0xAB0E9789)
ADDENDS = (0x561CCD1B, 0x0BCAA747)


def unique_string(*values: str) -> str:
    """Return the thirteen letters and digits that Bicep's uniqueString gives for some texts. Case matters."""
    data = "-".join(values).encode()
    first = second = 0
    for start in range(0, len(data), 8):
        low, high = struct.unpack("<II", data[start : start + 8].ljust(8, b"\0"))
        first ^= _scrambled(low, 15, *FACTORS)
        mixed = second ^ _scrambled(high, 17, *reversed(FACTORS))
        if start + 8 <= len(data):
            first = ((_rotated(first, 19) + second) * 5 + ADDENDS[0]) & MASK
            mixed = ((_rotated(mixed, 13) + first) * 5 + ADDENDS[1]) & MASK
        second = mixed
    second ^= len(data)
    first = ((first ^ len(data)) + second) & MASK
    second = (second + first) & MASK
    first, second = _finished(first), _finished(second)
    first = (first + second) & MASK
    second = (second + first) & MASK
    return base64.b32encode(struct.pack(">II", second, first)).decode().rstrip("=").lower()


def _rotated(number: int, bits: int) -> int:
    return ((number << bits) | (number >> (32 - bits))) & MASK


def _scrambled(number: int, bits: int, before: int, after: int) -> int:
    return _rotated(number * before & MASK, bits) * after & MASK


def _finished(number: int) -> int:
    number = (number ^ number >> 16) * 0x85EBCA6B & MASK
    number = (number ^ number >> 13) * 0xC2B2AE35 & MASK
    return number ^ number >> 16

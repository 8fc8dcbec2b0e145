"""Codes derived, not stored: RFC 4226 truncation over a keyed digest.

A code exists only for the moment it is handed to the gateway or compared. What is stored is what it is derived *from*,
which without the key tells nothing.
"""

import hashlib
import hmac

from crs_core.domain.keys import Keyring

__all__ = ["code", "counter_digest", "matches", "truncate"]


def truncate(digest: bytes, digits: int) -> str:
    """The decimal code of a digest, by dynamic truncation; `digits` long, 1 to 9, with leading zeros.

    Source: RFC 4226, section 5.3.
    """
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def counter_digest(secret: bytes, counter: int) -> bytes:
    """HMAC-SHA-1 of an 8-byte counter, as RFC 4226 has it; kept for its published test vectors.

    >>> truncate(counter_digest(b"12345678901234567890", 0), 6)
    '755224'
    """
    return hmac.digest(secret, counter.to_bytes(8, "big"), hashlib.sha1)


def code(keyring: Keyring, key_id: str, *, purpose: str, subject: str, phone: str, generation: int, digits: int) -> str:
    """The code of a subject: equal arguments give equal codes, any other argument an unrelated one."""
    return truncate(keyring.digest(key_id, f"code:{purpose}", f"{subject}\x00{phone}\x00{generation}"), digits)


def matches(expected: str, given: str) -> bool:
    """Whether the given code is the expected one, in time that does not depend on where they differ.

    Spaces and hyphens, with which people copy codes, do not count; anything else must be equal.
    """
    return hmac.compare_digest(expected.encode(), "".join(given.split()).replace("-", "").encode())

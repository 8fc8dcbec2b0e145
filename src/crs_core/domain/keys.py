"""The keyring: named secrets, from which every PIN, token and pseudonym is derived."""

import hashlib
import hmac
from collections.abc import Mapping

from attrs import field, frozen

from crs_core.errors import NotFound

__all__ = ["Keyring"]

_LEAST_BYTES = 16


@frozen
class Keyring:
    """Named secrets. New things are made with the active one; the others still open what they once made.

    A PIN of days outlives a rotation: add a key, make it active, and drop the old one when nothing of it is left. The
    first by id also makes the pseudonyms by which phones and people are found again: it stays for the whole campaign.

    Attributes:
        secrets: At least 16 bytes each, by key id.
        active: The id of the key that makes new things.

    Raises:
        ValueError: No such active key, a key too short, or one whose id is not ASCII; the key itself is never shown.

    >>> Keyring({"2021-01": b"an invented key of 32 bytes ...."}, active="2021-01")
    Keyring(active='2021-01')
    """

    secrets: Mapping[str, bytes] = field(repr=False)
    active: str

    def __attrs_post_init__(self) -> None:
        if self.active not in self.secrets:
            raise ValueError(f"active={self.active!r}: the keyring holds no such key; it has {sorted(self.secrets)}")
        for name, secret in self.secrets.items():
            _check(name, secret)

    def digest(self, key_id: str, purpose: str, text: str) -> bytes:
        """HMAC-SHA-256 of a text under a key and a purpose; equal input gives equal output.

        Raises:
            NotFound: ``unknown_key``: the keyring no longer holds that key.
        """
        if key_id not in self.secrets:
            message = f"key {key_id!r} is not in the keyring"
            raise NotFound("unknown_key", message, remedy="put it back until nothing made with it is left")
        return hmac.digest(self.secrets[key_id], f"{purpose}\x00{text}".encode(), hashlib.sha256)

    def pseudonym(self, purpose: str, text: str) -> str:
        """A stable name for a text, made with the first key by id, so that it survives a rotation; 24 hex digits."""
        return self.digest(min(self.secrets), f"pseudonym:{purpose}", text).hex()[:24]


def _check(name: object, secret: object) -> None:
    if not (isinstance(name, str) and name.isascii() and name.isprintable()):
        raise ValueError("a key's id is printable ASCII text, such as '2021-01'; rename it")
    if not isinstance(secret, bytes):
        raise ValueError(f"key {name!r}: {type(secret).__name__}, a secret is bytes; read it as bytes")  # noqa: TRY004
    if len(secret) < _LEAST_BYTES:
        raise ValueError(f"key {name!r}: {len(secret)} bytes, at least {_LEAST_BYTES} are needed; make a new one")

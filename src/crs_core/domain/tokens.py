"""Signed, expiring tokens: what a web request hands from one step to the next.

A token says whom it was made for and until when, in the open, and is signed; it holds no PIN, no name and no number.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from crs_core.domain.keys import Keyring
from crs_core.domain.time import Instant, to_micros
from crs_core.errors import NotFound, Refused

__all__ = ["Unsigned", "read", "sign"]

_SECOND = 1_000_000


@frozen
class Unsigned:
    """What a token says, before it is signed: what is kept of it, so that nothing that is stored opens a door."""

    kind: str
    facts: Mapping[str, Any]
    until: Instant

    def signed(self, keyring: Keyring) -> str:
        """The token; the same once more for as long as the active key is the same.

        >>> from pendulum import datetime
        >>> keyring = Keyring({"2021-01": b"an invented key of 32 bytes ...."}, "2021-01")
        >>> token = Unsigned("proof", {"c": "challenge"}, datetime(2021, 1, 15, 9)).signed(keyring)
        >>> read(keyring, "proof", token, now=datetime(2021, 1, 15, 8))
        {'c': 'challenge'}
        """
        return sign(keyring, self.kind, self.facts, until=self.until)


def sign(keyring: Keyring, kind: str, facts: Mapping[str, Any], *, until: Instant) -> str:
    """The token of some facts: key id, body and signature, safe in a form field or a web address."""
    body = json.dumps([facts, to_micros(until) // _SECOND], separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
    return f"{keyring.active}.{text}.{_signature(keyring, keyring.active, kind, text)}"


def _signature(keyring: Keyring, key_id: str, kind: str, text: str) -> str:
    return base64.urlsafe_b64encode(keyring.digest(key_id, f"token:{kind}", text)[:18]).decode()


def read(keyring: Keyring, kind: str, token: str, *, now: Instant) -> dict[str, Any]:
    """The facts of a token that this keyring signed for this purpose and that has not expired.

    Raises:
        Refused: ``token_invalid`` for any text that is not such a token, ``token_expired`` after its time.
    """
    key_id, text, signature = _parts(token)
    try:
        expected = _signature(keyring, key_id, kind, text)
    except NotFound:
        raise _invalid(kind) from None
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise _invalid(kind)
    facts, until = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if to_micros(now) // _SECOND >= until:
        raise Refused("token_expired", f"the {kind} token has expired", remedy="start the step again", kind=kind)
    return dict(facts)


def _parts(token: object) -> tuple[str, str, str]:
    parts = token.rsplit(".", 2) if isinstance(token, str) and token.isascii() else []
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")  # noqa: PLR2004


def _invalid(kind: str) -> Refused:
    return Refused("token_invalid", f"this is no {kind} token of this system", remedy="start the step again", kind=kind)

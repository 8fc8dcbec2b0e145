"""Lottery tickets: drawn once a person, by nobody's hand, and for anybody with the keys to draw again.

A ticket is no stored randomness. It follows from the keyring, the campaign's seed and the person, so that an auditor
draws it again and finds the same; so that nobody knows theirs beforehand, as the key is secret; and so that whoever
withdraws and registers once more, or moves to another site, gets the same one and not a second chance.
"""

from crs_core.domain.keys import Keyring

__all__ = ["ticket"]

_HEX_DIGITS = 15  # 60 bits: a signed integer of every database holds them


def ticket(keyring: Keyring, seed: str, person: str) -> int:
    """The ticket of a person, by pseudonym, 0 to 2**60 - 1; equal input gives equal tickets, also after a rotation.

    >>> keyring = Keyring({"2021-01": b"an invented key of 32 bytes ...."}, "2021-01")
    >>> ticket(keyring, "Vzorov, May 2021", "person-1")
    441504674452919600
    """
    return int(keyring.pseudonym(f"lottery\x00{seed}", person)[:_HEX_DIGITS], 16)

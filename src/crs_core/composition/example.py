"""A small campaign to try things with: two invented sites, one product, invitation access."""

from crs_core.composition.campaign_file import read_campaign
from crs_core.domain.campaign import Campaign

__all__ = ["example_campaign"]

_TOML = """
[campaign]
name = "example"
zone = "Europe/Prague"
languages = ["cs", "en"]
phones = ["+420"]

[[access]]
from = 2021-01-15
mode = "immediate"

[[access]]
from = 2021-01-22
mode = "invitation"

[[may_register]]
from = 2021-01-15
minimum_age = 80

[products.comirnaty]
doses = 2
[[products.comirnaty.interval]]
from = 2021-01-15
days = [21, 28]

[[sites]]
id = "north"
name = "Nemocnice Vzorov Sever"
region = "north"
address = "Smyslena 1, Vzorov"

[[sites]]
id = "south"
name = "Nemocnice Vzorov Jih"
region = "south"
address = "Smyslena 2, Vzorov"
"""


def example_campaign() -> Campaign:
    """The campaign "example": immediate access on 15 January 2021, invitation access from the 22nd.

    >>> [place.id for place in example_campaign().places]
    ['north', 'south']
    """
    return read_campaign(_TOML, name="example")

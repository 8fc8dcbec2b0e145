"""Short messages through the operator of Vzorov, claims confirmed by its registry; both are asked over HTTP."""

import json
from collections.abc import Iterable
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import crs_core as crs
from crs_core.ports.registry import Answer
from crs_core.ports.sms import Sms

_SECONDS = 10
_NEVER = {400, 404, 422}  # what the operator says of a number that it will never reach


class Operator:
    """Hands each message over as JSON; the operator knows a second hand-off by its reference."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        body = json.dumps({"reference": sms.reference, "to": sms.to, "text": sms.text}).encode()
        request = Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310 - see _address
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - see _address
                return str(json.load(answer)["id"])
        except HTTPError as error:
            if error.code in _NEVER:
                raise crs.Refused("number_refused", f"status={error.code}: the operator takes no such number") from None
            raise crs.AdapterFault("operator_failed", f"status={error.code}", remedy="ask the operator") from None
        except (OSError, ValueError, LookupError) as error:
            raise crs.AdapterFault("operator_away", type(error).__name__, remedy="ask the operator") from None


class Register:
    """Asks who is what: ``{"confirmed": true}``, ``false``, or ``null`` where it cannot tell."""

    def __init__(self, url: str) -> None:
        self._url = url

    def verify(self, claim: str, insured_number: str) -> Answer:
        """See `Registry.verify`."""
        body = urlencode({"claim": claim, "number": insured_number}).encode()  # in the body: URLs end in logs
        try:
            with urlopen(Request(self._url, body), timeout=_SECONDS) as answer:  # noqa: S310 - see _address
                confirmed = json.load(answer)["confirmed"]
        except (OSError, ValueError, LookupError) as error:
            raise crs.AdapterFault("register_away", type(error).__name__, remedy="ask the registry") from None
        return {True: Answer.CONFIRMED, False: Answer.DENIED}.get(confirmed, Answer.UNKNOWN)


def _address(url: str) -> str:
    """``vzorov:https://…`` without what names the adapter."""
    address = url.partition(":")[2]
    if not address.startswith(("https://", "http://127.0.0.1:")):
        problem = crs.Problem("url", "vzorov:…", "must go on with https://", "give the address that Vzorov gave you")
        raise crs.InvalidInput([problem])
    return address


@crs.hookimpl
def crs_register_adapters() -> Iterable[crs.Adapter]:
    """The operator and the registry."""
    return [
        crs.Adapter("sms", "vzorov", lambda url, _around: Operator(_address(url)), "the operator of Vzorov"),
        crs.Adapter("registry", "vzorov", lambda url, _around: Register(_address(url)), "the registry of Vzorov"),
    ]

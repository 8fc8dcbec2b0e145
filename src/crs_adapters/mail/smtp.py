"""E-mail over SMTP: the URL and its options.

::

    smtp://user@mail.example.org:587?from=ockovani@example.org&name=Očkování&timeout=30
    smtps://user@mail.example.org:465?from=ockovani@example.org
    smtp://127.0.0.1:25?from=ockovani@example.org&starttls=no

``smtp:`` begins in the open and goes on under TLS, unless ``starttls=no``; ``smtps:`` is under TLS from the first byte.
The password comes from the environment, ``CRS_SMTP_PASSWORD``, or stands in the URL; it is never shown.
``cafile`` names certificates to trust beside those of the machine.
"""

import os
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.domain.inputs import has_controls, shown
from crs_core.domain.people import email_address, mask
from crs_core.errors import InvalidInput, Problem
from crs_core.ports.mail import MailServer

__all__ = ["crs_register_adapters"]

_PASSWORD = "CRS_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
_PORTS = {"smtp": 587, "smtps": 465}
_OPTIONS = ("from", "name", "starttls", "timeout", "cafile")
_LONGEST_TIMEOUT = 300


def _open(url: str, around: Surroundings) -> MailServer:
    from crs_adapters.mail.smtp_server import SmtpServer  # noqa: PLC0415 - TLS is paid for on first use

    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:  # says the URL, and so the password
        raise InvalidInput([Problem("mail", "…", "must be a URL with a host and a port", "mend it")]) from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    user = unquote(parts.username or "")
    password = unquote(parts.password or "") or os.environ.get(_PASSWORD, "")
    starttls = options.get("starttls", "required")
    problems = list(_problems(parts, options, starttls))
    if user and not password:
        problems.append(Problem("mail.password", "", "a user has a password", f"set {_PASSWORD}"))
    if not (user + password).isascii():
        rule = "user and password go in ASCII: Python's smtplib knows no other"
        problems.append(Problem("mail.password", "…", rule, "choose others"))
    if user and parts.scheme == "smtp" and starttls == "no":
        rule = "a password goes under TLS only"
        problems.append(Problem("mail.starttls", "no", rule, "leave starttls or the user out"))
    if problems:
        raise InvalidInput(problems)
    return SmtpServer.of(
        host=parts.hostname or "",
        port=port,
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp" and starttls == "required",
        user=user,
        password=password if user else "",
        sender=email_address(options["from"]),
        name=options.get("name", ""),
        timeout=int(options.get("timeout", "30")),
        cafile=options.get("cafile") or None,
        clock=around.clock,
    )


def _problems(parts: SplitResult, options: Mapping[str, str], starttls: str) -> Iterable[Problem]:
    if not parts.hostname:
        yield Problem("mail.host", "", "must be the name or the address of a server", "smtp://mail.example.org?from=…")
    for name in options.keys() - set(_OPTIONS):
        yield Problem("mail", shown(name), f"must be one of {_OPTIONS}", "mend the name or leave it out")
    try:
        email_address(options.get("from", ""))
    except ValueError as error:
        yield Problem("mail.from", mask(options.get("from", "")), str(error), "name the sender: ?from=…")
    if has_controls(options.get("name", "")):
        yield Problem("mail.name", "…", "must have no control characters", "leave them out")
    if starttls not in {"required", "no"}:
        yield Problem("mail.starttls", shown(starttls), "must be required or no", "mend it or leave it out")
    timeout = options.get("timeout", "30")
    if not (timeout.isascii() and timeout.isdigit() and 0 < int(timeout) <= _LONGEST_TIMEOUT):
        rule = f"must be whole seconds from 1 to {_LONGEST_TIMEOUT}"
        yield Problem("mail.timeout", shown(timeout), rule, "mend it or leave it out")


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """Mail servers, in the open with STARTTLS and under TLS."""
    return [
        Adapter("mail", "smtp", _open, "a mail server, with STARTTLS unless starttls=no"),
        Adapter("mail", "smtps", _open, "a mail server under TLS from the first byte"),
    ]

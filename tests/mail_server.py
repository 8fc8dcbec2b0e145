"""A real mail server on this machine, with certificates of its own, that keeps what it takes and refuses on demand."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from attrs import define, field, frozen

__all__ = ["Authority", "MailHost", "Received", "authority", "mail_host"]

_HERE = "127.0.0.1"  # a name might also mean an address that this machine does not have
USER, PASSWORD = "vzorov", "an invented password"


@frozen
class Received:
    """An e-mail as it came: from whom, to whom, and what it is."""

    sender: str
    to: list[str]
    options: list[str]
    message: EmailMessage
    raw: bytes = field(repr=False)


@define
class MailHost:
    """What a server does and has done.

    Attributes:
        answers: By the command that it refuses, the answer: ``{"RCPT": "550 5.1.1 no such user"}``.
    """

    port: int = 0
    received: list[Received] = field(factory=list)
    answers: dict[str, str] = field(factory=dict)

    def url(self, options: str = "", *, user: str = "", scheme: str = "smtp") -> str:
        """Its URL, with a sender and further options."""
        return f"{scheme}://{user}localhost:{self.port}?from=ockovani@example.org&timeout=20{options}"

    # The names below are those that aiosmtpd calls.

    async def handle_MAIL(self, _server: Any, _session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        if not self.answers.get("DATA", "2").startswith("5"):
            options = list(map(str, envelope.mail_options))
            self.received.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), options, message, content))
        if self.answers.get("DATA") == "hang up":
            server.transport.abort()
        return self.answers.get("DATA", "250 OK")


@frozen
class Authority:
    """Who vouches for the server, as a file of certificates, and the server's own context."""

    cafile: Path
    context: ssl.SSLContext = field(repr=False)


def authority(folder: Path) -> Authority:
    """An authority of our own, and a server that it vouches for."""
    issuer = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.issue_cert("localhost").configure_cert(context)
    cafile = folder / "authority.pem"
    issuer.cert_pem.write_to_path(str(cafile))
    return Authority(cafile, context)


def _logs_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@contextmanager
def mail_host(tls: ssl.SSLContext | None = None, *, implicit: bool = False, **settings: Any) -> Iterator[MailHost]:
    """A server while inside; under TLS from the first byte, by STARTTLS, or in the open where there is no context."""
    host = MailHost(_free_port())
    if implicit:
        settings["ssl_context"] = tls
    elif tls is not None:
        settings |= {"tls_context": tls, "require_starttls": True}
    settings = {"enable_SMTPUTF8": True, "ready_timeout": 60, "authenticator": _logs_in, **settings}
    controller = Controller(host, hostname=_HERE, port=host.port, **settings)
    controller.start()
    try:
        yield host
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server((_HERE, 0)) as probe:
        return int(probe.getsockname()[1])

"""Handing e-mail to a mail server, each message in a connection of its own: best a relay nearby, which queues.

Sources: RFC 5321, section 4.2.1, and RFC 3463 (which refusals are for good); RFC 6531 (addresses outside ASCII);
RFC 3834, section 5 (messages that nobody need answer).
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE

from attrs import field, frozen

from crs_core.errors import AdapterFault, CrsError, Refused
from crs_core.ports.clock import Clock
from crs_core.ports.mail import Mail

__all__ = ["SmtpServer"]

_FOR_GOOD = 500
_OURS = frozenset({530, 534, 535, 538})  # the server wants a login: no fault of the message
_POLICY = re.compile(rb"5\.7\.\d+")
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


@frozen
class SmtpServer:
    """A mail server.

    Attributes:
        sender: The address that messages come from; its domain also ends every Message-ID.
        name: What recipients are shown as the sender; empty for the address alone.
        timeout: Seconds to wait for each answer.
        context: What is trusted under TLS.
    """

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    sender: str
    name: str
    timeout: int
    clock: Clock = field(repr=False)
    context: ssl.SSLContext = field(repr=False)

    @classmethod
    def of(cls, *, cafile: str | None, **rest: object) -> "SmtpServer":
        """A server whose certificate is checked against those of the machine, and of a file where one is named.

        Raises:
            AdapterFault: The file cannot be read.
        """
        context = ssl.create_default_context()
        if cafile is not None:
            try:
                context.load_verify_locations(cafile)
            except OSError as error:
                raise AdapterFault(
                    "mail_misconfigured", f"cafile={cafile}: cannot be read", remedy="name certificates in PEM"
                ) from error
        return cls(context=context, **rest)  # type: ignore[arg-type]

    def send(self, mail: Mail) -> str:
        """See `SmsGateway.send`; returns the Message-ID, which a second hand-off of one message has again.

        Raises:
            AdapterFault: ``mail_unreachable``, ``mail_put_off`` or ``mail_misconfigured``; it will be tried again.
            Refused: ``mail_refused`` or ``mail_address_unsupported``; it never will.
        """
        to = _on_the_wire(mail.to)
        message = self._message(mail, to)
        with _translated(), self._session() as session:
            session.send_message(message, self.sender, [to])
        return str(message["Message-ID"])

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        if self.tls:
            opened: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self.context)
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        with opened as session:
            if self.starttls:
                session.starttls(context=self.context)
            if self.user:
                session.login(self.user, self.password)
            yield session

    def _message(self, mail: Mail, to: str) -> EmailMessage:
        message = EmailMessage(policy=WIRE)
        message["From"] = Address(self.name, addr_spec=self.sender)
        message["To"] = to
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = self.clock.now()
        message["Message-ID"] = f"<{_name_of(mail.reference)}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        for document in mail.documents:
            kind, *parameters = document.media_type.split(";")
            main, _, sub = kind.strip().partition("/")
            message.add_attachment(document.content, maintype=main, subtype=sub, filename=document.name)
            *_, part = message.iter_attachments()
            for parameter in parameters:
                name, _, value = parameter.strip().partition("=")
                part.set_param(name, value)
        return message


def _name_of(reference: str) -> str:
    """A message's reference as the left half of its Message-ID."""
    return reference if _PLAIN_NAME.fullmatch(reference) else reference.encode().hex()


def _on_the_wire(address: str) -> str:
    """An address with its domain in ASCII, so that any server takes it; what is left of the @ stays as it is."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


@contextmanager
def _translated() -> Iterator[None]:
    """The errors of the library as those of the port; answers of servers repeat addresses, so none is passed on."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _of_answer(*next(iter(error.recipients.values())), at="RCPT") from None
    except smtplib.SMTPDataError as error:
        raise _of_answer(error.smtp_code, error.smtp_error, at="DATA") from None
    except smtplib.SMTPNotSupportedError as error:
        if "SMTPUTF8" in str(error):
            rule = "the server takes no address outside ASCII"
            raise Refused("mail_address_unsupported", rule, remedy="give an address in ASCII") from None
        raise _misconfigured("the server lacks what the URL asks for") from None
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as error:
        raise _misconfigured(f"answer={error.smtp_code}: the server takes nothing from this user or sender") from None
    except ssl.SSLCertVerificationError as error:
        raise _misconfigured(f"the certificate is not trusted: {error.verify_message}") from None
    except (OSError, smtplib.SMTPException) as error:
        message = f"{type(error).__name__}: the server did not answer as it should"
        raise AdapterFault("mail_unreachable", message, remedy="try again") from None


def _of_answer(code: int, text: bytes | str, *, at: str) -> CrsError:
    """What a refusal of one message means.

    A refusal by policy (5.7.x) may be of this sender as well as of this address. It is tried again: a few tries too
    many cost less than the confirmations of a day.
    """
    said = text.encode() if isinstance(text, str) else text
    if code in _OURS:
        return _misconfigured(f"answer={code} to {at}: the server wants a login")
    if code < _FOR_GOOD or _POLICY.match(said):
        return AdapterFault("mail_put_off", f"answer={code} to {at}: not now", remedy="try again")
    return Refused("mail_refused", f"answer={code} to {at}: the server will never take this message")


def _misconfigured(what: str) -> AdapterFault:
    return AdapterFault("mail_misconfigured", what, remedy="mend the mail URL or the server; messages wait meanwhile")

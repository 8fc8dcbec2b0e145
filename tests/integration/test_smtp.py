"""E-mail through a real server: what arrives, and what each of its answers means."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crs_core as crs
from crs_adapters.mail import smtp
from crs_core.domain.confirmation import Document
from crs_core.ports.mail import Mail, MailServer
from crs_core.testing.clock import VirtualClock
from tests.confirmations import NOW
from tests.mail_server import PASSWORD, USER, Authority, MailHost, authority, mail_host

AROUND = crs.Surroundings("example", "Europe/Prague", VirtualClock(NOW))
DOCUMENTS = (
    Document("potvrzeni.pdf", "application/pdf", b"%PDF-1.7 invented \x00\xff\r\n.\r\n"),
    Document("ockovani.ics", "text/calendar; method=PUBLISH; charset=utf-8", "BEGIN:VCALENDAR\r\nč\r\n".encode()),
)
MAIL = Mail("Ab-c_1", "vzorka@example.org", "Potvrzení rezervace očkování", "Dobrý den,\n\nžluťoučký kůň.\n", DOCUMENTS)
PLAIN = "&starttls=no"


def opened(url: str) -> MailServer:
    adapters = {adapter.scheme: adapter for adapter in smtp.crs_register_adapters()}
    server: MailServer = adapters[url.partition(":")[0]].open(url, AROUND)
    return server


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def host() -> Iterator[MailHost]:
    with mail_host() as found:
        yield found


def test_a_message_arrives_with_what_it_encloses(host: MailHost) -> None:
    named = opened(host.url(f"{PLAIN}&name={quote('Očkování Vzorov')}"))
    name = named.send(MAIL)
    [found] = host.received
    message = found.message

    assert (found.sender, found.to) == ("ockovani@example.org", ["vzorka@example.org"])
    assert str(message["From"]) == "Očkování Vzorov <ockovani@example.org>"
    assert (message["To"], message["Subject"]) == (MAIL.to, MAIL.subject)
    assert message["Message-ID"] == name == "<Ab-c_1@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MAIL.text
    pdf, ics = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type(), pdf.get_content()) == (
        "potvrzeni.pdf",
        "application/pdf",
        DOCUMENTS[0].content,
    )
    assert (ics.get_filename(), ics.get_content_type()) == ("ockovani.ics", "text/calendar")
    assert (ics.get_param("method"), ics.get_param("charset")) == ("PUBLISH", "utf-8")
    assert ics.get_payload(decode=True) == DOCUMENTS[1].content


def test_a_message_without_documents_is_one_part(host: MailHost) -> None:
    opened(host.url(PLAIN)).send(evolve(MAIL, documents=()))

    assert host.received[0].message.get_content_type() == "text/plain"


def test_a_second_hand_off_is_known_by_its_name_and_equal_to_the_byte(host: MailHost) -> None:
    server = opened(host.url(PLAIN))
    assert server.send(MAIL) == server.send(MAIL)
    first, second = (found.raw.split(b"boundary=")[0] for found in host.received)

    assert first == second
    assert server.send(evolve(MAIL, reference="other")) != server.send(MAIL)


def test_it_goes_under_tls_and_logs_in(vouched: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRS_SMTP_PASSWORD", PASSWORD)
    with mail_host(vouched.context, auth_required=True) as host:
        opened(host.url(f"&cafile={vouched.cafile}", user=f"{USER}@")).send(MAIL)
        assert len(host.received) == 1
    with mail_host(vouched.context, implicit=True) as host:
        opened(host.url(f"&cafile={vouched.cafile}", scheme="smtps")).send(MAIL)
        assert len(host.received) == 1


def fault_of(server: MailServer, mail: Mail = MAIL) -> crs.CrsError:
    with pytest.raises((crs.AdapterFault, crs.Refused)) as caught:
        server.send(mail)
    fault = caught.value
    assert "vzorka" not in f"{fault!r} {fault} {fault.__cause__!r}", "an answer repeats the address"
    assert fault.__suppress_context__
    return fault


def test_a_wrong_password_waits_until_it_is_mended(vouched: Authority) -> None:
    with mail_host(vouched.context, auth_required=True) as host:
        server = opened(host.url(f"&cafile={vouched.cafile}", user=f"{USER}:Secret-word@"))
        fault = fault_of(server)
        nobody = fault_of(opened(host.url(f"&cafile={vouched.cafile}")))

    assert isinstance(fault, crs.AdapterFault)
    assert (fault.code, nobody.code) == ("mail_misconfigured", "mail_misconfigured")
    assert "Secret" not in f"{server!r} {fault!r}"


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(vouched: Authority) -> None:
    with mail_host(vouched.context) as host:
        fault = fault_of(opened(host.url()))

    assert fault.code == "mail_misconfigured"
    assert "certificate" in fault.message


def test_a_server_without_tls_is_told_nothing(host: MailHost) -> None:
    """Not even to whom the message goes."""
    assert fault_of(opened(host.url())).code == "mail_misconfigured"
    assert host.received == []


@pytest.mark.parametrize(
    ("at", "answer", "kind", "code"),
    [
        ("RCPT", "550 5.1.1 <vzorka@example.org>: no such user", crs.Refused, "mail_refused"),
        ("RCPT", "553 no such mailbox", crs.Refused, "mail_refused"),
        ("DATA", "552 5.3.4 too large", crs.Refused, "mail_refused"),
        ("RCPT", "450 4.2.1 busy", crs.AdapterFault, "mail_put_off"),
        ("RCPT", "452 4.2.2 full", crs.AdapterFault, "mail_put_off"),
        ("DATA", "451 4.3.0 later", crs.AdapterFault, "mail_put_off"),
        ("RCPT", "554 5.7.1 <vzorka@example.org>: Relay access denied", crs.AdapterFault, "mail_put_off"),
        ("RCPT", "530 5.7.0 log in first", crs.AdapterFault, "mail_misconfigured"),
        ("MAIL", "550 5.7.1 not your address", crs.AdapterFault, "mail_misconfigured"),
        ("DATA", "421 4.3.2 going down", crs.AdapterFault, "mail_put_off"),
    ],
)
def test_an_answer_means_never_or_not_now(
    host: MailHost, at: str, answer: str, kind: type[crs.CrsError], code: str
) -> None:
    host.answers[at] = answer
    fault = fault_of(opened(host.url(PLAIN)))

    assert (type(fault), fault.code) == (kind, code)
    host.answers.clear()
    opened(host.url(PLAIN)).send(MAIL)


def test_an_answer_that_is_lost_means_another_try(host: MailHost) -> None:
    """The message was taken: the second has the same name."""
    host.answers["DATA"] = "hang up"
    assert fault_of(opened(host.url(PLAIN))).code == "mail_unreachable"
    host.answers.clear()
    opened(host.url(PLAIN)).send(MAIL)

    assert {str(found.message["Message-ID"]) for found in host.received} == {"<Ab-c_1@example.org>"}


def test_nobody_at_the_other_end_means_another_try() -> None:
    with socket.create_server(("localhost", 0)) as probe:
        port = probe.getsockname()[1]

    assert fault_of(opened(f"smtp://localhost:{port}?from=a@example.org")).code == "mail_unreachable"


def test_an_address_outside_ascii_needs_a_server_that_takes_it(host: MailHost) -> None:
    žofie = evolve(MAIL, to="žofie@příklad.example.org")  # noqa: PLC2401 - the name is the point
    opened(host.url(PLAIN)).send(žofie)
    [found] = host.received

    assert found.to == ["žofie@xn--pklad-zsa96e.example.org"]
    assert "SMTPUTF8" in found.options
    with mail_host(enable_SMTPUTF8=False) as old:
        fault = fault_of(opened(old.url(PLAIN)), žofie)
        opened(old.url(PLAIN)).send(evolve(MAIL, to="zofie@příklad.example.org"))
        assert old.received[0].to == ["zofie@xn--pklad-zsa96e.example.org"]
    assert (type(fault), fault.code) == (crs.Refused, "mail_address_unsupported")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(max_size=80), st.text(max_size=200))
def test_no_text_adds_a_header_or_ends_the_message(host: MailHost, reference: str, subject: str, text: str) -> None:
    reference, subject, text = (each.encode(errors="ignore").decode() for each in (reference, subject, text))
    host.received.clear()
    opened(host.url(PLAIN)).send(Mail(reference or "x", MAIL.to, f"{subject}\r\nBcc: evil@example.org", text))
    [found] = host.received

    assert found.to == [MAIL.to]
    assert "Bcc" not in found.message
    assert found.message.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("smtp:?from=a@example.org", "mail.host=: must be the name"),
        ("smtp://localhost", "mail.from=: an e-mail address is"),
        ("smtp://localhost?from=nobody", "mail.from=…dy: an e-mail address is"),
        ("smtp://localhost:99999?from=a@example.org", "mail=…: must be a URL with a host and a port"),
        ("smtp://localhost?from=a@example.org&starttls=maybe", "mail.starttls='maybe': must be required or no"),
        ("smtp://localhost?from=a@example.org&timeout=0", "mail.timeout='0': must be whole seconds"),
        ("smtp://localhost?from=a@example.org&colour=blue", "mail='colour': must be one of"),
        ("smtp://localhost?from=a@example.org&name=x%0d%0aBcc:y", "mail.name=…: must have no control characters"),
        ("smtp://joe@localhost?from=a@example.org", "mail.password=: a user has a password; set CRS_SMTP_PASSWORD"),
        ("smtp://joe:Secret@localhost?from=a@example.org&starttls=no", "a password goes under TLS only"),
        ("smtp://joe:Secreté@localhost?from=a@example.org", "user and password go in ASCII"),
        ("smtp://localhost?from=a@example.org&cafile=/no/such.pem", "cafile=/no/such.pem: cannot be read"),
    ],
)
def test_a_bad_url_is_told_and_its_password_is_not(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRS_SMTP_PASSWORD", raising=False)
    with pytest.raises(crs.CrsError) as caught:
        opened(url)

    assert said in str(caught.value)
    assert "Secret" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


ERRORS = [
    smtplib.SMTPServerDisconnected("x"),
    smtplib.SMTPConnectError(554, b"no"),
    smtplib.SMTPHeloError(501, b"no"),
    smtplib.SMTPResponseException(500, b"no"),
    smtplib.SMTPException("x"),
    ssl.SSLError("x"),
    TimeoutError("x"),
    ConnectionResetError("x"),
    socket.gaierror("x"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_no_error_of_the_library_comes_through(
    host: MailHost, error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(smtplib.SMTP, "send_message", fail)

    assert fault_of(opened(host.url(PLAIN))).code == "mail_unreachable"

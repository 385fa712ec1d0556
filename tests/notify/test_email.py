"""Mail goes out whole and once, or says whose fault it was and when to try again; it never holds anybody up."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage as Parsed
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.clock import FakeClock
from tests.notify.mail_servers import Identity, Say, free_port, identity, polite, real_server, scripted
from tillgate.domain.errors import Invalid, Refused, Unavailable
from tillgate.domain.settings import Settings
from tillgate.notify import wire
from tillgate.notify.email import Account, FolderNotifier, Sender, SmtpNotifier, account_of, check_address
from tillgate.notify.mime import envelope
from tillgate.ports import EmailAttachment, EmailMessage, Notifier

# With TLS from the first byte aiosmtpd does not see it, and warns.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
SENDER = Sender("till@example.com", "Café Nilgiri, Bengaluru")
MESSAGE = EmailMessage(
    message_id="<outbox-7-0a1b2c@tillgate>",
    to="asha@example.com",
    subject="Payment received: ₹1,234.50",
    text="Hello Asha,\n\n.a line that begins with a dot\n₹1,234.50\n",
    html="<p>Hello <b>Asha</b></p>",
    attachments=(EmailAttachment("TRN-T1-000001.pdf", "application/pdf", b"%PDF-1.4\r\n\x00\xff"),),
)


class RealClock(FakeClock):
    """Real waiting, a fixed date."""

    def monotonic(self) -> float:
        return time.monotonic()


def account(port: int, security: str = "none", user: str = "") -> Account:
    return Account("127.0.0.1", port, security, user, SENDER)


def notifier(
    port: int,
    security: str = "none",
    *,
    user: str = "",
    password: str = "",
    trust: Identity | None = None,
    s: float = 5.0,
) -> Notifier:
    tls = trust.client if trust else ssl.create_default_context
    return SmtpNotifier(account(port, security, user), lambda: password, RealClock(), deadline_s=s, tls=tls)


def parsed(content: bytes | str | None) -> Parsed:
    assert isinstance(content, bytes)
    made = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(made, Parsed)
    return made


@pytest.fixture(scope="module")
def server_identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("tls"))


def test_a_mail_arrives_with_text_html_and_its_attachment() -> None:
    with real_server() as box:
        notifier(box.port).send(MESSAGE)
    (taken,) = box.taken
    assert (taken.mail_from, taken.rcpt_tos) == ("till@example.com", ["asha@example.com"])
    made = parsed(taken.content)
    assert made["Message-ID"] == MESSAGE.message_id
    assert made["Subject"] == MESSAGE.subject
    assert made["To"] == "asha@example.com"
    assert made["From"].addresses[0].display_name == SENDER.name
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Date"].datetime == FakeClock().now()
    text, html = made.get_body(("plain",)), made.get_body(("html",))
    assert text is not None and html is not None
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert "<b>Asha</b>" in html.get_content()
    (attachment,) = made.iter_attachments()
    assert attachment.get_filename() == "TRN-T1-000001.pdf"
    assert attachment.get_content() == MESSAGE.attachments[0].content


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_over_tls_with_a_password(server_identity: Identity, security: str) -> None:
    given: dict[str, ssl.SSLContext] = {security: server_identity.server}
    with real_server(password="open sesame", **given) as box:  # type: ignore[arg-type]
        notifier(box.port, security, user="till", password="open sesame", trust=server_identity).send(MESSAGE)
        assert box.logins == [("till", "open sesame")]
        assert parsed(box.taken[0].content)["Message-ID"] == MESSAGE.message_id
        with pytest.raises(Unavailable, match="mail_login_refused") as raised:
            notifier(box.port, security, user="till", password="wrong", trust=server_identity).send(MESSAGE)
        assert "wrong" not in str(raised.value)
    assert len(box.taken) == 1


def test_a_server_that_cannot_prove_itself_hears_no_password(server_identity: Identity, tmp_path: Path) -> None:
    other = identity(tmp_path, "127.0.0.9")
    asked: list[str] = []

    def password() -> str:
        asked.append("asked")
        return "secret"

    for trust in (None, other):
        for security in ("tls", "starttls"):
            given: dict[str, ssl.SSLContext] = {security: (other if trust else server_identity).server}
            tls = trust.client if trust else ssl.create_default_context
            with real_server(password="secret", **given) as box:  # type: ignore[arg-type]
                mine = SmtpNotifier(account(box.port, security, "till"), password, RealClock(), tls=tls)
                with pytest.raises(Unavailable, match="mail_tls_failed"):
                    mine.send(MESSAGE)
            assert (box.logins, box.taken) == ([], [])
    assert asked == []


def test_encryption_is_never_dropped_quietly() -> None:
    with real_server() as box, pytest.raises(Unavailable, match="mail_tls_failed"):
        notifier(box.port, "starttls", user="till", password="secret").send(MESSAGE)
    assert box.taken == []
    elsewhere = SmtpNotifier(replace(account(25), host="mail.example.com"), lambda: None, RealClock())
    with pytest.raises(Unavailable, match="mail_needs_encryption"):
        elsewhere.send(MESSAGE)


@pytest.mark.parametrize(
    ("answers", "kind", "code"),
    [
        ({"RCPT": "550 5.1.1 <asha@example.com> unknown"}, Refused, "mail_address_refused"),
        ({"RCPT": "553 no"}, Refused, "mail_address_refused"),
        ({"RCPT": "451 greylisted"}, Unavailable, "mail_deferred"),
        ({"MAIL": "550 not from here"}, Unavailable, "mail_sender_refused"),
        ({"MAIL": "552 too large"}, Refused, "mail_refused"),
        ({"MAIL": "421 closing"}, Unavailable, "mail_sender_refused"),
        ({"dot": "554 looks like spam"}, Refused, "mail_refused"),
        ({"dot": "452 full"}, Unavailable, "mail_deferred"),
        ({"DATA": "554 no"}, Refused, "mail_refused"),
        ({"greeting": "554 no service"}, Unavailable, "mail_unreachable"),
        ({"greeting": "nonsense"}, Unavailable, "mail_unreachable"),
        ({"EHLO": "502 no", "HELO": "502 no"}, Unavailable, "mail_unreachable"),
    ],
)
def test_what_the_server_says_is_taken_as_it_means_it(
    answers: dict[str, str], kind: type[Exception], code: str
) -> None:
    with scripted(polite(answers)) as port, pytest.raises(kind, match=code) as raised:
        notifier(port).send(MESSAGE)
    assert "asha" not in str(raised.value)


def test_a_goodbye_that_fails_does_not_undo_the_mail() -> None:
    def hang_up(say: Say, hear: Callable[[], bytes], over: threading.Event) -> None:
        polite({})(say, lambda: b"" if (line := hear()).lower().startswith(b"quit") else line, over)

    with scripted(hang_up) as port:
        notifier(port).send(MESSAGE)


def test_a_server_that_never_says_goodbye_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "GOODBYE_S", 0.2)

    def linger(say: Say, hear: Callable[[], bytes], over: threading.Event) -> None:
        def hear_until_quit() -> bytes:
            line = hear()
            if line.lower().startswith(b"quit"):
                over.wait(60)
            return line

        polite({})(say, hear_until_quit, over)

    with scripted(linger) as port:
        begun = time.monotonic()
        notifier(port).send(MESSAGE)
        assert time.monotonic() - begun < 30


def _drip(text: bytes) -> Callable[[Say, Callable[[], bytes], threading.Event], None]:
    def script(say: Say, _hear: Callable[[], bytes], over: threading.Event) -> None:
        for byte in text:
            say(bytes([byte]))
            if over.wait(0.03):
                return

    return script


def _never_end(say: Say, hear: Callable[[], bytes], over: threading.Event) -> None:
    say(b"220 hello\r\n")
    hear()
    while not over.is_set():
        say(b"250-and another thing\r\n" * 2000)


def _silent(_say: Say, hear: Callable[[], bytes], over: threading.Event) -> None:
    hear()
    over.wait(60)


def _stop_reading(say: Say, hear: Callable[[], bytes], over: threading.Event) -> None:
    def hear_until_data() -> bytes:
        line = hear()
        if line.lower().startswith(b"data"):
            say(b"354 go on\r\n")
            over.wait(60)
        return line

    polite({})(say, hear_until_data, over)


@pytest.mark.parametrize("script", [_drip(b"220 " + b"x" * 2_000), _silent, _never_end, _stop_reading])
def test_however_slowly_the_server_talks_the_deadline_holds(
    script: Callable[[Say, Callable[[], bytes], threading.Event], None],
) -> None:
    large = replace(MESSAGE, attachments=(EmailAttachment("a.bin", "application/x-bin", b"x" * 8_000_000),))
    with scripted(script) as port:
        mine = notifier(port, s=0.4)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="mail_slow"):
            mine.send(large)
        # Far less than the scripts take; how exactly the deadline is kept is a figure of the bench.
        assert time.monotonic() - begun < 30


def test_a_server_that_never_stops_talking_is_cut_off_long_before_the_deadline() -> None:
    with scripted(_never_end) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="mail_slow"):
            notifier(port, s=90).send(MESSAGE)
        assert time.monotonic() - begun < 60


def test_a_slow_handshake_and_a_slow_name_server_have_the_same_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(_silent) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="mail_slow"):
            notifier(port, "tls", s=0.3).send(MESSAGE)
        assert time.monotonic() - begun < 30
    released = threading.Event()

    def slow(*_args: object, **_named: object) -> list[object]:
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="mail_slow"):
        notifier(25, s=0.2).send(MESSAGE)
    released.set()
    assert time.monotonic() - begun < 30


def test_nobody_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="mail_unreachable"):
        notifier(free_port()).send(MESSAGE)

    def unknown(*_args: object, **_named: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="mail_unreachable"):
        notifier(25).send(MESSAGE)


@pytest.mark.parametrize("field", ["to", "subject", "message_id"])
@pytest.mark.parametrize("bad", ["x\r\nBcc: thief@example.com", "x\nX: y", "x\rX: y", "x\x00", "x\u2028Bcc: y"])
def test_nothing_gets_into_the_headers(field: str, bad: str) -> None:
    with scripted(polite({})) as port, pytest.raises(Refused, match=r"mail_header_unsafe"):
        notifier(port).send(replace(MESSAGE, **{field: bad}))  # type: ignore[arg-type]
    attachment = EmailAttachment(f"{bad}.pdf", "application/pdf", b"")
    with pytest.raises(Refused, match="mail_header_unsafe"):
        envelope(replace(MESSAGE, attachments=(attachment,)), SENDER, FakeClock().now())
    with pytest.raises(Refused, match="mail_header_unsafe"):
        envelope(MESSAGE, Sender(SENDER.address, bad), FakeClock().now())


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_subject_is_one_header_or_refused(subject: str, name: str) -> None:
    message = replace(MESSAGE, subject=subject, attachments=())
    try:
        made = parsed(envelope(message, Sender(SENDER.address, name), FakeClock().now()).content)
    except Refused as refusal:
        assert refusal.code == "mail_header_unsafe"
        assert any(not char.isprintable() for char in subject + name)
        return
    assert made["To"] == MESSAGE.to
    assert [name.lower() for name in made].count("bcc") == 0
    assert made["Message-ID"] == MESSAGE.message_id


@pytest.mark.parametrize("bad", ["", "asha", "a b@example.com", "a@b", "Asha <a@example.com>", "a@x.com,b@x.com"])
def test_an_address_that_is_none_is_refused_for_good(bad: str) -> None:
    with pytest.raises(Refused, match="mail_address_malformed"):
        notifier(9).send(replace(MESSAGE, to=bad))
    with pytest.raises(Invalid, match="address_malformed"):
        check_address(bad)


def test_addresses_beyond_ascii() -> None:
    assert check_address("asha@exämple.com") == "asha@xn--exmple-cua.com"
    letters = replace(MESSAGE, to="आशा@example.com")
    with real_server(utf8=True) as box:
        notifier(box.port).send(letters)
    assert box.taken[0].rcpt_tos == ["आशा@example.com"]
    with real_server() as box, pytest.raises(Refused, match="mail_address_unsupported"):
        notifier(box.port).send(letters)


def test_in_training_mail_is_a_file_and_a_repeat_replaces_it(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    # Nothing leaves, so nobody need have these addresses.
    mine: Notifier = FolderNotifier(folder, Sender("training@tillgate.invalid"), FakeClock())
    mine.send(MESSAGE)
    mine.send(MESSAGE)
    mine.send(replace(MESSAGE, message_id="<outbox-9-0a1b2c@tillgate>", to="lens@shop.test"))
    mine.send(replace(MESSAGE, message_id="<outbox-8-0a1b2c@tillgate>"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "outbox-7-0a1b2c_tillgate.eml",
        "outbox-8-0a1b2c_tillgate.eml",
        "outbox-9-0a1b2c_tillgate.eml",
    ]
    made = parsed((folder / "outbox-7-0a1b2c_tillgate.eml").read_bytes())
    assert (made["Subject"], made["To"]) == (MESSAGE.subject, MESSAGE.to)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    for bad in ("", "asha", "a@b\r\nBcc: x@y.com"):
        with pytest.raises(Refused):
            mine.send(replace(MESSAGE, to=bad))
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(Unavailable, match="mail_folder_failed"):
        FolderNotifier(blocked / "mail", SENDER, FakeClock()).send(MESSAGE)


def test_the_account_comes_from_the_settings() -> None:
    assert account_of(Settings()) is None
    stored = {"mail.host": "mail.example.com", "mail.from": "till@example.com", "store.name": "Nilgiri"}
    found = account_of(Settings(stored))
    assert found == Account("mail.example.com", 587, "starttls", "", Sender("till@example.com", "Nilgiri"))

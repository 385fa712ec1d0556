"""Mail servers on loopback: a real one, and one that says whatever a test wants at whatever pace."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Mailbox:
    """What a real server took."""

    port: int
    taken: list[Envelope] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.taken.append(envelope)
        return "250 taken"


@contextlib.contextmanager
def real_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, password: str = "", utf8: bool = False
) -> Iterator[Mailbox]:
    """aiosmtpd; with a password it takes nothing without it."""
    box = Mailbox(free_port())

    def authenticate(_s: Any, _n: Any, _e: Any, _mechanism: str, given: Any) -> AuthResult:
        box.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password.decode() == password, handled=False)

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=authenticate if password else None,
        auth_required=bool(password),
        auth_require_tls=starttls is not None,
        enable_SMTPUTF8=utf8,
        server_hostname="mail.test",
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def free_port() -> int:
    """aiosmtpd can't tell which port it got, so it must be told."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Say = Callable[[bytes], None]
Script = Callable[[Say, Callable[[], bytes], threading.Event], None]


@contextlib.contextmanager
def scripted(script: Script) -> Iterator[int]:
    """A server for one conversation; `script(say, hear, over)` plays it. Yields the port."""
    over = threading.Event()
    plug = socket.create_server(("127.0.0.1", 0))
    talking: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = plug.accept()
            talking.append(connection)
            lines = connection.makefile("rb")
            with contextlib.closing(lines):
                script(connection.sendall, lines.readline, over)
            connection.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield plug.getsockname()[1]
    finally:
        over.set()
        for each in [plug, *talking]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        thread.join(5)


def polite(answers: dict[str, str]) -> Script:
    """Answers each command by its first word, 250 where nothing else is given; DATA takes lines until the dot."""

    def script(say: Say, hear: Callable[[], bytes], _over: threading.Event) -> None:
        say(answers.get("greeting", "220 hello").encode() + b"\r\n")
        while line := hear():
            word = line.split()[0].decode().upper() if line.split() else ""
            say(answers.get(word, "354 go on" if word == "DATA" else "250 fine").encode() + b"\r\n")
            if word == "DATA" and "DATA" not in answers:
                while (part := hear()) and part != b".\r\n":
                    pass
                say(answers.get("dot", "250 taken").encode() + b"\r\n")

    return script


@dataclass
class Identity:
    """A server's certificate, and what trusts it."""

    server: ssl.SSLContext
    trust: Path

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.trust))


def identity(folder: Path, address: str = "127.0.0.1") -> Identity:
    """A certificate for an IP address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    chain, trust = folder / f"{address}.chain.pem", folder / f"{address}.pem"
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    chain.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private) + pem)
    trust.write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return Identity(server, trust)

"""Whose word is taken: certificates are checked against the system's roots, for the right host, in date, TLS 1.2+."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.providers.raw_server import http, plays, raw_server
from tillgate.domain.secret import Secret
from tillgate.ports import Outcome
from tillgate.providers.http import ApiClient, Reply
from tillgate.providers.net import tls_context
from tillgate.providers.razorpay.answers import outcome_of_refusal

DEADLINE_MS = 1_000


@dataclass
class Authority:
    """A root of our own, and what it signs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / "root.pem"

    def server_context(self, name: x509.GeneralName, days: int = 1) -> ssl.SSLContext:
        """A server's identity, valid until `days` from now, or expired when negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC) + timedelta(days=days)
        certificate = (
            _builder("server", self.root.subject, key, until)
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        chain = self.folder / f"server{time.monotonic_ns()}.pem"
        chain.write_bytes(_key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


def _builder(
    name: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=30))
        .not_valid_after(until)
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    root = (
        _builder("Test root", None, key, datetime.now(UTC) + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Authority(tmp_path_factory.mktemp("tls"), key, root)
    made.file.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return made


HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def ask(context: ssl.SSLContext) -> Reply:
    with raw_server(plays(http("{}")), context) as server:
        client = ApiClient("razorpay", server.url, Secret("Basic x"), outcome_of_refusal)
        reply = client.call("test", 5_000).post("/v1/x", "{}")
        client.close()
        if reply.outcome is not Outcome.SUCCESS:
            assert server.requests == []
        return reply


def test_a_certificate_of_the_systems_roots_is_good(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert ask(authority.server_context(HERE)).outcome is Outcome.SUCCESS


WRONG: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "host": lambda authority: authority.server_context(x509.DNSName("api.razorpay.com")),
    "address": lambda authority: authority.server_context(x509.IPAddress(ipaddress.ip_address("127.0.0.2"))),
    "expired": lambda authority: authority.server_context(HERE, days=-1),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_certificate_of_another_host_or_time_is_not(
    wrong: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    reply = ask(WRONG[wrong](authority))
    assert reply.outcome is Outcome.NOT_SENT
    assert "TLS" in reply.why


def test_a_certificate_that_nobody_vouches_for_is_not(authority: Authority) -> None:
    assert ask(authority.server_context(HERE)).outcome is Outcome.NOT_SENT


def test_an_older_tls_is_not_spoken(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert tls_context().minimum_version is ssl.TLSVersion.TLSv1_2
    context = authority.server_context(HERE)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert ask(context).outcome is Outcome.NOT_SENT


def test_a_handshake_that_never_ends_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = ApiClient("razorpay", url, Secret("Basic x"), outcome_of_refusal)
        started = time.monotonic()
        reply = client.call("test", DEADLINE_MS).post("/v1/x", "{}")
        took_s = time.monotonic() - started
        client.close()
    assert reply.outcome is Outcome.NOT_SENT
    assert DEADLINE_MS / 1000 - 0.02 <= took_s <= DEADLINE_MS / 1000 + 4


def test_the_deadline_holds_inside_tls(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))

    def drip(plug: socket.socket, _request: bytes) -> None:
        plug.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        while True:
            plug.sendall(b" ")
            time.sleep(0.01)

    with raw_server(drip, authority.server_context(HERE)) as server:
        client = ApiClient("razorpay", server.url, Secret("Basic x"), outcome_of_refusal)
        started = time.monotonic()
        reply = client.call("test", DEADLINE_MS).post("/v1/x", "{}")
        took_s = time.monotonic() - started
        client.close()
    assert reply.outcome is Outcome.UNKNOWN
    assert DEADLINE_MS / 1000 - 0.02 <= took_s <= DEADLINE_MS / 1000 + 4


def test_bundled_roots_where_the_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert tls_context().cert_store_stats()["x509_ca"] > 50


def test_the_systems_roots_are_not_added_to(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert tls_context().cert_store_stats()["x509_ca"] == 1

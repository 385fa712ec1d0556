"""Each rule of the loopback page (reliability.md 2.2)."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.web.caller import Caller
from tests.web.conftest import Page
from tillgate.domain.payment import PaymentState
from tillgate.services.hosted_page import readdress_pages
from tillgate.services.payment_views import view_payment
from tillgate.services.return_tokens import token_of
from tillgate.services.settle import check_now
from tillgate.store.models import metadata

SECRETS = "razorpay_signature=abc&razorpay_payment_id=pay_1"


def test_a_return_is_kept_once_wakes_the_verifier_and_says_nothing(page: Page) -> None:
    for _ in range(3):
        reply = page.caller.get(f"/cb/{page.token}?{SECRETS}")
        assert reply.status == 200
        assert "abc" not in reply.raw.decode()
    assert [json.loads(fields) for fields, _ in page.returns()] == [
        {"razorpay_signature": "abc", "razorpay_payment_id": "pay_1"}
    ]
    assert len(page.woken) == 3
    headers = reply.headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert not any(name.startswith("access-control") for name in headers)


def test_the_query_is_never_the_truth(page: Page) -> None:
    page.caller.get(f"/cb/{page.token}?razorpay_payment_link_status=paid&captured=true")
    page.desk.settle()
    assert page.desk.payment(1).state is PaymentState.PENDING
    assert page.desk.made == []


def test_the_checkout_page_lets_in_the_providers_script_alone(page: Page) -> None:
    reply = page.caller.get(f"/pay/{page.token}", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
    assert reply.status == 200
    assert '<script src="https://pay.example/checkout.js">' in reply.body
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["frame-src"] == "https://pay.example"
    assert "'unsafe-inline'" not in policy["script-src"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"])
def test_only_get_is_answered(page: Page, method: str) -> None:
    reply = page.caller.get(f"/cb/{page.token}", method=method)
    assert reply.status == 405
    assert reply.headers["allow"] == "GET"


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1", "evil.example", "127.0.0.1:1", "[::1]:{port}"])
def test_another_host_is_refused(page: Page, host: str) -> None:
    assert page.caller.get(f"/cb/{page.token}", host=host.format(port=page.caller.port)).status == 421


def test_two_hosts_are_refused(page: Page) -> None:
    host = f"Host: 127.0.0.1:{page.caller.port}\r\n"
    raw = f"GET /cb/{page.token} HTTP/1.1\r\n{host}{host}\r\n"
    assert page.caller.send(raw.encode()).status in (400, 421)


@pytest.mark.parametrize(
    ("name", "value"), [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")]
)
def test_what_is_no_navigation_is_refused(page: Page, name: str, value: str) -> None:
    assert page.caller.get(f"/cb/{page.token}", **{name.replace("-", "_"): value}).status == 403


@pytest.mark.parametrize(
    "target",
    ["/", "/cb/", "/cb/short", "/cb/" + "a" * 44, "/CB/{token}", "/cb/{token}/x", "/pay/../cb/{token}", "//cb/{token}"],
)
def test_other_paths_are_not_found(page: Page, target: str) -> None:
    assert page.caller.get(target.format(token=page.token)).status == 404
    assert page.returns() == []


def test_somebody_elses_token_is_nobodys(page: Page) -> None:
    assert page.caller.get(f"/cb/{'A' * 43}?x=1").status == 404
    assert page.returns() == []
    assert page.woken == []


def test_sizes_are_limited(page: Page) -> None:
    assert page.caller.get(f"/cb/{page.token}?{'x' * 70_000}").status == 414
    assert page.caller.get(f"/cb/{page.token}", X_Long="y" * 17_000).status == 431
    many = {f"X_{number}": "1" for number in range(200)}
    assert page.caller.get(f"/cb/{page.token}", **many).status == 400


def test_bodies_old_http_and_chunks_are_refused(page: Page) -> None:
    assert page.caller.get(f"/cb/{page.token}", Content_Length="3").status == 400
    assert page.caller.get(f"/cb/{page.token}", Transfer_Encoding="chunked").status == 400
    assert page.caller.send(f"GET /cb/{page.token}\r\n\r\n".encode()).status == 400
    assert page.caller.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").status == 400
    assert page.returns() == []


@pytest.mark.parametrize("query", ["a=1&a=2", "a=%ff", "&".join(f"f{n}=1" for n in range(30)), "a=" + "x" * 400])
def test_doubtful_fields_leave_a_hint_only(page: Page, query: str) -> None:
    assert page.caller.get(f"/cb/{page.token}?{query}").status == 200
    assert [fields for fields, _ in page.returns()] == ["{}"]


def test_a_slow_client_is_cut_off_and_others_are_served(page: Page) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", page.caller.port)) as slow:
        slow.sendall(b"GET /cb/")
        assert page.caller.get(f"/cb/{page.token}").status == 200
        assert slow.recv(100) == b""
    assert time.monotonic() - begun < 60


def test_idle_connections_give_way_to_the_customer(page: Page) -> None:
    """However many there are: the one that has been slow for longest goes, and no more than eight have a place."""
    page.loopback._timeout_s = 60
    held = [socket.create_connection(("127.0.0.1", page.caller.port)) for _ in range(12)]
    try:
        for connection in held:
            connection.sendall(b"GET /cb/")
        for _ in range(3):
            assert page.caller.get(f"/cb/{page.token}").status == 200
        assert len(page.loopback._guests) <= 8
        # Closed, or reset where its bytes had not been read yet.
        with suppress(ConnectionError):
            assert held[0].recv(100) == b""
    finally:
        for connection in held:
            connection.close()


def test_while_all_places_work_the_next_is_turned_away_at_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, done = threading.Semaphore(0), threading.Event()

    def slow(*_given: object) -> None:
        busy.release()
        done.wait(30)

    monkeypatch.setattr("tillgate.web.loopback.find_page", slow)
    with ThreadPoolExecutor(8) as pool:
        visits = [pool.submit(page.caller.get, f"/pay/{page.token}") for _ in range(8)]
        try:
            assert all(busy.acquire(timeout=20) for _ in visits)
            # Whoever is turned away sends on and on; the next is answered all the same.
            held = [socket.create_connection(("127.0.0.1", page.caller.port)) for _ in range(4)]
            for connection in held:
                connection.settimeout(20)
                assert connection.recv(100)[:12] in (b"HTTP/1.1 503", b"")
                connection.close()
        finally:
            done.set()
    assert {visit.result().status for visit in visits} <= {0, 404}
    assert page.caller.get(f"/cb/{page.token}").status == 200


@pytest.mark.parametrize("name", ["Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site"])
@pytest.mark.parametrize("values", [("navigate", "navigate"), ("cors", "navigate"), ("image", "document")])
def test_doubled_fetch_headers_are_refused(page: Page, name: str, values: tuple[str, str]) -> None:
    lines = "".join(f"{spelt}: {value}\r\n" for spelt, value in zip((name, name.lower()), values, strict=True))
    raw = f"GET /cb/{page.token} HTTP/1.1\r\nHost: 127.0.0.1:{page.caller.port}\r\n{lines}\r\n"
    assert page.caller.send(raw.encode()).status == 403
    assert page.returns() == []


def closes(page: Page) -> bool:
    """Whether it closes by itself, soon."""
    give_up = time.monotonic() + 20
    while page.loopback.port is not None and time.monotonic() < give_up:
        time.sleep(0.02)
    return page.loopback.port is None


def test_it_is_open_while_a_checkout_waits_and_no_longer(page: Page) -> None:
    # From here on it stays open for what waits, and for nothing else.
    page.loopback._stays_open_s = page.loopback._open_until = 0.01
    time.sleep(0.5)
    assert page.caller.get(f"/pay/{page.token}").status == 200
    # A browser that comes back after its money was seen is answered too, for a while.
    page.loopback._stays_open_s = 600.0
    give_up = time.monotonic() + 20
    while page.loopback._open_until < give_up and time.monotonic() < give_up:
        time.sleep(0.02)
    page.desk.provider.pay(page.desk.reference(1))
    check_now(page.desk.till, page.desk.cashier, 1)
    assert page.caller.get(f"/cb/{page.token}").status == 200
    assert page.loopback.port is not None
    page.loopback._open_until = 0.0
    assert closes(page)
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", page.caller.port), timeout=1).close()
    page.desk.start(thing=2, method="order")
    assert page.loopback.port is not None


def test_no_token_is_kept_anywhere(page: Page) -> None:
    """Neither of the till's own page nor of a return that the provider is told."""
    second = page.desk.start(thing=2, method="link")
    tokens = [token_of(page.desk.till, page.desk.reference(each)) for each in (1, second.id)]
    page.caller.get(f"/cb/{page.token}?a=1")
    with page.desk.till.db.read() as connection:
        for table in metadata.tables.values():
            rows = repr(connection.execute(table.select()).all())
            assert not [token for token in tokens if token in rows], table.name
    seen = view_payment(page.desk.till, page.desk.cashier, 1)
    assert seen.url == f"http://127.0.0.1:{page.caller.port}/pay/{page.token}"
    sent = [json.loads(body)["return_url"] for body in page.desk.provider.bodies]
    assert sent == [None, f"http://127.0.0.1:{page.caller.port}/cb/{tokens[1]}"]


def test_after_a_restart_the_page_has_its_token_at_the_new_port(page: Page) -> None:
    page.loopback.close()
    assert page.desk.till.new_return("order", "x").page_url
    assert readdress_pages(page.desk.till, page.desk.till.new_return) == 1
    port = page.loopback.port
    assert port not in (None, page.caller.port)
    seen = view_payment(page.desk.till, page.desk.cashier, 1)
    assert seen.url == f"http://127.0.0.1:{port}/pay/{page.token}"
    assert Caller(port or 0).get(f"/pay/{page.token}").status == 200


def test_returns_of_one_checkout_are_counted(page: Page) -> None:
    for number in range(40):
        assert page.caller.get(f"/cb/{page.token}?n={number}").status == 200
    assert len(page.returns()) == 20


def test_a_closed_checkout_shows_nothing_to_pay(page: Page) -> None:
    page.desk.provider.pay(page.desk.reference(1))
    page.desk.settle()
    page.desk.till.clock.advance(10)  # type: ignore[attr-defined]
    page.desk.settle()
    assert page.caller.get(f"/pay/{page.token}").status == 404


def test_it_listens_on_this_computer_alone_and_closes(page: Page) -> None:
    listening = page.loopback._listening
    assert listening is not None
    assert listening.getsockname()[0] == "127.0.0.1"
    page.loopback.close()
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", page.caller.port), timeout=1).close()

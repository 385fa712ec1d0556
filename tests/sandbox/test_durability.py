"""The ledger outlives its process: SIGKILL in the middle, another port, the same keys and books."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pysqlite3
import pytest

from tillgate.domain.errors import Bug, Unavailable
from tillgate.sandbox import RazorpayKeys, RazorpaySettings, SandboxServer
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.ledger import Ledger
from tillgate.sandbox.razorpay.records import Refund

_RUN = "import sys; from tillgate.sandbox import run_sandbox; sys.exit(run_sandbox(0, sys.argv[1]))"


def start(ledger: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _RUN, str(ledger)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, json.loads(line)


def client_of(described: dict[str, Any]) -> httpx.Client:
    account = described["razorpay"]
    auth = (account["key_id"], account["key_secret"])
    return httpx.Client(base_url=account["base_url"] + "/v1", auth=auth, timeout=60, trust_env=False)


def end(process: subprocess.Popen[str], with_signal: signal.Signals) -> tuple[int, str]:
    process.send_signal(with_signal)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def press_until_killed(api: httpx.Client, name: str, done: list[dict[str, Any]], many: threading.Event) -> None:
    """Create, pay and refund as fast as it goes, keeping what was acknowledged."""
    try:
        for number in range(10_000):
            link = api.post("/payment_links", json={"amount": 50_000, "reference_id": f"{name}-{number}"}).json()
            paid = httpx.post(link["short_url"], data={"outcome": "pay"}, trust_env=False)
            acknowledged = {"link": link["id"], "paid": paid.status_code == 200}
            done.append(acknowledged)
            payment_id = api.get(f"/payment_links/{link['id']}").json()["payments"][0]["payment_id"]
            body = {"amount": 10_000, "receipt": f"{name}-{number}"}
            acknowledged["refund"] = api.post(f"/payments/{payment_id}/refund", json=body).json()["id"]
            if len(done) >= 12:
                many.set()
    except httpx.HTTPError:
        return


def test_nothing_acknowledged_is_lost_when_killed(tmp_path: Path) -> None:
    ledger = tmp_path / "sandbox.sqlite"
    process, described = start(ledger)
    done: list[dict[str, Any]] = []
    many = threading.Event()
    with client_of(described) as api:
        callers = [
            threading.Thread(target=press_until_killed, args=(api, f"till-{number}", done, many)) for number in range(3)
        ]
        for caller in callers:
            caller.start()
        assert many.wait(20)
        process.kill()
        for caller in callers:
            caller.join()
    process.communicate(timeout=60)
    again, described_again = start(ledger)
    assert {name: described_again["razorpay"][name] for name in ("key_id", "key_secret")} == {
        name: described["razorpay"][name] for name in ("key_id", "key_secret")
    }
    control = described_again["control"]
    facts = httpx.get(control["url"] + "facts", params={"token": control["token"]}, trust_env=False).json()
    links = {fact["id"]: fact["status"] for fact in facts["links"]}
    refunds = {fact["id"] for fact in facts["refunds"]}
    assert len(done) >= 12
    for acknowledged in done:
        assert acknowledged["paid"] and links[acknowledged["link"]] == "paid"
        assert acknowledged.get("refund") in refunds | {None}
    captured = {fact["parent_id"] for fact in facts["captures"]}
    paid_orders = {fact["id"] for fact in facts["orders"] if fact["status"] == "paid"}
    assert captured == paid_orders and len(facts["captures"]) == len(captured)
    assert {fact["parent_id"] for fact in facts["refunds"]} <= {fact["id"] for fact in facts["captures"]}
    with client_of(described_again) as api:
        assert api.get("/payment_links").status_code == 200
    assert end(again, signal.SIGTERM) == (0, "")


def test_sigint_ends_it_as_well(tmp_path: Path) -> None:
    process, described = start(tmp_path / "sandbox.sqlite")
    assert set(described) == {"razorpay", "stripe", "wompi", "intasend", "control"}
    assert end(process, signal.SIGINT) == (0, "")


def test_time_settings_and_plans_outlive_a_restart(tmp_path: Path) -> None:
    ledger = tmp_path / "sandbox.sqlite"
    with SandboxServer(ledger=ledger) as first:
        first.advance(10_000)
        first.razorpay.configure(auto_capture=False, refund_seconds=50.0)
        keys, now_ms = first.razorpay.keys, first.clock.now_ms()
        api = client_of(first.describe())
        link = api.post("/payment_links", json={"amount": 50_000, "expire_by": now_ms // 1000 + 1000}).json()
        api.close()
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    with SandboxServer(ledger=ledger) as second:
        assert second.razorpay.keys == keys
        assert second.razorpay.settings == RazorpaySettings(auto_capture=False, refund_seconds=50.0)
        assert second.clock.now_ms() >= now_ms
        second.advance(1001)
        assert [(fact.id, fact.status) for fact in second.money_facts().links] == [(link["id"], "expired")]
    own = RazorpayKeys("rzp_test_mine", "own-secret")
    with SandboxServer(ledger=ledger, razorpay_keys=own) as third:
        assert third.describe()["razorpay"] == {
            "base_url": third.razorpay.base_url,
            "key_id": "rzp_test_mine",
            "key_secret": "own-secret",
            "checkout_js_url": third.razorpay.base_url + "/v1/checkout.js",
            "origin": third.origin,
        }
        assert "own-secret" not in repr(third.razorpay.keys)


def test_the_same_port_again_and_a_taken_one(tmp_path: Path) -> None:
    with SandboxServer() as first:
        port = int(first.origin.rsplit(":", 1)[1])
        with pytest.raises(Unavailable, match="sandbox_port_taken"):
            SandboxServer(port=port).start()
        httpx.get(first.origin, trust_env=False)
    with SandboxServer(port=port) as second:
        assert second.origin == first.origin
    with pytest.raises(Bug, match="sandbox_not_started"):
        SandboxServer().describe()


def test_the_log_is_append_only_and_money_never_changes(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    ledger = Ledger(path, SandboxClock(lambda: 1_800_000_000.0))
    refund = Refund(id="rfnd_1", status="pending", amount=100, currency="INR", created_at=1)
    with ledger.transaction("razorpay") as books:
        books.add(refund)
    refund.amount = 90
    with pytest.raises(Bug, match="sandbox_record_money_changed"), ledger.transaction("razorpay") as books:
        books.save(refund, "changed")
    assert [(event.event, event.amount_minor) for event in ledger.list_events()] == [("created", 100)]
    ledger.close()
    connection = pysqlite3.connect(str(path))
    for statement in ("UPDATE event SET amount = 1", "DELETE FROM event", "DELETE FROM record"):
        with pytest.raises(pysqlite3.DatabaseError, match=r"append-only|never deleted"):
            connection.execute(statement)
    connection.close()


def test_it_takes_its_first_call_out_of_sleep() -> None:
    sandbox = SandboxServer().start(asleep=True)
    try:
        assert sandbox.asleep
        assert httpx.get(sandbox.control_page_url, trust_env=False, follow_redirects=True).status_code == 200
        assert not sandbox.asleep
    finally:
        sandbox.stop()


def test_it_is_woken_and_stopped_at_any_moment() -> None:
    never = SandboxServer().start(asleep=True)
    never.stop()
    assert never.asleep
    for _ in range(3):
        woken = SandboxServer().start(asleep=True)
        woken.wake()
        woken.wake()
        woken.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(woken.origin, trust_env=False)

"""Stripe's official SDK against the sandbox: sessions, charges, refunds, idempotency, errors and lists."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from tillgate.sandbox import CardChoice, FaultKind, Outcome, SandboxServer, StripeSettings, TestCard, Verb, When
from tillgate.sandbox.api import Spoiled

_numbers = itertools.count(1)
HOUR = 3600


@pytest.fixture
def money(sandbox: SandboxServer) -> Iterator[SandboxServer]:
    """The file's sandbox with Stripe's settings as they come."""
    sandbox.stripe.configure(**vars(StripeSettings()))
    yield sandbox
    sandbox.stripe.configure(**vars(StripeSettings()))


@pytest.fixture
def opened() -> Iterator[Callable[..., stripe.StripeClient]]:
    """Clients of the SDK as its users make them: a key, and where the API is."""
    sessions: list[requests.Session] = []

    def client(sandbox: SandboxServer, key: str | None = None, **options: Any) -> stripe.StripeClient:
        session = requests.Session()
        session.trust_env = False
        sessions.append(session)
        return stripe.StripeClient(
            key or sandbox.stripe.key_secret,
            base_addresses={"api": sandbox.stripe.base_url},
            http_client=stripe.RequestsClient(session=session, timeout=60),
            **options,
        )

    yield client
    for session in sessions:
        session.close()


@pytest.fixture
def sdk(money: SandboxServer, opened: Callable[..., stripe.StripeClient]) -> Any:
    return opened(money).v1


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 2,
                "price_data": {"currency": "php", "unit_amount": 250_000, "product_data": {"name": "Visit & Co."}},
            }
        ],
        "client_reference_id": f"ref-{next(_numbers)}",
        "metadata": {"till": "1"},
        "payment_intent_data": {"metadata": {"sale": "S-1"}},
        "success_url": "http://127.0.0.1:9/cb?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/cb?left",
        "expand": ["payment_intent"],
        **changes,
    }


def test_a_session_from_creation_to_refund(money: SandboxServer, sdk: Any) -> None:
    made = sdk.checkout.sessions.create(wanted())
    assert (made.object, made.status, made.payment_status, made.livemode) == (
        "checkout.session",
        "open",
        "unpaid",
        False,
    )
    assert (made.amount_total, made.currency, made.payment_intent) == (500_000, "php", None)
    assert made.id.startswith("cs_test_") and made.url.startswith(money.stripe.base_url)
    declined = money.card_holder.pay_session(made.id, CardChoice(card=TestCard.INSUFFICIENT_FUNDS))
    tried = sdk.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (tried.status, tried.payment_intent.status) == ("open", "requires_payment_method")
    assert tried.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    paid = money.card_holder.pay_session(made.url)
    assert paid.return_url == f"http://127.0.0.1:9/cb?s={made.id}"
    done = sdk.checkout.sessions.retrieve(made.id)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    intent = sdk.payment_intents.retrieve(done.payment_intent)
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("succeeded", 500_000, paid.payment_id)
    assert intent.metadata.to_dict() == {"sale": "S-1"}
    charges = sdk.charges.list({"payment_intent": intent.id})
    assert [(one.id, one.status, one.captured) for one in charges.data] == [
        (paid.payment_id, "succeeded", True),
        (declined.payment_id, "failed", False),
    ]
    assert charges.data[1].outcome.reason == "insufficient_funds"
    part = sdk.refunds.create({"payment_intent": intent.id, "amount": 100_000, "reason": "requested_by_customer"})
    assert (part.status, part.charge, part.currency) == ("succeeded", paid.payment_id, "php")
    whole = sdk.refunds.create({"charge": paid.payment_id})
    assert whole.amount == 400_000
    charge = sdk.charges.retrieve(paid.payment_id)
    assert (charge.refunded, charge.amount_refunded) == (True, 500_000)
    assert [one.id for one in sdk.refunds.list({"charge": paid.payment_id})] == [whole.id, part.id]
    assert sdk.refunds.retrieve(part.id) == part
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.refunds.create({"charge": paid.payment_id})
    assert error.value.code == "charge_already_refunded"
    assert sdk.checkout.sessions.retrieve(made.id).payment_status == "paid"


def test_expiring_and_its_refusal(money: SandboxServer, sdk: Any) -> None:
    made = sdk.checkout.sessions.create(wanted())
    assert sdk.checkout.sessions.expire(made.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `expired`"):
        sdk.checkout.sessions.expire(made.id)
    with pytest.raises(Exception, match="sandbox_link_closed"):
        money.card_holder.pay_session(made.id)
    left = sdk.checkout.sessions.create(wanted())
    money.advance(24 * HOUR + 1)
    assert sdk.checkout.sessions.retrieve(left.id).status == "expired"


def test_a_slow_way_to_pay_completes_before_its_money_comes(money: SandboxServer, sdk: Any) -> None:
    for ends in ("comes", "is approved", "fails"):
        made = sdk.checkout.sessions.create(wanted())
        paid = money.card_holder.pay_session(made.id, CardChoice(Outcome.DELAY, seconds=60))
        assert paid.payment_id.startswith("py_")
        waiting = sdk.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
        assert (waiting.status, waiting.payment_status, waiting.payment_intent.status) == (
            "complete",
            "unpaid",
            "processing",
        )
        if ends == "comes":
            money.advance(61)
        elif ends == "is approved":
            assert money.card_holder.approve_late(paid.payment_id) == "succeeded"
        else:
            assert money.card_holder.refuse_late(paid.payment_id) == "failed"
        after = sdk.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
        failed = ends == "fails"
        assert after.payment_status == ("unpaid" if failed else "paid")
        assert after.payment_intent.status == ("requires_payment_method" if failed else "succeeded")
        money.advance(61)
        assert sdk.charges.retrieve(paid.payment_id).status == ("failed" if failed else "succeeded")


def test_manual_capture_holds_money_for_a_week(money: SandboxServer, sdk: Any) -> None:
    manual = wanted(payment_intent_data={"capture_method": "manual"})
    made = sdk.checkout.sessions.create(manual)
    paid = money.card_holder.pay_session(made.id)
    held = sdk.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (held.payment_status, held.payment_intent.status) == ("unpaid", "requires_capture")
    taken = sdk.payment_intents.capture(held.payment_intent.id)
    assert (taken.status, taken.amount_received, taken.latest_charge) == ("succeeded", 500_000, paid.payment_id)
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.payment_intents.capture(held.payment_intent.id)
    assert error.value.code == "payment_intent_unexpected_state"
    money.stripe.configure(manual_capture=True)
    left = sdk.checkout.sessions.create(wanted())
    lost = money.card_holder.pay_session(left.id)
    money.advance(7 * 24 * HOUR + 1)
    released = sdk.charges.retrieve(lost.payment_id)
    assert (released.captured, released.refunded) == (False, True)
    with pytest.raises(stripe.InvalidRequestError):
        sdk.refunds.create({"charge": lost.payment_id})


# --- idempotency ---


def test_the_same_key_gives_the_same_answer_for_a_day(money: SandboxServer, sdk: Any) -> None:
    body, options = wanted(), {"idempotency_key": f"key-{next(_numbers)}"}
    first = sdk.checkout.sessions.create(body, options)
    again = sdk.checkout.sessions.create(dict(reversed(body.items())), options)
    assert first.id == again.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert again.last_response.headers["idempotency-key"] == options["idempotency_key"]
    for other in ({**body, "customer_email": "a@example.ph"}, {**body, "expires_at": first.expires_at - 60}):
        with pytest.raises(stripe.IdempotencyError, match="same parameters"):
            sdk.checkout.sessions.create(other, options)
    with pytest.raises(stripe.IdempotencyError):
        sdk.refunds.create({"charge": "ch_1"}, options)
    # What it became since is not in the answer that was kept.
    sdk.checkout.sessions.expire(first.id)
    assert sdk.checkout.sessions.create(body, options).status == "open"
    money.advance(24 * HOUR)
    fresh = sdk.checkout.sessions.create(body, options)
    assert fresh.id != first.id
    assert sdk.checkout.sessions.create(body, options).id == fresh.id


def test_a_refund_under_one_key_is_made_once(money: SandboxServer, sdk: Any) -> None:
    paid = money.card_holder.pay_session(sdk.checkout.sessions.create(wanted()).id)
    options = {"idempotency_key": f"key-{next(_numbers)}"}
    body = {"charge": paid.payment_id, "amount": 400_000}
    assert sdk.refunds.create(body, options).id == sdk.refunds.create(body, options).id
    late = {"idempotency_key": f"key-{next(_numbers)}"}
    for _ in range(2):
        # A refusal of what had begun to execute is kept as well.
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as raised:
            sdk.refunds.create(body, late)
    error: Any = raised
    assert error.value.headers["idempotent-replayed"] == "true"


def test_a_key_that_is_being_worked_on_is_a_409_and_then_the_first_answer(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, options = wanted(), {"idempotency_key": f"key-{next(_numbers)}"}
    begun, go_on = threading.Event(), threading.Event()

    async def held(_self: Spoiled, _fault: object) -> None:
        begun.set()
        while not go_on.is_set():
            await asyncio.sleep(0.01)

    monkeypatch.setattr(Spoiled, "wait", held)
    with ThreadPoolExecutor(1) as lane:
        first = lane.submit(sdk.checkout.sessions.create, body, options)
        assert begun.wait(60)
        with pytest.raises(stripe.StripeError) as raised:
            sdk.checkout.sessions.create(body, options)
        go_on.set()
        made = first.result(60)
    error: Any = raised.value
    assert (error.http_status, error.json_body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert sdk.checkout.sessions.create(body, options).id == made.id


def test_what_was_wrong_from_the_start_is_not_kept(sdk: Any) -> None:
    options = {"idempotency_key": f"key-{next(_numbers)}"}
    with pytest.raises(stripe.InvalidRequestError):
        sdk.checkout.sessions.create(wanted(success_url="nowhere"), options)
    assert sdk.checkout.sessions.create(wanted(), options).status == "open"


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_500_is_kept_whether_it_acted_or_not(money: SandboxServer, sdk: Any, when: When) -> None:
    body, options = wanted(), {"idempotency_key": f"key-{next(_numbers)}"}
    money.faults.arm(FaultKind.SERVER_ERROR_500, Verb.CREATE, provider="stripe", when=when)
    for _ in range(3):
        with pytest.raises(stripe.APIError, match="An unknown error occurred"):
            sdk.checkout.sessions.create(body, options)
    made = [one for one in sdk.checkout.sessions.list() if one.client_reference_id == body["client_reference_id"]]
    assert len(made) == (when is When.AFTER)
    money.advance(24 * HOUR)
    assert sdk.checkout.sessions.create(body, options).status == "open"


def test_the_sdks_own_retries_make_one_session(
    money: SandboxServer, opened: Callable[..., stripe.StripeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.01)
    body = wanted()
    money.faults.arm(FaultKind.RESET_BEFORE_ANSWER, Verb.CREATE, provider="stripe", when=When.AFTER)
    patient: Any = opened(money, max_network_retries=2).v1
    made = patient.checkout.sessions.create(body)
    found = opened(money).v1.checkout.sessions.list({"limit": 100})
    assert [one.id for one in found if one.client_reference_id == body["client_reference_id"]] == [made.id]


# --- errors ---


def test_wrong_keys(money: SandboxServer, opened: Callable[..., stripe.StripeClient]) -> None:
    for key in ("sk_test_wrong", money.stripe.key_id):
        with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: \w+\*+"):
            opened(money, key).v1.checkout.sessions.list()
    basic = requests.get(
        f"{money.stripe.base_url}/v1/charges", auth=(money.stripe.key_secret, ""), timeout=60, proxies={"http": ""}
    )
    assert basic.status_code == 200
    assert basic.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data[colour]", "parameter_unknown"),
        ({"line_items": [{"quantity": 1, "shape": "x"}]}, "line_items[0][price_data][currency]", "parameter_missing"),
        ({"line_items": []}, "line_items", None),
        ({"mode": "setup"}, "mode", None),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"client_reference_id": ""}, "client_reference_id", "parameter_invalid_empty"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None),
        ({"expires_at": 5}, "expires_at", None),
        ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
        ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", None),
    ],
)
def test_what_is_wrong_with_a_session(sdk: Any, changes: dict[str, Any], param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.checkout.sessions.create(wanted(**changes))
    assert (error.value.http_status, error.value.param, error.value.code) == (400, param, code)


def line(currency: str, unit_amount: int) -> list[dict[str, Any]]:
    product = {"name": "x"}
    return [{"quantity": 1, "price_data": {"currency": currency, "unit_amount": unit_amount, "product_data": product}}]


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("usd", 49, "amount_too_small"),
        ("usd", 50, None),
        ("php", 2_999, "amount_too_small"),
        ("jpy", 49, "amount_too_small"),
        ("jpy", 50, None),
        ("isk", 5_050, "invalid_charge_amount_no_decimal_compatible"),
        ("kwd", 1_005, "invalid_charge_amount_no_decimal_compatible"),
        ("idr", 1_000_000, None),
    ],
)
def test_least_amounts_and_decimals(sdk: Any, currency: str, amount: int, code: str | None) -> None:
    body = wanted(line_items=line(currency, amount))
    if code is None:
        assert sdk.checkout.sessions.create(body).amount_total == amount
        return
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.checkout.sessions.create(body)
    assert error.value.code == code


def test_what_is_not_there(sdk: Any) -> None:
    looks: list[Callable[[], Any]] = [
        lambda: sdk.checkout.sessions.retrieve("cs_test_none"),
        lambda: sdk.payment_intents.retrieve("pi_none"),
        lambda: sdk.charges.retrieve("ch_none"),
        lambda: sdk.refunds.retrieve("re_none"),
        lambda: sdk.refunds.create({"charge": "ch_none"}),
        lambda: sdk.charges.list({"starting_after": "ch_none"}),
    ]
    for look in looks:
        with pytest.raises(stripe.InvalidRequestError) as error:
            look()
        assert (error.value.http_status, error.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        sdk.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: client_reference_id"):
        sdk.checkout.sessions.list({"client_reference_id": "x"})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sdk.checkout.sessions.retrieve(sdk.checkout.sessions.create(wanted()).id, {"expand": ["everything"]})


# --- lists ---


def test_pages_in_both_directions(money: SandboxServer, sdk: Any) -> None:
    money.advance(10)
    since = money.clock.now_ms() // 1000
    made = [sdk.checkout.sessions.create(wanted()).id for _ in range(5)][::-1]
    window = {"created": {"gte": since}, "limit": 2}
    first = sdk.checkout.sessions.list(window)
    assert ([one.id for one in first.data], first.has_more) == (made[:2], True)
    assert [one.id for one in first.auto_paging_iter()] == made
    second = sdk.checkout.sessions.list({**window, "starting_after": made[1]})
    assert ([one.id for one in second.data], second.has_more) == (made[2:4], True)
    last = sdk.checkout.sessions.list({**window, "starting_after": made[3]})
    assert ([one.id for one in last.data], last.has_more) == (made[4:], False)
    back = sdk.checkout.sessions.list({**window, "ending_before": made[4]})
    assert ([one.id for one in back.data], back.has_more) == (made[2:4], True)
    sdk.checkout.sessions.expire(made[0])
    assert [one.id for one in sdk.checkout.sessions.list({**window, "status": "expired"})] == made[:1]
    money.advance(5)
    assert sdk.checkout.sessions.list({"created": {"gt": since + 4}}).data == []
    assert len(sdk.checkout.sessions.list({"created": {"gte": since, "lt": since + 5}}).data) == 5
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError, match="Invalid limit"):
            sdk.charges.list({"limit": limit})


def test_a_429_and_its_words(money: SandboxServer, sdk: Any) -> None:
    money.faults.arm(FaultKind.RATE_LIMITED_429, Verb.LOOKUP, provider="stripe", seconds=3)
    with pytest.raises(stripe.RateLimitError) as raised:
        sdk.charges.list()
    error: Any = raised
    assert (error.value.json_body["error"]["code"], error.value.headers["retry-after"]) == ("rate_limit", "3")

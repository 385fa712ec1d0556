"""What people are told by mail: the right things, the right people, and nothing from outside read as anything else."""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import Engine, func, select, update

from tests.factories.clock import FakeClock
from tests.factories.postman import Page, Postman
from tests.factories.sold import CAMERA, CARD, Item, sold
from tests.factories.tills import make_till
from tillgate.domain.documents import OrderSummary
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, RefundState
from tillgate.domain.settings import Settings
from tillgate.formats import format_money
from tillgate.i18n import LANGUAGES, Words, words_of
from tillgate.notify.email import FolderNotifier, Sender
from tillgate.printing import pdf
from tillgate.services.invoices import make_due
from tillgate.services.mail_pages import plain, render_mail
from tillgate.services.notices import INVOICE_WAIT, NO_ADDRESS, TEMPLATES, MailWork
from tillgate.services.outbox import list_work, run_due
from tillgate.services.papers import list_orders
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import capture, order_item, refund, vendor
from tillgate.store.models import payment as payment_table
from tillgate.store.outbox_rows import enqueue, enqueue_new
from tillgate.store.statements import insert_row

STORE = {"store.name": "Nilgiri Camera House", "store.admin_email": "admin@example.com"}


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def till(sqlite_only: Engine, clock: FakeClock) -> Till:
    """Letters are words from rows; one kind of database is enough."""
    return make_till(sqlite_only, clock)


@pytest.fixture
def store(till: Till) -> Till:
    return replace(till, settings=lambda: Settings(STORE))


def announce(till: Till, payment: PaymentRecord, orders: list[int], *, invoices: bool = True) -> None:
    """As the makers of orders do."""
    work: list[tuple[str, str, dict[str, object]]] = []
    if invoices:
        work.append(("invoice", f"invoice:payment:{payment.id}", {"payment_id": payment.id}))
    mails: list[tuple[str, int | None]] = [("payment_success", None), ("admin_new_orders", None)]
    mails += [(template, order) for order in orders for template in ("order_confirmation", "new_order")]
    for template, order in mails:
        payload: dict[str, object] = {"template": template, "payment_id": payment.id}
        payload |= {"order_id": order} if order else {}
        work.append(("mail", f"mail:{template}:{order or payment.id}", payload))
    with till.db.write(till.system) as uow:
        enqueue_new(uow, work, payment_id=payment.id)


def mail(till: Till, payment: PaymentRecord, template: str, **more: object) -> None:
    with till.db.write(till.system) as uow:
        payload = {"template": template, "payment_id": payment.id, **more}
        enqueue(uow, "mail", f"mail:{template}:{payment.id}", payload, payment_id=payment.id)


def run(till: Till, postman: Postman) -> None:
    run_due(till, {"invoice": make_due, "mail": MailWork(postman, postman)}, limit=50)


def orders_of(till: Till, payment: PaymentRecord) -> tuple[OrderSummary, ...]:
    with till.db.read() as reading:
        return list_orders(reading, payment.id)


def money(minor: int) -> str:
    return format_money(Money(minor, "INR"), "en")


def test_a_sale_tells_the_customer_the_vendors_and_the_admin(store: Till, postman: Postman) -> None:
    payment, ids = sold(store, ((CAMERA, CARD), (CARD,)))
    announce(store, payment, ids)
    run(store, postman)
    first, second = orders_of(store, payment)
    told: dict[str, list[str]] = {}
    for message in postman.sent:
        told.setdefault(message.to, []).append(message.subject.removeprefix("[TRAINING] "))
    assert told == {
        "asha@example.com": [
            f"Payment received: {money(payment.amount_minor)}",
            f"Your order {first.number} at Vendor 1 & Sons",
            f"Your order {second.number} at Vendor 2 & Sons",
        ],
        "orders1@example.org": [f"New order {first.number}: {money(first.total.minor)}"],
        "orders2@example.org": [f"New order {second.number}: {money(second.total.minor)}"],
        "admin@example.com": [f"New orders: {money(payment.amount_minor)}"],
    }
    assert len({message.message_id for message in postman.sent}) == 6
    assert all(message.subject.startswith("[TRAINING]") for message in postman.sent)
    assert all("no money moved" in message.text for message in postman.sent)


def test_a_confirmation_has_days_deposit_sums_branding_and_the_invoice(store: Till, postman: Postman) -> None:
    payment, ids = sold(store, ((CAMERA, CARD),))
    announce(store, payment, ids)
    run(store, postman)
    (order,) = orders_of(store, payment)
    (message,) = [each for each in postman.sent if "Your order" in each.subject]
    page = Page(message.html)
    for said in (
        *("Hello Asha Rao,", "has confirmed your order", "Sony A7 IV body", "SD card 128 GB × 2", money(379_800)),
        *("Rented from 21 Nov 2026 to 23 Nov 2026", f"Refundable deposit: {money(2_000_000)}"),
        *(money(4_900), money(order.tax.minor), money(order.total.minor), "Deposits are given back"),
        *("Your invoice TRN-T1-000001 is attached.", "Vendor 1 & Sons", "+91 80 4123 4567", "Nilgiri Camera House"),
    ):
        shown = " ".join(said.split())
        assert shown in " ".join(message.text.split()), said
        assert shown in page.text, said
    assert "background:#0F766E" in message.html
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.content_type) == ("TRN-T1-000001.pdf", "application/pdf")
    assert attachment.content == b"%PDF TRN-T1-000001 en"
    assert [len(each.attachments) for each in postman.sent].count(0) == len(postman.sent) - 1


def test_an_order_that_waits_for_approval_is_not_called_confirmed(store: Till, postman: Postman) -> None:
    payment, ids = sold(store, ((CARD,),), approved=False)
    announce(store, payment, ids)
    run(store, postman)
    (message,) = [each for each in postman.sent if "Your order" in each.subject]
    assert "will approve it shortly" in message.text
    assert "confirmed" not in message.text
    assert "Please approve it." in postman.to("orders1@example.org").text
    assert "waiting for the seller’s approval" in postman.to("admin@example.com").text


def test_a_confirmation_waits_for_its_invoice_but_not_for_ever(store: Till, postman: Postman, clock: FakeClock) -> None:
    payment, ids = sold(store, ((CARD,), (CARD,)))
    announce(store, payment, ids, invoices=False)
    run(store, postman)
    assert not [each for each in postman.sent if "Your order" in each.subject]
    with store.db.write(store.system) as uow:
        enqueue(uow, "invoice", "i", {"order_id": ids[0]}, payment_id=payment.id)
    clock.advance(5)
    run(store, postman)
    clock.advance(5)
    run(store, postman)
    assert [len(each.attachments) for each in postman.sent if "Your order" in each.subject] == [1]
    clock.advance(INVOICE_WAIT.total_seconds())
    run(store, postman)
    assert [len(each.attachments) for each in postman.sent if "Your order" in each.subject] == [1, 0]
    assert "is attached" not in postman.sent[-1].text


def test_whoever_has_no_address_is_not_written_to(till: Till, postman: Postman) -> None:
    payment, ids = sold(till, ((CARD,),), email="", vendor_email="")
    announce(till, payment, ids)
    mail(till, payment, "refund_started")
    mail(till, payment, "admin_refund_started", reason="out_of_stock")
    run(till, postman)
    with till.db.read() as reading:
        rows = list_work(reading, payment.id)
    assert postman.tried == []
    assert {row.message for row in rows if row.kind == "mail"} == {NO_ADDRESS}
    assert all(row.done_at is not None for row in rows)


def test_while_mail_is_turned_off_it_waits_however_long(store: Till, postman: Postman, clock: FakeClock) -> None:
    payment, _ = sold(store, ((CARD,),))
    mail(store, payment, "payment_success")
    postman.failure = Unavailable("mail_off")
    for _ in range(30):
        run(store, postman)
        clock.advance(6 * 3600)
    with store.db.read() as reading:
        (row,) = list_work(reading, payment.id)
    assert (row.tries, row.parked_at, row.message) == (0, None, "mail_off")
    postman.failure = None
    run(store, postman)
    assert [each.to for each in postman.sent] == ["asha@example.com"]


def test_every_try_of_a_mail_has_the_same_id_and_no_other_mail_has_it(
    store: Till, postman: Postman, clock: FakeClock
) -> None:
    payment, _ = sold(store, ((CARD,),))
    mail(store, payment, "payment_success")
    mail(store, payment, "admin_new_orders")
    postman.failure = Unavailable("mail_unreachable")
    for _ in range(3):
        run(store, postman)
        clock.advance(1000)
    ids = [each.message_id for each in postman.tried]
    assert len(ids) == 6
    assert len(set(ids)) == 2
    assert all(each.startswith("<outbox-") and each.endswith("@tillgate>") for each in ids)


def give_back(till: Till, payment: PaymentRecord, minor: int, *, automatic: bool, key: str) -> int:
    with till.db.write(till.system) as uow:
        source = uow.execute(select(capture.c.id).where(capture.c.payment_id == payment.id)).scalar_one()
        row = {"capture_id": source, "payment_id": payment.id, "amount_minor": minor, "currency": "INR"}
        row |= {"state": RefundState.DONE, "key": key, "provider": "razorpay", "provider_ref": f"rfnd_{key}"}
        row |= {"reason": "out_of_stock", "automatic": int(automatic), "created_at": uow.now}
        return insert_row(uow.connection, refund, row)


def test_refunds_are_announced_and_confirmed(store: Till, postman: Postman, clock: FakeClock) -> None:
    payment, _ = sold(store, ((CARD,),))
    give_back(store, payment, 10_000, automatic=False, key="a")
    own = give_back(store, payment, 20_000, automatic=True, key="b")
    mail(store, payment, "refund_started", reason="out_of_stock(line=3)")
    mail(store, payment, "admin_refund_started", reason="out_of_stock(line=3)")
    mail(store, payment, "refund_done", refund_id=own - 1)
    with store.db.write(store.system) as uow:
        enqueue(uow, "invoice", "i", {"payment_id": payment.id}, payment_id=payment.id)
    run(store, postman)
    clock.advance(10)
    run(store, postman)
    started, done = [each for each in postman.sent if each.to == "asha@example.com"]
    assert started.subject == f"[TRAINING] Your refund of {money(20_000)} has started"
    assert money(payment.amount_minor) in started.text
    assert "out_of_stock" not in started.text
    assert done.subject == f"[TRAINING] Your refund of {money(10_000)} is done"
    assert "Refund reference: rfnd_a" in done.text
    admin = postman.to("admin@example.com")
    assert "out_of_stock(line=3)" in admin.text
    assert "+91 98450 12345, asha@example.com" in admin.text


HOSTILE = [
    '<script>alert(1)</script><img src=x onerror="x">',
    "Asha\r\nBcc: thief@example.com\r\n\r\nPay here",
    "{{ 7 * 7 }} {store} {0} %s {payment_id!r}",
    "\u202eRao\u2066 \x00\x1b[31m\u2028two",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_outside_stays_text(store: Till, postman: Postman, hostile: str) -> None:
    safe = hostile.replace("\x00", "")
    payment, ids = sold(store, ((Item(safe, 1, 100),),))
    with store.db.write(store.system) as uow:
        uow.execute(update(payment_table).values(payer_name=safe, payer_phone=safe))
        uow.execute(update(vendor).values(name=safe, address=safe, brand_mark=safe, brand_color=safe, phone=safe))
        assert uow.execute(select(func.count()).select_from(order_item)).scalar_one() == 1
    announce(store, payment, ids)
    mail(store, payment, "admin_refund_started", reason=hostile)
    run(store, postman)
    assert len(postman.sent) == 5
    for message in postman.sent:
        page = Page(message.html)
        assert page.tags <= {
            *("html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "p", "strong", "span", "br"),
        }
        assert not {name for name in page.attributes if name.startswith("on")}
        assert message.subject.isprintable()
        for text in (message.text, page.text):
            assert all(char.isprintable() or char in "\n\u00a0\u202f" for char in text)
        assert not [line for line in message.text.splitlines() if line.startswith(("Bcc:", "Pay here"))]
    shown = [message for message in postman.sent if plain(hostile) in message.text]
    assert len(shown) >= 4


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_template_speaks_every_language_in_every_mode(till: Till, postman: Postman, language: str) -> None:
    store = replace(till, settings=lambda: Settings(STORE | {"store.language": language}))
    payment, ids = sold(store, ((CAMERA,),))
    announce(store, payment, ids)
    for template in ("refund_started", "admin_refund_started", "refund_done"):
        mail(store, payment, template, reason="out_of_stock")
    mail(store, payment, "order_cancelled", order_id=ids[0])
    run(store, postman)
    # The mail with a payment link is one of a payment that is not paid yet: test_link_notices.py.
    others = ("fee_", "device_", "wallet_", "instalment")
    of_sales = [name for name in TEMPLATES - {"payment_link"} if not any(each in name for each in others)]
    assert len(postman.sent) == len(of_sales)
    for message in postman.sent:
        assert f'<html lang="{language}">' in message.html
        assert "{" not in message.text + message.subject
        assert "\n\n\n" not in message.text
        Page(message.html)
    greeting = words_of(language).tr("Hello {name},", name="Asha Rao")
    assert greeting in postman.sent[0].text


def test_live_mail_has_no_mark(store: Till, postman: Postman) -> None:
    live = replace(store, mode=Mode.LIVE)
    payment, ids = sold(live, ((CARD,),))
    announce(live, payment, ids)
    run(live, postman)
    assert postman.sent
    for message in postman.sent:
        assert not message.subject.startswith("[")
        assert "no money moved" not in message.text + message.html


def test_in_training_the_whole_way_ends_in_a_folder(store: Till, clock: FakeClock, tmp_path: Path) -> None:
    payment, ids = sold(store, ((CAMERA,),))
    announce(store, payment, ids)
    notifier = FolderNotifier(tmp_path / "mail", Sender("training@tillgate.invalid", "Nilgiri"), clock)
    run_due(store, {"invoice": make_due, "mail": MailWork(notifier, pdf)})
    mails = [
        message_from_bytes(path.read_bytes(), policy=default_policy) for path in sorted((tmp_path / "mail").iterdir())
    ]
    assert len(mails) == 4
    (confirmation,) = [each for each in mails if "Your order" in str(each["Subject"])]
    (attached,) = [part for part in confirmation.walk() if part.get_content_type() == "application/pdf"]
    content = attached.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert "TRN-T1-000001" in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_an_unknown_template_is_told_to_a_person(store: Till, postman: Postman, clock: FakeClock) -> None:
    payment, _ = sold(store, ((CARD,),))
    mail(store, payment, "birthday")
    for _ in range(30):
        run(store, postman)
        clock.advance(3600)
    with store.db.read() as reading:
        (row,) = list_work(reading, payment.id)
    assert row.parked_at is not None
    assert row.message == "template_unknown(template=birthday)"
    assert postman.tried == []


def test_a_bad_address_is_parked_and_the_rest_goes_out(store: Till, postman: Postman) -> None:
    payment, _ = sold(store, ((CARD,),))
    mail(store, payment, "payment_success")
    postman.failure = Refused("mail_address_refused", smtp=550)
    run(store, postman)
    postman.failure = None
    mail(store, payment, "admin_new_orders")
    run(store, postman)
    with store.db.read() as reading:
        first, second = list_work(reading, payment.id)
    assert (first.parked_at is not None, second.done_at is not None) == (True, True)


@given(st.text(max_size=80))
def test_any_text_is_one_line_and_never_markup(text: str) -> None:
    line = plain(text)
    assert len(line.splitlines()) <= 1
    assert "\n" not in line
    context: dict[str, object] = dict.fromkeys(("warning", "subject", "store", "greeting", "refund_reference"), text)
    context |= {"money": lambda _amount: text, "refunded": text, "brand": _Brand(text), "notes": ()}
    made = render_mail("refund_done", words_of("en"), context)
    assert Page(made.html).tags <= {"html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "p"}
    assert len(made.text.splitlines()) <= 12


class Careless(gettext.NullTranslations):
    """A catalogue with markup in it."""

    def gettext(self, message: str) -> str:
        return f"<b>{message}</b>"


def test_a_translation_is_text_too() -> None:
    context: dict[str, object] = dict.fromkeys(("warning", "subject", "store", "greeting", "refund_reference"), "&")
    context |= {"money": lambda _amount: "1", "refunded": "", "brand": _Brand(""), "notes": ()}
    made = render_mail("refund_done", Words("en", Careless()), context)
    assert "b" not in Page(made.html).tags
    assert "&lt;b&gt;" in made.html


@dataclass(frozen=True)
class _Brand:
    name: str
    color: str = "#000000"
    ink: str = "#FFFFFF"

    @property
    def initials(self) -> str:
        return self.name

"""Documents to render: one shop, two vendors, names in two scripts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tillgate.domain.documents import (
    Branding,
    InvoiceDocument,
    InvoiceLine,
    OrderLine,
    OrderSummary,
    PaidBy,
    Party,
    ReceiptDocument,
)
from tillgate.domain.money import Money, total
from tillgate.domain.orders import LineType, OrderState
from tillgate.domain.payment import Mode

ZONE = ZoneInfo("Asia/Kolkata")
ISSUED = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)  # already the 22nd in Kolkata
KAVERI = Branding(
    "Kaveri Camera Rentals",
    "14 Residency Road, Bengaluru 560025",
    "orders@kaveri.example",
    "+91 80 4123 4567",
    "29ABCDE1234F1Z5",
    "#0F766E",
    "KC",
)
MEHTA = Branding("मेहता साउंड", "Fort, Mumbai 400001", brand_color="#FDE047")
ASHA = Party("Asha Rao", "asha@example.com", "+91 98450 12345")
PAID = PaidBy("razorpay", "upi", "pay_NkQ3bX9vZ1aBcD", ISSUED)


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def line(kind: LineType, description: str, quantity: int, unit_minor: int) -> InvoiceLine:
    return InvoiceLine(kind, description, quantity, inr(unit_minor), inr(unit_minor * quantity))


LINES = (
    line(LineType.SALE, "SanDisk Extreme Pro 128 GB", 2, 189_900),
    line(LineType.RENTAL, "Sony A7 IV body, Weekend, 21 Nov 2026 to 23 Nov 2026", 1, 450_000),
    line(LineType.RENTAL, "फोटो स्टूडियो लाइट किट, क्षत्रिय श्रृंखला, Day, 21 Nov 2026 to 21 Nov 2026", 3, 65_000),
    line(LineType.DEPOSIT, "Deposit: Sony A7 IV body", 1, 2_000_000),
    line(LineType.FEE, "Service fee", 1, 4_900),
    line(LineType.TAX, "GST 18%", 1, 184_464),
)


def invoice(
    lines: tuple[InvoiceLine, ...] = LINES,
    *,
    mode: Mode = Mode.TRAINING,
    vendor: Branding = KAVERI,
    customer: Party = ASHA,
) -> InvoiceDocument:
    return InvoiceDocument(
        number="TRN-T1-000042",
        mode=mode,
        language="en",
        issued_at=ISSUED,
        zone=ZONE,
        store_name="Nilgiri Camera House",
        vendor=vendor,
        customer=customer,
        payment_id=17,
        order_number="ORD-20261121-7F3K",
        ordered_at=ISSUED,
        lines=lines,
        total=total((line.total for line in lines), "INR"),
        paid=PAID,
    )


def orders() -> tuple[OrderSummary, ...]:
    rented = OrderLine(
        "Sony A7 IV body, Weekend", 1, inr(450_000), inr(2_000_000), date(2026, 11, 21), date(2026, 11, 23)
    )
    sold = OrderLine("SanDisk Extreme Pro 128 GB", 2, inr(189_900), inr(0))
    mic = OrderLine("रोड वायरलेस माइक", 1, inr(99_900), inr(0))
    return (
        OrderSummary(
            1, "ORD-20261121-7F3K", OrderState.AUTO_APPROVED, ISSUED, KAVERI, (rented, sold),
            items=inr(829_800), deposit=inr(2_000_000), fee=inr(4_900), tax=inr(149_364), total=inr(2_984_064),
            invoice_number="TRN-T1-000042",
        ),
        OrderSummary(
            2, "ORD-20261121-9QXA", OrderState.PENDING_VENDOR_APPROVAL, ISSUED, MEHTA, (mic,),
            items=inr(99_900), deposit=inr(0), fee=inr(0), tax=inr(17_982), total=inr(117_882),
        ),
    )  # fmt: skip


def receipt(*, mode: Mode = Mode.TRAINING, copy: bool = False, customer: Party = ASHA) -> ReceiptDocument:
    made = orders()
    return ReceiptDocument(
        payment_id=17,
        mode=mode,
        zone=ZONE,
        store_name="Nilgiri Camera House",
        till_id="T1",
        made_at=ISSUED,
        customer=customer,
        orders=made,
        total=total((order.total for order in made), "INR"),
        paid=PAID,
        copy=copy,
    )

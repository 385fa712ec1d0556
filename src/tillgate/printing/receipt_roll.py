"""A receipt on an 80 mm roll: each vendor's order, what it comes to, how it was paid, and a code to find it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from tillgate.domain.documents import (
    DevicePaid,
    FeeInvoice,
    InstalmentsPaid,
    OrderLine,
    OrderSummary,
    PaidDays,
    PromptPaid,
    ReceiptDocument,
)
from tillgate.domain.money import total
from tillgate.domain.orders import LineType
from tillgate.domain.tax_rules import TaxEffect
from tillgate.formats import format_money, written_day, written_instant
from tillgate.i18n import Words
from tillgate.labels import GROUPS, mode_warning, paid_beyond, paid_through, tax_label
from tillgate.printing.paper import SOFT
from tillgate.printing.roll import INNER, LEFT, Roll


class ReceiptRoll(Roll):
    """Draws one receipt."""

    def __init__(self, document: ReceiptDocument, words: Words) -> None:
        self.document = document
        self.currency = document.total.currency
        super().__init__(
            words,
            title=words.tr("Receipt for payment {number}", number=document.payment_id),
            author=document.store_name,
            made_at=document.paid.captured_at or document.made_at,
        )

    def _everything(self) -> None:
        self._marks(self.document.mode, self.words.tr("COPY") if self.document.copy else "")
        self._head()
        for order in self.document.orders:
            self._order(order)
        if self.document.fee is not None:
            self._fee(self.document.fee)
        if self.document.device is not None:
            self._device(self.document.device)
        if self.document.prompt is not None:
            self._prompt(self.document.prompt)
        for number, orders in groupby(self.document.instalments, attrgetter("bulk_number")):
            self._bulk(number, list(orders))
        if self.document.fills_wallet:
            self._cut()
            self._sum(self.words.tr("Top-up of the wallet"), self.document.total)
        self._grand_total(self.document.total)
        self._payment()
        self._what_is_left()
        if self.document.fee is not None:
            self._given_back(self.document.fee)
        self._foot()

    def _head(self) -> None:
        document, tr = self.document, self.words.tr
        self.y += 1
        self._middle(document.store_name or tr("Receipt"), pt=14, bold=True)
        when = document.paid.captured_at or document.made_at
        self._middle(written_instant(when, self.words.language, self.currency, document.zone), color=SOFT)
        self._middle(tr("Payment {number}, till {till}", number=document.payment_id, till=document.till_id), color=SOFT)
        if not document.customer.is_walk_in:
            self._middle(document.customer.name, color=SOFT)
        self.y += 2

    def _order(self, order: OrderSummary) -> None:
        self._cut()
        self.y += self.paper.write_text(LEFT, self.y, INNER, order.vendor.name, pt=10, bold=True, most_lines=2)
        self._quiet(self.words.tr("Order {number}", number=order.number))
        if order.invoice_number:
            self._quiet(self.words.tr("Invoice {number}", number=order.invoice_number))
        self.y += 1.4
        for line in order.lines:
            self._line(line)
        for kind, amount in (
            (LineType.DEPOSIT, order.deposit),
            (LineType.FEE, order.fee),
            (LineType.TAX, order.tax),
        ):
            if amount:
                self._sum(self.words.tr(GROUPS[kind]), amount, color=SOFT)
        if len(self.document.orders) > 1:
            self._sum(self.words.tr("Subtotal"), order.total, bold=True)

    def _fee(self, fee: FeeInvoice) -> None:
        """The consultation, and its taxes: those that change the total, then those written down for information."""
        tr = self.words.tr
        self._cut()
        self.y += self.paper.write_text(LEFT, self.y, INNER, fee.clinic.name, pt=10, bold=True, most_lines=2)
        self._quiet(tr("Consultation {number}", number=fee.visit))
        self._quiet(tr("Invoice {number}", number=fee.number))
        self.y += 1.4
        self._sum(fee.description, fee.fee)
        signs = {TaxEffect.ADDED: 1, TaxEffect.WITHHELD: -1}
        for line in fee.taxes:
            named = tax_label(self.words, line.name, line.rate_ppm, self.currency)
            if line.effect in signs:
                self._sum(named, line.amount * signs[line.effect], color=SOFT)
            elif line.effect is TaxEffect.INCLUDED:
                amount = format_money(line.amount, self.words.language)
                self._quiet(tr("{tax} is included: {amount}", tax=named, amount=amount))
            else:
                amount = format_money(line.amount, self.words.language)
                self._quiet(tr("{tax} for information: {amount}", tax=named, amount=amount))

    def _device(self, paid: DevicePaid) -> None:
        self._cut()
        self._sum(paid.device, paid.amount)
        self._quiet(self.words.tr("Invoice {number}", number=paid.number))
        self._quiet(self._day(paid.day))

    def _prompt(self, paid: PromptPaid) -> None:
        """What the phone was asked for beyond the orders, so that the sums make the total."""
        self._cut()
        for name, amount in paid_beyond(self.words, paid):
            self._sum(name, amount, color=SOFT)
        self._quiet(self.words.tr("Invoice {number}", number=paid.number))

    def _bulk(self, number: str, orders: Sequence[InstalmentsPaid]) -> None:
        self._cut()
        self._quiet(self.words.tr("Bulk order {number}", number=number))
        for order in orders:
            self._instalments(order)

    def _instalments(self, order: InstalmentsPaid) -> None:
        """Which of its days were paid, and what of the order was left then."""
        tr = self.words.tr
        self.y += 1
        self.y += self.paper.write_text(LEFT, self.y, INNER, order.product, pt=10, bold=True, most_lines=2)
        pieces = self.words.ntr(
            "{number}: {count} piece", "{number}: {count} pieces", order.quantity, number=order.number
        )
        self._quiet(pieces)
        if order.coupon:
            amount = format_money(order.discount, self.words.language)
            self._quiet(tr("Coupon {code} took {amount} off.", code=order.coupon, amount=amount))
        for days in order.days:
            self._sum(self._numbers(days, order.of), days.amount)
            self._quiet(self._from_to(days.first_on, days.last_on))
        if order.returned:
            self._sum(tr("Given back"), -order.returned, color=SOFT)
        if order.next_on is None:
            self._quiet(tr("All instalments are paid."))
            return
        self._sum(tr("Left to pay"), order.left, color=SOFT)
        self._quiet(tr("Next instalment on {day}", day=self._day(order.next_on)))

    def _numbers(self, days: PaidDays, of: int) -> str:
        if days.first == days.last:
            return self.words.tr("Instalment {number} of {of}", number=days.first, of=of)
        return self.words.tr("Instalments {first} to {last} of {of}", first=days.first, last=days.last, of=of)

    def _what_is_left(self) -> None:
        """Of several orders together, and in the wallet."""
        orders = self.document.instalments
        if len(orders) > 1:
            left = total((each.left for each in orders), self.currency)
            self._sum(self.words.tr("Left to pay of these orders"), left)
        if self.document.wallet is not None:
            self._sum(self.words.tr("In the wallet now"), self.document.wallet, color=SOFT)

    def _given_back(self, fee: FeeInvoice) -> None:
        for note in fee.notes:
            self._sum(self.words.tr("Given back"), -note.amount, color=SOFT)
            self._quiet(self.words.tr("Credit note {number}", number=note.number))

    def _line(self, line: OrderLine) -> None:
        self._sum(line.description, line.total)
        if line.quantity > 1:
            price = format_money(line.unit_price, self.words.language)
            self._quiet(self.words.tr("{quantity} at {price} each", quantity=line.quantity, price=price))
        if line.start_on is not None and line.end_on is not None:
            self._quiet(self._from_to(line.start_on, line.end_on))
        self.y += 0.6

    def _from_to(self, first: date, last: date) -> str:
        if first == last:
            return self._day(first)
        return self.words.tr("{first} to {last}", first=self._day(first), last=self._day(last))

    def _day(self, day: date) -> str:
        return written_day(day, self.words.language, self.currency)

    def _payment(self) -> None:
        paid, tr = self.document.paid, self.words.tr
        self._quiet(tr("Paid through {provider}", provider=paid_through(self.words, paid)))
        if paid.reference:
            self._quiet(tr("Reference {reference}", reference=paid.reference))
        if paid.receipt:
            self._quiet(tr("M-Pesa receipt {number}", number=paid.receipt))

    def _foot(self) -> None:
        document = self.document
        self.y += 4
        if document.lookup:
            self._code(document.lookup)
            self._middle(self._scan_for(), pt=7, color=SOFT)
        warning = mode_warning(self.words, document.mode)
        if warning:
            self._middle(warning, pt=7.5, bold=True)
        self._middle(self.words.tr("Thank you for your visit."), pt=9)
        self.y += 6

    def _scan_for(self) -> str:
        """What the code is good for."""
        if self.document.instalments:
            return self.words.tr("Scan at the till to pay the next instalments.")
        if self.document.fills_wallet:
            return self.words.tr("Scan at the till to find this payment again.")
        return self.words.tr("Scan at the till to find this sale again.")

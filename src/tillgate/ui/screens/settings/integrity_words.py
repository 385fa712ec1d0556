"""The integrity check in words: what each check compares, what a fault means, and the rows of its export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.formats import format_money
from tillgate.i18n import active_language, mark, tr
from tillgate.services.book_checks import BooksReport
from tillgate.services.looks import Check, Fault
from tillgate.services.start_gates import Finding, Gate, Severity, finding_error
from tillgate.ui.message_text import message_for
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import Column, ListSource, Query, count_column, instant_column, text_column
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS, Status

SOUND: Final = Status(Tone.SETTLED, "circle-check", mark("Sound"))
WRONG: Final = Status(Tone.FAILED, "circle-x", mark("Wrong"))
WARNING: Final = Status(Tone.WAITING, "triangle-alert", mark("Warning"))
BLOCKS: Final = Status(Tone.FAILED, "circle-x", mark("Stops selling"))
NOT_YET: Final = Status(Tone.DRAFT, "circle-dashed", mark("Not looked at"))
GATE_STATUS: Final = {Severity.OK: SOUND, Severity.WARN: WARNING, Severity.BLOCK: BLOCKS}

CHECKS: Final[Mapping[Check, tuple[str, str]]] = {
    Check.PAYMENTS: (
        mark("Payments of consultations"),
        mark("Each is for one consultation of its own patient, in its currency, over exactly what is due."),
    ),
    Check.INVOICES: (
        mark("Invoices of consultations"),
        mark("Each payment has one over its amount, which stands while it waits or has paid, and is void otherwise."),
    ),
    Check.TAXES: (
        mark("Tax records"),
        mark("Each is its rate of its base, and no tax that was valid is missing."),
    ),
    Check.DUPLICATES: (mark("Duplicates"), mark("No consultation has more than one payment that lives.")),
    Check.LEDGER: (mark("Ledger"), mark("Every entry sums to nothing in each currency.")),
    Check.SUMS: (
        mark("Sums"),
        mark("Payments are the sum of their parts, and the ledger has what providers took and gave back."),
    ),
    Check.WALLETS: (
        mark("Wallets and commissions"),
        mark(
            "Each balance is the sum of its moves and what the ledger owes; each commission its share of what is paid."
        ),
    ),
    Check.INSTALMENTS: (
        mark("Instalments"),
        mark("Each schedule sums to its order, what is paid to its payments; orders hold their pieces and coupons."),
    ),
    Check.STOCK: (mark("Stock"), mark("What is there of each variant is the sum of what came and went.")),
    Check.OWNERS: (
        mark("Money that waits"),
        mark("The till comes back to it by itself, or it stands on Exceptions for a manager."),
    ),
    Check.CHAIN: (mark("Audit chain"), mark("Every entry of every till is as it was written.")),
}
GATES: Final[Mapping[Gate, str]] = {
    Gate.DATABASE: mark("The database can be read and written"),
    Gate.SQLITE: mark("The database engine is new enough"),
    Gate.SETTINGS: mark("The database keeps sales through a power cut"),
    Gate.SPACE: mark("Room on the disk"),
    Gate.LEDGER: mark("The ledger of the last day"),
    Gate.CHAIN: mark("The newest entries of the audit chain"),
    Gate.CLOCK: mark("The clock"),
    Gate.FILE: mark("Every page of the database’s file"),
    Gate.CONSULTATIONS: mark("The consultations since yesterday"),
}
FAULTS: Final[Mapping[str, str]] = {
    "consultation_missing": mark("It is for no consultation."),
    "other_patient_or_currency": mark("The consultation is another patient’s, or its fee in another currency."),
    "amount_not_due": mark("It asks for {amount}, and {due} is due."),
    "invoice_missing": mark("It has no invoice."),
    "invoice_state": mark("It is “{payment}”, and its invoice does not stand so; {standing} stand."),
    "invoice_amount": mark("Its invoice is over {invoice}, the payment over {payment}."),
    "invoice_not_void": mark("It ended as “{payment}”, and its invoice is not void."),
    "tax_amount": mark("{tax} over {amount} is not its rate of the base."),
    "tax_missing": mark("No tax record of {taxes}."),
    "paid_more_than_once": mark("{payments} payments hold it at once."),
    "ledger_uneven": mark("It does not sum to nothing."),
    "allocation_sum": mark("It is over {amount}, its parts sum to {parts}."),
    "capture_sum": mark("The provider took {facts}, the ledger has {ledger}."),
    "refund_sum": mark("The provider gave back {facts}, the ledger has {ledger}."),
    "money_missing": mark("It shows that it was paid, and no money came for it."),
    "consultation_sum": mark("It is over {amount}, the ledger used {ledger} for it."),
    "invoice_sum": mark("The figures have {kept}, and there are {counted}; or their amounts differ."),
    "wallet_sum": mark("{kept} is in it, its moves come to {moved}, the ledger owes {ledger}."),
    "commission_sum": mark("The commission statement comes to {noted}, the ledger owes {ledger}."),
    "commission_order": mark(
        "Its commission is {kept}, the statement has {noted}, or it is not its share of what is paid."
    ),
    "schedule_sum": mark("Its total is {total}, its {days} days sum to {planned}."),
    "schedule_days": mark("Its days do not follow one another, from day {nth} on."),
    "schedule_paid": mark("It says that {kept} is paid, its paid days sum to {summed}; or their number differs."),
    "schedule_first": mark("Its first payment is {kept}, the first days of its orders sum to {summed}."),
    "instalment_unpaid": mark("The day {day} is paid without a payment that was used for it."),
    "days_state": mark("Its days are not in the state that it is in: {due} are due, {over} are cancelled."),
    "bulk_state": mark("It is in another state than its bulk order {bulk}."),
    "coupon_count": mark("{kept} uses are counted, and there are {counted}."),
    "coupon_use": mark("Its coupon is not used as its state asks for."),
    "stock_held": mark("It must hold {wanted} pieces, and holds {held}."),
    "stock_sum": mark("{kept} are there, and its moves come to {moved}."),
    "wait_sum": mark("The figures have {kept} times to pay, and there are {counted}; or some are longer or shorter."),
    "prepaid_sum": mark("{kept} of it wait for an order, and the ledger keeps {ledger}."),
    "forgotten_refund": mark("A refund is on its way, and nobody asks what became of it."),
    "forgotten_refund_parked": mark("A refund waits for a person, and does not stand on Exceptions."),
    "forgotten_refund_pending": mark("It shows a refund, and none is on its way."),
    "forgotten_money": mark("Money waits for a decision, and does not stand on Exceptions."),
    "forgotten_money_left": mark("Money that was to go back is still here, and does not stand on Exceptions."),
    "forgotten_checkout": mark("Its checkout is open, and nobody asks what became of it."),
    "forgotten_orders": mark("It is paid, and nobody makes its orders."),
    "forgotten_invoice": mark("An invoice is owed, and nobody makes it."),
    "row_missing": mark("Entry {seq} is missing."),
    "link_broken": mark("Entry {seq} does not follow the one before it."),
    "row_changed": mark("Entry {seq} was changed."),
    "end_cut": mark("The end was cut off, at entry {seq}."),
    "head_missing": mark("From entry {seq} on nothing says where it ends."),
}
SUBJECTS: Final[Mapping[str, str]] = {
    "payment": mark("Payment {which}"),
    "consultation": mark("Consultation {which}"),
    "ledger": mark("Ledger entry {which}"),
    "prompts": mark("Payment invoices of {which}"),
    "prompt": mark("Payment invoice {which}"),
    "money": mark("Money {which}"),
    "account": mark("Account {which}"),
    "wallet": mark("Wallet of customer {which}"),
    "instalments": mark("Instalment order {which}"),
    "coupon": mark("Coupon {which}"),
    "variant": mark("Variant {which}"),
    "audit": mark("Till {which}"),
}


def subject_text(fault: Fault) -> str:
    """What a fault is about: "Payment 12"."""
    kind, _, which = fault.subject.partition(":")
    return tr(SUBJECTS[kind], which=shown(str(fault.values.get("code") or which), 60))


def fault_text(fault: Fault) -> str:
    """What is wrong, in a sentence."""
    return tr(FAULTS[fault.what], **{name: _value(value) for name, value in fault.values.items()})


def _value(value: object) -> str:
    if isinstance(value, Money):
        return format_money(value, active_language())
    return PAYMENT_STATUS[value].text if isinstance(value, PaymentState) else shown(str(value), 60)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A line of the export: a check, or one thing that it found wrong. `compared` None where nothing was counted."""

    check: str
    verdict: str
    compared: int | None
    subject: str
    found: str
    at: datetime | None


def export_columns() -> list[Column[CheckLine]]:
    """As they are on the page."""
    return [
        text_column("check", tr("Check"), lambda row: row.check),
        text_column("verdict", tr("Verdict"), lambda row: row.verdict),
        count_column("compared", tr("Looked at"), lambda row: row.compared),
        text_column("subject", tr("About"), lambda row: row.subject),
        text_column("found", tr("Found wrong"), lambda row: row.found),
        instant_column("at", tr("When"), lambda row: row.at),
    ]


def export_source(report: BooksReport | None, findings: Sequence[Finding]) -> ListSource[CheckLine]:
    """A line for each sound check, one for each fault of the others, and one for each look at the start."""
    rows = [*_of_report(report), *map(_of_finding, findings)] if report else [_of_finding(each) for each in findings]

    def every(_query: Query) -> Sequence[CheckLine]:
        return rows

    return ListSource(every)


def _of_report(report: BooksReport) -> Iterator[CheckLine]:
    for each in report.results:
        title = tr(CHECKS[each.check][0])
        if each.ok:
            yield CheckLine(title, SOUND.text, each.compared, "", "", report.at)
        for fault in each.faults:
            yield CheckLine(title, WRONG.text, each.compared, subject_text(fault), fault_text(fault), report.at)
        if each.more:
            yield CheckLine(title, WRONG.text, each.compared, "", more_text(each.more), report.at)


def _of_finding(finding: Finding) -> CheckLine:
    return CheckLine(tr(GATES[finding.gate]), GATE_STATUS[finding.severity].text, None, "", finding_text(finding), None)


def more_text(count: int) -> str:
    """What is not listed."""
    return tr("And {count} more, which are not listed.", count=count)


def finding_text(finding: Finding) -> str:
    """What a gate found, in words; "" where all is well."""
    return "" if finding.severity is Severity.OK else message_for(finding_error(finding)).what

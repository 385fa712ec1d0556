"""What coupons take off, for what, and how they stand, in words."""

from __future__ import annotations

from datetime import date
from typing import Final

from tillgate.domain.coupons import CouponKind
from tillgate.domain.money import Money
from tillgate.domain.percent import percent_text
from tillgate.i18n import active_language, mark, tr
from tillgate.services.coupon_edits import CouponRow
from tillgate.services.coupons import CouponRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import Status

KINDS: Final[dict[CouponKind, str]] = {
    CouponKind.FLAT: mark("An amount"),
    CouponKind.PERCENT: mark("A share"),
}
OPEN: Final = Status(Tone.SETTLED, "circle-check", mark("Open"))
TO_COME: Final = Status(Tone.NEUTRAL, "calendar-days", mark("Begins later"))
OVER: Final = Status(Tone.DRAFT, "hourglass", mark("Over"))
USED_UP: Final = Status(Tone.WAITING, "circle-pause", mark("Used up"))
WITHDRAWN: Final = Status(Tone.DRAFT, "circle-minus", mark("Withdrawn"))


def status_of_coupon(coupon: CouponRecord, today: date) -> Status:
    """How it stands on a day of the store's."""
    if not coupon.active:
        return WITHDRAWN
    if today > coupon.valid_until:
        return OVER
    if coupon.total_limit is not None and coupon.used_count >= coupon.total_limit:
        return USED_UP
    return TO_COME if today < coupon.valid_from else OPEN


def worth(office: BackOffice, coupon: CouponRecord) -> str:
    """What it takes off: an amount, or a share with the most that it comes to."""
    if coupon.kind is CouponKind.FLAT:
        return office.money(Money(coupon.value, coupon.currency))
    rate = percent_text(coupon.value, decimal_mark="." if active_language() == "en" else ",")
    if coupon.cap_minor is None:
        return tr("{rate} %", rate=rate)
    return tr("{rate} %, at most {cap}", rate=rate, cap=office.money(Money(coupon.cap_minor, coupon.currency)))


def uses(coupon: CouponRecord) -> str:
    """How often it was used, of how often it may be."""
    if coupon.total_limit is None:
        return str(coupon.used_count)
    return tr("{used} of {limit}", used=coupon.used_count, limit=coupon.total_limit)


def meant_for(row: CouponRow) -> str:
    """What it may be used for; "" for anything."""
    return " · ".join(filter(None, (row.product, row.coupon.category or "")))

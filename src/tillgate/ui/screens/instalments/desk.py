"""What the pages of this screen are given, and what is said of a payment beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tillgate.domain.money import Money
from tillgate.domain.payment_end import End
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.papers import Papers
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction


@dataclass(frozen=True, slots=True)
class BillLine:
    """One thing that is paid: an order with its product, of which days, how much."""

    what: str
    about: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What stands beside the payment: translated texts. `customer` may be ""."""

    title: str
    lines: tuple[BillLine, ...]
    customer: str = ""


class PayNow(Protocol):
    """Shows a payment that was begun, as it stands, with its bill. `again` is what Try again does after it ended
    without money; without it there is no such button. `opens` False does not open its page in the browser again."""

    def __call__(
        self, payment_id: int, bill: Bill, *, again: Callable[[], object] | None = None, opens: bool = True
    ) -> None:
        """Bring the page of the payment to the front."""
        ...


@dataclass(frozen=True, slots=True)
class InstalmentDesk:
    """`notice` stands above every page, and says of `papers` where they went; `pay` brings the page of a payment to the
    front, `show` another page by its key, and `find` shows what a number stands for in one."""

    office: BackOffice
    checkout: CheckoutDesk
    notice: InlineNotice
    papers: Papers
    pay: PayNow
    show: Callable[[str], object]
    find: Callable[[str, str], object]

    def paid_at_once(self, payment_id: int) -> list[NoticeAction]:
        """What the notice of a payment from the wallet offers; it tells of it, so that no bar above it does."""
        page = self.notice.parentWidget()
        if self.checkout.in_front is not None and page is not None and page.isVisible():
            self.checkout.in_front({payment_id: End.PAID})
        return self.papers.actions(payment_id)

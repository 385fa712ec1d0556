"""What a payment's stages say of instalments, and of a wallet that is topped up, instead of a sale."""

from __future__ import annotations

from typing import Final

from tillgate.domain.payment import Purpose
from tillgate.i18n import mark
from tillgate.ui.screens.checkout.stage_words import WORDS, Words
from tillgate.ui.screens.checkout.stages import Stage


def _changed(stage: Stage, what: str, then: str = "", *, title: str = "") -> Words:
    was = WORDS[stage]
    return Words(was.status, title or was.title, what, was.money, then or was.then)


_AGAIN: Final = mark("The days are as they were before: try once more, or go back.")
_EXPIRED: Final = mark("The customer did not pay in time, and the checkout has closed.")
_LATE: Final = mark("It arrived after the payment had ended. It is on Exceptions, where a manager settles it.")
_BACK: Final = mark("Wait until it is back.")
_CLOSED: Final = WORDS[Stage.CANCELLED].what
_NOT_TAKEN: Final = WORDS[Stage.FAILED].what
_ALL_BACK: Final = mark("A manager gave all of the money back.")
INSTALMENT_WORDS: Final[dict[Stage, Words]] = {
    **WORDS,
    Stage.FINISHING: _changed(Stage.FINISHING, mark("The instalments are being marked as paid.")),
    Stage.MISMATCHED: _changed(
        Stage.MISMATCHED,
        mark("It was not used for these instalments. It is on Exceptions, where a manager settles it."),
    ),
    Stage.PAID: _changed(Stage.PAID, mark("The instalments are paid, and the orders are active.")),
    Stage.DOUBLE: _changed(
        Stage.DOUBLE,
        mark("The instalments are paid. The second amount is on Exceptions, where a manager gives it back."),
    ),
    Stage.RETURNING: _changed(Stage.RETURNING, mark("The instalments were paid; a manager gives money back.")),
    Stage.RETURNED: _changed(Stage.RETURNED, _ALL_BACK, title=mark("The instalments were refunded")),
    Stage.PARTLY_RETURNED: _changed(
        Stage.PARTLY_RETURNED, mark("The instalments were paid; a manager gave a part of the money back.")
    ),
    Stage.LATE: _changed(Stage.LATE, _LATE),
    Stage.REFUNDING: _changed(
        Stage.REFUNDING, mark("It arrived, but the instalments could not be paid with it."), _BACK
    ),
    Stage.REFUND_STUCK: _changed(
        Stage.REFUND_STUCK, mark("The instalments could not be paid with the money. It is on Exceptions.")
    ),
    Stage.REFUNDED: _changed(Stage.REFUNDED, mark("The instalments could not be paid with it."), _AGAIN),
    Stage.FAILED: _changed(Stage.FAILED, _NOT_TAKEN, _AGAIN),
    Stage.EXPIRED: _changed(Stage.EXPIRED, _EXPIRED, _AGAIN),
    Stage.CANCELLED: _changed(Stage.CANCELLED, _CLOSED, _AGAIN),
}
_TOP_UP_AGAIN: Final = mark("The wallet is as it was: try once more, or go back.")
TOP_UP_WORDS: Final[dict[Stage, Words]] = {
    **WORDS,
    Stage.FINISHING: _changed(Stage.FINISHING, mark("The money is being put into the wallet.")),
    Stage.MISMATCHED: _changed(
        Stage.MISMATCHED, mark("It was not put into the wallet. It is on Exceptions, where a manager settles it.")
    ),
    Stage.PAID: _changed(Stage.PAID, mark("The money is in the wallet.")),
    Stage.DOUBLE: _changed(
        Stage.DOUBLE,
        mark("The money is in the wallet. The second amount is on Exceptions, where a manager gives it back."),
    ),
    Stage.RETURNING: _changed(Stage.RETURNING, mark("The wallet was topped up; a manager gives money back.")),
    Stage.RETURNED: _changed(Stage.RETURNED, _ALL_BACK, title=mark("The top-up was refunded")),
    Stage.PARTLY_RETURNED: _changed(
        Stage.PARTLY_RETURNED, mark("The wallet was topped up; a manager gave a part of the money back.")
    ),
    Stage.LATE: _changed(Stage.LATE, _LATE),
    Stage.REFUNDING: _changed(Stage.REFUNDING, mark("It arrived, but could not be put into the wallet."), _BACK),
    Stage.REFUND_STUCK: _changed(
        Stage.REFUND_STUCK, mark("The money could not be put into the wallet. It is on Exceptions.")
    ),
    Stage.REFUNDED: _changed(Stage.REFUNDED, mark("It could not be put into the wallet."), _TOP_UP_AGAIN),
    Stage.FAILED: _changed(Stage.FAILED, _NOT_TAKEN, _TOP_UP_AGAIN),
    Stage.EXPIRED: _changed(Stage.EXPIRED, _EXPIRED, _TOP_UP_AGAIN),
    Stage.CANCELLED: _changed(Stage.CANCELLED, _CLOSED, _TOP_UP_AGAIN),
}


def words_of(purpose: Purpose) -> dict[Stage, Words]:
    """The words for what a payment is for."""
    return TOP_UP_WORDS if purpose is Purpose.WALLET_TOP_UP else INSTALMENT_WORDS

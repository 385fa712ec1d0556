"""Texts of the errors of the back office: figures, mails and papers."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_LOOK: Final = mark("Look again: it may be done by now.")

TEXTS: Final[dict[str, Entry]] = {
    "books_wrong": Entry(
        mark("The integrity check found entries in the books that don’t fit together: {count}."),
        mark("A manager looks at them under Settings, Integrity check."),
        about_money=False,
    ),
    "days_reversed": Entry(
        mark("The first day is after the last one."), mark("Choose the days again."), about_money=False
    ),
    "days_too_many": Entry(
        mark("At most {most} days can be looked at together."), mark("Choose fewer days."), about_money=False
    ),
    "paper_not_saved": Entry(
        mark("The paper could not be saved in {folder}: {error}."), mark("Make room there, then try again.")
    ),
    "receipt_nothing_paid": Entry(
        mark("There is no receipt: the money of this payment pays for nothing here."),
        mark("It has not come, or all of it went back. The payment’s details say which."),
        about_money=False,
    ),
    "printer_refused": Entry(
        mark("The printer did not take the paper: {error}."),
        mark("Choose a default printer in this computer’s settings, or save the paper and print it from there."),
        about_money=False,
    ),
    "work_done": Entry(mark("This is done already."), _LOOK, about_money=False),
    "work_needed": Entry(
        mark("An invoice can’t be left out: the law wants one."), mark("Try it again instead."), about_money=False
    ),
    "work_not_repeatable": Entry(
        mark("Only a mail that was sent can be sent once more."), mark("Wait until it is sent."), about_money=False
    ),
    "work_under_way": Entry(mark("This is being done right now."), _LOOK, about_money=False),
    "work_unknown": Entry(mark("This is not on the list of mails and papers."), _LOOK, about_money=False),
}

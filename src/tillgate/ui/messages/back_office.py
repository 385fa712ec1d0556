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

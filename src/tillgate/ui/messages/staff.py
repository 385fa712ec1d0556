"""Texts of the errors of signing in, permission, approvals and the people of the store."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_ASK_AGAIN: Final = mark("Ask the manager to approve once more.")
_OTHER_PIN: Final = mark("Choose another one.")

TEXTS: Final[dict[str, Entry]] = {
    "pin_wrong": Entry(mark("This PIN is not right."), mark("Type it again."), about_money=False),
    "pin_wait": Entry(
        mark("There were several wrong tries."), mark("Wait {wait_s} seconds, then type the PIN again."), False
    ),
    "staff_locked": Entry(
        mark("{name} is locked after ten wrong tries."), mark("A manager can unlock this person."), about_money=False
    ),
    "session_over": Entry(mark("Your time at this till is over."), mark("Sign in again."), about_money=False),
    "not_allowed": Entry(mark("Only a manager may do this."), mark("Ask a manager to sign in."), about_money=False),
    "approval_needed": Entry(mark("A manager has to approve this."), mark("Ask a manager to come to the till.")),
    "confirm_needed": Entry(
        mark("Prove that it is still you."), mark("Type your PIN or passphrase."), about_money=False
    ),
    "approval_by_self": Entry(mark("Nobody approves for themselves."), mark("Ask another manager.")),
    "approval_by_cashier": Entry(mark("{name} is not a manager."), mark("Ask a manager to approve.")),
    "approver_missing": Entry(mark("There is no manager who could approve this."), mark("Call one.")),
    "approval_invalid": Entry(mark("This approval is not valid."), _ASK_AGAIN),
    "approval_used": Entry(mark("This approval was used already."), _ASK_AGAIN),
    "approval_expired": Entry(mark("This approval is older than a minute."), _ASK_AGAIN),
    "approval_other": Entry(mark("This approval is for something else."), _ASK_AGAIN),
    "approval_outside_transaction": Entry(
        mark("The approval could not be used."), mark("Tell the person who looks after this till.")
    ),
    "pin_too_short": Entry(
        mark("Too short: at least {shortest} digits, or a passphrase of {passphrase} characters."), _OTHER_PIN, False
    ),
    "passphrase_too_short": Entry(
        mark("Too short: a passphrase has at least {shortest} characters."), _OTHER_PIN, about_money=False
    ),
    "pin_guessable": Entry(
        mark("Easy to guess: no dates, no repeats, no rows of digits, no name."), _OTHER_PIN, about_money=False
    ),
    "pin_unreadable": Entry(
        mark("A passphrase has at most {longest} characters, all of them visible."), _OTHER_PIN, about_money=False
    ),
    "pin_needed": Entry(
        mark("A manager needs a longer PIN than a cashier."), mark("Type a new PIN or passphrase."), about_money=False
    ),
    "pins_differ": Entry(mark("The two are not the same."), mark("Type both again."), about_money=False),
    "pepper_short": Entry(
        mark("The store’s secret is damaged."), mark("Tell the person who looks after this till."), about_money=False
    ),
    "name_missing": Entry(mark("A name is missing."), mark("Type one."), about_money=False),
    "name_unreadable": Entry(
        mark("A name has at most {longest} characters, all of them visible."), mark("Change the name."), False
    ),
    "name_taken": Entry(mark("{name} is there already."), mark("Use another name."), about_money=False),
    "note_short": Entry(mark("Say why, in a few words."), about_money=False),
    "note_unreadable": Entry(
        mark("This has at most {longest} characters, all of them visible."), mark("Change the text."), False
    ),
    "note_card_number": Entry(
        mark("This looks like a card number, which must not be written down."), mark("Take it out."), about_money=False
    ),
    "staff_unknown": Entry(mark("There is nobody called {staff}."), mark("Check the name."), about_money=False),
    "staff_exists": Entry(
        mark("The store has its first manager already."), mark("Sign in, or ask that manager."), about_money=False
    ),
    "staff_changed": Entry(
        mark("Somebody else changed {name} meanwhile."), mark("Look again, then repeat your change."), False
    ),
    "last_manager": Entry(
        mark("{name} is the only manager."), mark("Make somebody else a manager first."), about_money=False
    ),
    "not_locked": Entry(mark("{name} is not locked."), about_money=False),
}

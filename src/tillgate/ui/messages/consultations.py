"""Texts of the errors of consultations, their payment and tax rules."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_OTHER_WAY: Final = mark("Take another way to pay.")
_RATE: Final = mark("Look at the tax rules of this country.")

TEXTS: Final[dict[str, Entry]] = {
    # Pressing Pay
    "consultation_unknown": Entry(mark("This consultation does not exist."), mark("Look in the list of open fees.")),
    "consultation_not_theirs": Entry(
        mark("This consultation is another patient’s."), mark("Choose the patient again, then the consultation.")
    ),
    "consultation_paid": Entry(
        mark("This consultation is paid already."), mark("Look at its payment; never take its fee again.")
    ),
    "consultation_closed": Entry(
        mark("Nothing is owed for this consultation any more."), mark("Look at how it ended.")
    ),
    "amount_not_fee": Entry(mark("The fee is {due}, not {asked}."), mark("Open the fee again to see what is due.")),
    "pay_key_malformed": Entry(
        mark("The payment could not be begun: its key is not a valid one."), mark("Close Pay and open it again.")
    ),
    "provider_unsupported": Entry(mark("Consultations can’t be paid through {provider}."), _OTHER_WAY),
    "provider_keys_missing": Entry(
        mark("{provider} has no keys at this till, so nothing can be paid through it."),
        mark("A manager enters them under Settings."),
    ),
    "lock_not_won": Entry(
        mark("Somebody else was busy with this consultation for more than {seconds} seconds."),
        mark("Look whether it is being paid elsewhere, then press Pay again."),
    ),
    "consultations_wrong": Entry(
        mark("{count} entries about consultations don’t fit together, the first at {first}."),
        mark("A manager runs the integrity check, under Settings."),
        about_money=False,
    ),
    # Clinics and practitioners
    "clinic_unknown": Entry(mark("This clinic does not exist."), mark("Choose one from the list."), about_money=False),
    "clinic_changed": Entry(
        mark("Somebody else changed this clinic meanwhile."), mark("Look at it again."), about_money=False
    ),
    "clinic_fixed": Entry(
        mark("A clinic’s code, country and currency stay what they are."),
        mark("Add another clinic, and take this one out of use."),
        about_money=False,
    ),
    "practitioner_changed": Entry(
        mark("Somebody else changed this practitioner meanwhile."), mark("Look at it again."), about_money=False
    ),
    "practitioner_fixed": Entry(
        mark("A practitioner’s code and clinic stay what they are."),
        mark("Add another practitioner, and take this one out of use."),
        about_money=False,
    ),
    # Writing fees down
    "practitioner_unknown": Entry(mark("This practitioner does not exist."), mark("Choose one from the list.")),
    "consultation_code": Entry(
        mark("The visit’s number is longer than {longest} characters or can’t be printed."), mark("Type a shorter one.")
    ),
    "consultation_code_taken": Entry(mark("{number} is another visit’s number."), mark("Type another one.")),
    "consultation_changed": Entry(
        mark("Somebody else changed this fee meanwhile."), mark("Look at it again."), about_money=False
    ),
    "receipt_not_paid": Entry(
        mark("There is no receipt: this fee has not been paid."), mark("Print its invoice instead.")
    ),
    # Tax rules
    "tax_name": Entry(mark("A tax needs a name of at most 40 characters."), mark("Type one.")),
    "tax_rate": Entry(mark("A tax rate is more than 0 % and at most 100 %."), mark("Type the rate again.")),
    "tax_country": Entry(mark("A country is two capital letters, such as PH."), mark("Type it again.")),
    "tax_days": Entry(mark("A tax rule can’t end before it begins."), mark("Choose a later day.")),
    "tax_unknown": Entry(mark("This tax rule does not exist."), _RATE),
    "tax_ended": Entry(mark("{tax} ends on {last_day} already."), _RATE),
    "tax_overlaps": Entry(
        mark("{tax} has a rule since {since} that is still valid then."), mark("End that one first, then add this.")
    ),
    "tax_fixed": Entry(
        mark("A rule is followed by one of the same tax and country."),
        mark("Add another rule for another tax."),
        about_money=False,
    ),
    "tax_follows": Entry(
        mark("The rule before is valid since {since}."),
        mark("Let the new one begin on a later day."),
        about_money=False,
    ),
    "tax_withdrawn": Entry(mark("The rule of {tax} was withdrawn."), _RATE, about_money=False),
    "tax_used": Entry(
        mark("Fees were taxed by this rule of {tax}, so it can’t be withdrawn."),
        mark("Let it end on a day, and add the right one from the next."),
        about_money=False,
    ),
    "tax_day_taken": Entry(
        mark("A rule of {tax} that was withdrawn begins on {since} too."),
        mark("Let the new one begin on another day."),
        about_money=False,
    ),
    "taxes_exceed_fee": Entry(mark("Nothing of {fee} would be left to pay after what is withheld."), _RATE),
}

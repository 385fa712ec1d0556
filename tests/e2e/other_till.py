"""`python -m tests.e2e.other_till FOLDER`: another till of the store presses Pay for every open fee, and tells them.

It is a process of its own over the running till's database, and calls Stripe where that till has it played.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from tillgate.app.books import open_books
from tillgate.app.bootstrap import FULFILLING
from tillgate.app.demo_people import MANAGER
from tillgate.app.profile import Profile
from tillgate.domain.consultation import ConsultationState, new_key
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.providers.registry import Credentials, Surroundings, open_provider
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.ledger import Ledger
from tillgate.services.consultation_lists import ConsultationQuery, list_consultations, load_consultation
from tillgate.services.consultations import PayConsultation, pay
from tillgate.services.pin_hash import Pins
from tillgate.services.sign_in import sign_in
from tillgate.store.unit_of_work import refuse_inside_transaction


def main(folder: Path) -> dict[int, int]:
    """The payments by their consultations."""
    profile = Profile(Mode.TRAINING, folder, till_id="T2")
    ledger = Ledger(profile.sandbox_ledger, SandboxClock())
    kept = ledger.find_setting("stripe_keys")
    ledger.close()
    assert kept is not None
    keys = json.loads(kept)
    port = (profile.folder / "sandbox.port").read_text(encoding="ascii")
    place = Surroundings(Mode.TRAINING, f"http://127.0.0.1:{port}/stripe", refuse_inside_transaction)
    stripe = open_provider("stripe", Credentials(keys[0], Secret(keys[1])), place)
    books = open_books(profile)
    till = replace(books.till, providers={"stripe": stripe}, fulfilling=FULFILLING)
    actor = sign_in(till, Pins(books.secret.pepper), MANAGER.name, MANAGER.pin).actor
    made = {}
    for row in list_consultations(till, actor, ConsultationQuery("", frozenset({ConsultationState.OPEN}))):
        here = load_consultation(till, actor, row.id)
        patient_id = here.visit.consultation.patient_id
        press = PayConsultation(new_key(till.clock.now()), row.id, patient_id, here.assessed.due)
        made[row.id] = pay(till, actor, press).payment.id
    stripe.close()
    till.db.close()
    return made


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))

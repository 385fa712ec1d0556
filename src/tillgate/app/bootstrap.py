"""The composition root: the one place that names concrete classes and introduces them to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tillgate.app import memory
from tillgate.app.books import Books, open_books
from tillgate.app.holding import Holding, hold_till
from tillgate.app.lanes import Lanes, logged
from tillgate.app.mailing import SettingsNotifier, TrainingNotifier
from tillgate.app.news import changes_of
from tillgate.app.profile import Profile, write_private
from tillgate.app.renderer import Renderer
from tillgate.domain.changes import Changes
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.payment import Mode, Purpose
from tillgate.domain.provider_keys import KEY_FORMS, ProviderKeys
from tillgate.domain.secret import Secret
from tillgate.domain.settings import AFTER_PAYING, RETURN_TO_TILL
from tillgate.domain.staff import Actor, Person
from tillgate.ports import Clock, DocumentRenderer, Notifier, Outcome, PaymentProvider, SecretStore
from tillgate.providers.registry import Credentials, Surroundings, open_provider
from tillgate.services import (
    consultation_settling,
    device_settling,
    instalment_settling,
    invoice_settling,
    invoices,
    notices,
    orders,
    outbox,
    sign_in,
    staff,
    wallet_settling,
)
from tillgate.services.attempt_lease import release_left_behind
from tillgate.services.batch_rows import stop_own
from tillgate.services.book_checks import BooksReport
from tillgate.services.exceptions import count_exceptions
from tillgate.services.hosted_page import readdress_pages
from tillgate.services.link_notices import send_text
from tillgate.services.metrics import write_tallies
from tillgate.services.payment_views import count_waiting
from tillgate.services.pin_hash import Pins
from tillgate.services.prompts import count_open_prompts
from tillgate.services.provider_keys import load_keys
from tillgate.services.settings import StoredSettings
from tillgate.services.start_gates import (
    check_before_selling,
    check_consultations,
    check_file,
    check_last_run,
    check_space,
    finding_error,
    of_report,
)
from tillgate.services.till import ReturnAddress, Till
from tillgate.store.audit import AuditEntry
from tillgate.store.first_look import FirstLook
from tillgate.store.models import outbox as outbox_rows
from tillgate.store.models import payment_attempt, payment_batch, refund
from tillgate.store.unit_of_work import refuse_inside_transaction
from tillgate.web.loopback import Loopback

if TYPE_CHECKING:
    from tillgate.sandbox import SandboxServer

# Methods of paying whose page the till serves itself.
OWN_PAGE: Final = frozenset({"order"})
# Those that end on a page which must be named, whoever opens it.
NAMES_A_PAGE: Final = frozenset({"session"})
# What each purpose makes of a captured payment.
FULFILLING: Final = {
    Purpose.CHECKOUT: orders.FULFILLING,
    Purpose.CONSULTATION: consultation_settling.FULFILLING,
    Purpose.DEVICE_INVOICE: device_settling.FULFILLING,
    Purpose.PAYMENT_INVOICE: invoice_settling.FULFILLING,
    Purpose.INSTALMENTS: instalment_settling.FULFILLING,
    Purpose.WALLET_TOP_UP: wallet_settling.FULFILLING,
}


@dataclass(slots=True)
class Shop:
    """Everything of one running till. `close` ends it in order: no new work, running work finishes, files close."""

    books: Books
    till: Till
    providers: dict[str, PaymentProvider]
    pins: Pins
    renderer: DocumentRenderer
    lanes: Lanes
    loopback: Loopback
    sandbox: SandboxServer | None
    works: dict[str, outbox.Work]
    # Why the keyring could not be read, or "": then providers are off and the screen says how to turn them on.
    keyring_trouble: str = ""
    # What is wrong with a provider's kept keys, by its name; the till reads the same.
    refused_keys: dict[str, Refused] = field(default_factory=dict)
    # The till's id of a shared database; None for a file of its own.
    holding: Holding | None = None

    def on_changes(self, tell: Callable[[Changes], None]) -> None:
        """Be told, on whatever thread, what each commit changed that a screen shows."""

        def listen(entries: Sequence[AuditEntry]) -> None:
            changes = changes_of(entries)
            if changes is not None:
                tell(changes)

        self.books.listeners.append(listen)

    # What the window asks for; it is there before this module is loaded, so it knows no service by name.

    def first_look(self) -> FirstLook:
        """The options and who can sign in."""
        return FirstLook(self.till.settings(), tuple(self.list_people()))

    def has_staff(self) -> bool:
        """Whether anybody was ever taken on."""
        return staff.has_staff(self.till)

    def list_people(self) -> list[Person]:
        """Everyone who can sign in, by name."""
        return sign_in.list_people(self.till)

    def sign_in(self, name: str, pin: str) -> sign_in.Session:
        """Start a session; raises as the service."""
        return sign_in.sign_in(self.till, self.pins, name, pin)

    def sign_out(self, actor: Actor, reason: str = "sign_out") -> None:
        """End a session."""
        sign_in.sign_out(self.till, actor, reason)

    def unlock(self, manager: str, pin: str, locked: str) -> None:
        """A manager unlocks somebody at the sign-in screen; raises as the service."""
        sign_in.unlock_in_place(self.till, self.pins, manager, pin, locked)

    def counts(self) -> tuple[int, dict[str, int]]:
        """Payments whose money is not certain yet; and what waits on a screen, by its key: open exceptions, and phones
        that this till asks."""
        waits = {"exceptions": count_exceptions(self.till), "payment_invoices": count_open_prompts(self.till)}
        return count_waiting(self.till), waits

    def troubles(self) -> list[Unavailable]:
        """All that the gates found, the worst first, as what a person is told."""
        return [finding_error(finding) for finding in self.books.findings.shown]

    def take_report(self, report: BooksReport) -> None:
        """An integrity check was run: it knows better than the start did."""
        self.books.findings.take(of_report(report))

    def start(self) -> None:
        """Begin to settle what is due; provider calls never come before this."""
        self.lanes.start(self.till, self.works)

    def open_provider(self, name: str, keys: ProviderKeys) -> PaymentProvider:
        """A provider with given keys, for the settings screen's connection test."""
        return _open(self.till.mode, name, keys, self.sandbox)

    def reload_providers(self) -> None:
        """Open the providers again with the keys that are in the keyring now. Slow: the keyring may ask its owner."""
        self.keyring_trouble = ""
        for name in KEY_FORMS:
            try:
                keys = _keys(self.till.mode, name, self.books.keyring, self.sandbox)
            except Unavailable as error:
                self.keyring_trouble = error.code
                continue
            former = self.providers.pop(name, None)
            if keys is not None:
                for secret in (keys.key_secret, *keys.others.values()):
                    self.books.known_secrets.add(secret)
                self._open_with(name, keys)
            if former is not None:
                former.close()

    def _open_with(self, name: str, keys: ProviderKeys) -> None:
        """Keys of two modes, or of no known form, turn the provider off; who asks for it is told why."""
        self.refused_keys.pop(name, None)
        try:
            self.providers[name] = _open(self.till.mode, name, keys, self.sandbox)
        except Refused as error:
            self.refused_keys[name] = error

    def check_thoroughly(self) -> None:
        """After the first paint: the whole file, which stops selling where it is damaged, and the newest fees."""
        self.books.findings.take([check_file(self.till), check_consultations(self.till), check_last_run(self.till)])

    def give_back(self) -> None:
        """What the crowd of a start needed and nobody needs now: connections, and memory."""
        logged(self.till.db.give_back)
        memory.give_back()

    def look_after(self) -> None:
        """Every few minutes: space on the disk, and options that another till changed."""
        if not self.books.profile.database_url:
            self.books.findings.take([check_space(self.books.profile.folder)])
        self.books.settings.refresh()

    def is_online(self) -> bool | None:
        """Whether the providers can be reached, by a harmless question; None where there is nobody to ask."""
        if self.sandbox is not None and self.sandbox.asleep:
            return True
        for provider in list(self.providers.values()):
            outcome = provider.test_connection().outcome
            if outcome is not Outcome.UNKNOWN:
                return outcome is not Outcome.NOT_SENT
        return None

    def close(self) -> None:
        """End the till."""
        self.loopback.close()
        logged(partial(stop_own, self.till))
        self.lanes.stop()
        logged(partial(write_tallies, self.till))
        for provider in self.providers.values():
            provider.close()
        if self.sandbox is not None:
            self.sandbox.stop()
        if self.holding is not None:
            self.holding.stop()
        self.till.db.close()


def open_shop(
    profile: Profile,
    *,
    clock: Clock | None = None,
    notifier: Notifier | None = None,
    work: ThreadPoolExecutor | None = None,
) -> Shop:
    """Open a till with its providers and do the local part of recovery. Calls nobody; raises as `open_books`.

    `work` is the lane for what people ask for, ended with the shop; a new one if not given.
    """
    books = open_books(profile, clock=clock)
    holding = None if books.findings.blocked else hold_till(profile, books.till)
    lanes = Lanes(work)
    loopback = Loopback(lanes.wake)
    providers: dict[str, PaymentProvider] = {}
    refused_keys: dict[str, Refused] = {}
    address = partial(_address, loopback, books.settings)
    till = replace(
        books.till, providers=providers, refused_keys=refused_keys, fulfilling=FULFILLING, new_return=address
    )
    if holding is not None:
        till = replace(till, blocked=lambda: till_stopped(books, holding))
    loopback.till = till
    renderer: DocumentRenderer = Renderer()
    notifier = notifier or _notifier(books)
    shop = Shop(
        books=books,
        till=till,
        providers=providers,
        pins=Pins(books.secret.pepper),
        renderer=renderer,
        lanes=lanes,
        loopback=loopback,
        sandbox=_sandbox(profile),
        works={"invoice": invoices.make_due, "mail": notices.MailWork(notifier, renderer), "text": send_text},
    )
    shop.holding = holding
    shop.refused_keys = refused_keys
    shop.reload_providers()
    if not books.findings.blocked:
        books.findings.take(check_before_selling(till, None if profile.database_url else profile.folder))
    if not books.findings.blocked:
        release_left_behind(till, payment_attempt, refund, outbox_rows, payment_batch)
        readdress_pages(till, address)
    return shop


def till_stopped(books: Books, holding: Holding) -> str:
    """The code of what stops selling: a gate, or another computer that is this till."""
    return books.findings.blocked_by() or holding.trouble()


def _address(loopback: Loopback, settings: StoredSettings, method: str, token: str) -> ReturnAddress:
    options = settings()
    place = loopback.address(method, token, own_page=OWN_PAGE, come_back=options[RETURN_TO_TILL] == "yes")
    if method in NAMES_A_PAGE and place == ReturnAddress():
        # A customer's phone can't open the till's page; it gets the store's, if there is one.
        return ReturnAddress(return_url=options[AFTER_PAYING] or None)
    return place


def _notifier(books: Books) -> Notifier:
    """Training mode sends nothing."""
    if books.profile.mode is Mode.TRAINING:
        return TrainingNotifier(books.profile.mails, books.till.clock)
    return SettingsNotifier(books.settings, books.keyring, books.till.clock)


def _sandbox(profile: Profile) -> SandboxServer | None:
    """The providers of training mode, at the port they had before if it is free: a link shown before stays good."""
    if profile.mode is not Mode.TRAINING:
        return None
    # Only training mode pays for loading a server.
    from tillgate.sandbox import SandboxServer  # noqa: PLC0415

    kept = profile.folder / "sandbox.port"
    former = kept.read_text(encoding="ascii").strip() if kept.exists() else ""
    try:
        server = SandboxServer(port=int(former) if former.isdigit() else 0, ledger=profile.sandbox_ledger).start(
            asleep=True
        )
    except Unavailable:
        server = SandboxServer(port=0, ledger=profile.sandbox_ledger).start(asleep=True)
    write_private(kept, str(urlsplit(server.origin).port))
    return server


def _keys(mode: Mode, name: str, keyring: SecretStore, sandbox: SandboxServer | None) -> ProviderKeys | None:
    if sandbox is not None:
        key_id, key_secret, _ = sandbox.account_of(name)
        others = {other: Secret(secret) for other, secret in sandbox.other_secrets_of(name).items()}
        return ProviderKeys(key_id, Secret(key_secret), others=others)
    return load_keys(keyring, mode, name)


def _open(mode: Mode, name: str, keys: ProviderKeys, sandbox: SandboxServer | None) -> PaymentProvider:
    base_url = sandbox.account_of(name)[2] if sandbox is not None else None
    credentials = Credentials(keys.key_id, keys.key_secret, keys.previous_secret, keys.others)
    return open_provider(name, credentials, Surroundings(mode, base_url, refuse_inside_transaction))


def open_kept_providers(mode: Mode, keyring: SecretStore) -> dict[str, PaymentProvider]:
    """The providers of the keys that are kept, for a command at a terminal; the caller closes them. What can't be
    opened is left out: its payments wait for a till that can ask."""
    found = {}
    for name in KEY_FORMS:
        try:
            keys = load_keys(keyring, mode, name)
            if keys is not None:
                found[name] = _open(mode, name, keys, None)
        except (Refused, Unavailable):
            continue
    return found

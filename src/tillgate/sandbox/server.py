"""The sandbox as a server on loopback, in a thread of this process or alone."""

from __future__ import annotations

import asyncio
import json
import secrets
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from tillgate.domain.errors import Bug, NotFound, Unavailable
from tillgate.sandbox.accounts import Accounts
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.facts import MoneyFacts
from tillgate.sandbox.faults import WOMPI, FaultMenu
from tillgate.sandbox.intasend.account import IntaSendAccount, IntaSendKeys, IntaSendSettings
from tillgate.sandbox.intasend.customer import IntaSendCustomer
from tillgate.sandbox.intasend.due import settle_due as settle_intasend
from tillgate.sandbox.ledger import MEMORY, Event, Ledger
from tillgate.sandbox.razorpay.account import RazorpayAccount, RazorpayKeys, RazorpaySettings
from tillgate.sandbox.razorpay.customer import RazorpayCustomer
from tillgate.sandbox.razorpay.due import settle_due
from tillgate.sandbox.stripe.account import DEFAULT_VERSION, StripeAccount, StripeKeys, StripeSettings
from tillgate.sandbox.stripe.customer import StripeCustomer
from tillgate.sandbox.stripe.due import settle_due as settle_stripe
from tillgate.sandbox.wompi.account import WompiAccount, WompiKeys, WompiSettings
from tillgate.sandbox.wompi.customer import WompiCustomer
from tillgate.sandbox.wompi.due import settle_due as settle_wompi

if TYPE_CHECKING:
    from tillgate.sandbox.serving import Serving

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
# Calls that may wait to be taken.
_WAITING = 2048


class SandboxServer:
    """The providers on 127.0.0.1, with their ledger, faults and clock. A context manager, or start() and stop().

    `port` 0 takes a free one. `ledger` is a file, kept between runs with its keys, or `:memory:`.
    `clock` gives Unix seconds. Raises Unavailable when the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        ledger: Path | str = MEMORY,
        clock: Callable[[], float] = time.time,
        razorpay_keys: RazorpayKeys | None = None,
        razorpay_settings: RazorpaySettings | None = None,
        stripe_keys: StripeKeys | None = None,
        stripe_settings: StripeSettings | None = None,
        wompi_keys: WompiKeys | None = None,
        wompi_settings: WompiSettings | None = None,
        intasend_keys: IntaSendKeys | None = None,
        intasend_settings: IntaSendSettings | None = None,
        control_token: str | None = None,
    ) -> None:
        self._wanted_port = port
        self.clock = SandboxClock(clock)
        self.ledger = Ledger(ledger, self.clock)
        self.faults = FaultMenu()
        closing = asyncio.Event()
        self.razorpay = RazorpayAccount(
            self.ledger, self.faults, settle_due, closing, keys=razorpay_keys, settings=razorpay_settings
        )
        self.customer = RazorpayCustomer(self.razorpay)
        self.stripe = StripeAccount(
            self.ledger,
            self.faults,
            settle_stripe,
            closing,
            keys=stripe_keys,
            settings=stripe_settings,
        )
        self.card_holder = StripeCustomer(self.stripe)
        self.wompi = WompiAccount(
            self.ledger,
            self.faults,
            settle_wompi,
            closing,
            keys=wompi_keys,
            settings=wompi_settings,
        )
        self.wompi_payer = WompiCustomer(self.wompi)
        self.intasend = IntaSendAccount(
            self.ledger,
            self.faults,
            settle_intasend,
            closing,
            keys=intasend_keys,
            settings=intasend_settings,
        )
        self.mpesa_payer = IntaSendCustomer(self.intasend)
        self.accounts = Accounts(self.razorpay, self.stripe, self.wompi, self.intasend)
        self.control_token = control_token or secrets.token_urlsafe(24)
        self._server: Serving | None = None
        self._thread: threading.Thread | None = None
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._awake, self._settled = threading.Event(), threading.Event()
        self._stopped = False
        self._port = 0

    @property
    def origin(self) -> str:
        """Scheme, host and port, once started."""
        if not self._port:
            raise Bug("sandbox_not_started")
        return f"http://{_HOST}:{self._port}"

    @property
    def control_url(self) -> str:
        """The control room: a page for people, and the control calls below it."""
        return f"{self.origin}/_sandbox/"

    @property
    def control_page_url(self) -> str:
        """The control room's page with its token, for a person's browser."""
        return f"{self.control_url}?token={self.control_token}"

    def start(self, *, asleep: bool = False) -> Self:
        """Listen; back when the first call can be taken.

        With `asleep` that one, or `wake`, loads the web server: a till where nobody sells does without it.
        """
        try:
            plug = _listen(self._wanted_port)
        except Unavailable:
            self.ledger.close()
            raise
        self._port = plug.getsockname()[1]
        for account in self.accounts:
            account.origin = self.origin
        self._bell = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, args=(plug, self._bell[1]), name="sandbox", daemon=True)
        if not asleep:
            self.wake()
        self._thread.start()
        if not asleep and not self._is_up():
            self.stop()
            raise Unavailable("sandbox_start", port=self._port)
        return self

    @property
    def asleep(self) -> bool:
        """Whether neither a call came yet nor `wake`; the first call is taken as any other."""
        return not self._awake.is_set()

    def wake(self) -> None:
        """Load the web server, if no call did."""
        if self._bell is not None and self.asleep:
            self._bell[0].send(b"!")

    def stop(self) -> None:
        """Stop listening, drop what is held open and close the ledger."""
        if self._thread is not None and self._bell is not None:
            self._stopped = True
            self._bell[0].send(b"!")
            # It sees that it is to end, or it comes up and is told.
            if self._is_up() and self._server is not None:
                self._server.stop()
            # One that never came up is left to end with the process.
            self._thread.join(_START_SECONDS)
            for end in self._bell:
                end.close()
            self._server = self._thread = self._bell = None
        self.ledger.close()

    def _serve(self, plug: socket.socket, heard: socket.socket) -> None:
        try:
            select.select([plug, heard], [], [])
            if not self._stopped:
                self._awake.set()
                from tillgate.sandbox.serving import serving  # noqa: PLC0415 - with the first call

                self._server = serving(self.accounts, self.control_token, self.clock)
        finally:
            self._settled.set()
            if self._server is None:
                plug.close()
        if self._server is not None:
            self._server.run(sockets=[plug])

    def _is_up(self) -> bool:
        """Whether it takes calls, after waiting for that."""
        settled = self._settled.wait(_START_SECONDS)
        return settled and self._server is not None and self._server.ready.wait(_START_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def advance(self, seconds: float) -> None:
        """Move the providers' time forward: links expire, delayed approvals and refunds come through."""
        self.clock.advance(seconds)
        for account in self.accounts:
            account.settle_due()

    def account_of(self, provider: str) -> tuple[str, str, str]:
        """A provider's key id, key secret and base URL, for whoever opens it by name. Raises NotFound."""
        found = next((each for each in self.accounts if each.provider == provider), None)
        if found is None:
            raise NotFound("provider_unknown", provider=provider)
        return found.key_id, found.key_secret, found.base_url

    def other_secrets_of(self, provider: str) -> dict[str, str]:
        """A provider's further secrets by name, where it has any."""
        return {"integrity": self.wompi.keys.integrity} if provider == WOMPI else {}

    def money_facts(self) -> MoneyFacts:
        """What the providers know about the money now."""
        return self.accounts.money_facts()

    def list_events(self, after: int = 0) -> list[Event]:
        """The log of everything that happened, behind a sequence number."""
        return self.ledger.list_events(after)

    def describe(self) -> dict[str, object]:
        """Base URLs and test keys of every provider, as plain JSON values."""
        return {
            "razorpay": {
                "base_url": self.razorpay.base_url,
                "key_id": self.razorpay.keys.key_id,
                "key_secret": self.razorpay.keys.key_secret,
                "checkout_js_url": self.razorpay.checkout_js_url,
                "origin": self.origin,
            },
            "stripe": {
                "base_url": self.stripe.base_url,
                "publishable_key": self.stripe.key_id,
                "secret_key": self.stripe.key_secret,
                "api_version": DEFAULT_VERSION,
            },
            "wompi": {
                "base_url": self.wompi.base_url,
                "public_key": self.wompi.key_id,
                "private_key": self.wompi.key_secret,
                "integrity_secret": self.wompi.keys.integrity,
                "events_secret": self.wompi.keys.events,
            },
            "intasend": {
                "base_url": self.intasend.base_url,
                "publishable_key": self.intasend.key_id,
                "secret_key": self.intasend.key_secret,
                "phones": self.intasend.phones_url,
            },
            "control": {
                "url": self.control_url,
                "token": self.control_token,
                "page": self.control_page_url,
            },
        }


def run_sandbox(port: int = 0, ledger_path: Path | str = MEMORY, *, json_output: bool = True) -> int:
    """Run the sandbox until SIGTERM or SIGINT; where it is gets printed once it listens.

    As JSON on one line (`describe()`), or as text for a person. Returns the exit status.
    """
    stopped = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    with SandboxServer(port=port, ledger=ledger_path) as sandbox:
        addresses = "\n         ".join(each.base_url for each in sandbox.accounts)
        text = f"Sandbox: {addresses}\nLedger and faults: {sandbox.control_page_url}"
        line = json.dumps(sandbox.describe()) if json_output else text
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        # A plain wait() without a timeout holds signals back on some systems.
        while not stopped.wait(3600):
            pass
    return 0


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's delay off only on sockets that name their protocol.
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plug.bind((_HOST, port))
        plug.listen(_WAITING)
    except OSError as error:
        plug.close()
        raise Unavailable("sandbox_port_taken", port=port) from error
    return plug

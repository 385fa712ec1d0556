"""The way to pay that a till offers first, by the store's currency."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tillgate.app.screen_factories import usual_way
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import INTEGRITY
from tillgate.domain.secret import Secret
from tillgate.domain.settings import RAZORPAY_METHOD, STORE_CURRENCY, WOMPI_METHOD, Settings
from tillgate.ports import PaymentProvider
from tillgate.providers.registry import Credentials, Surroundings, open_provider
from tillgate.sandbox import SandboxServer


@pytest.fixture(scope="module")
def providers() -> Iterator[dict[str, PaymentProvider]]:
    with SandboxServer() as sandbox:
        opened = {}
        for account in sandbox.accounts:
            key_id, key_secret, base_url = sandbox.account_of(account.provider)
            others = {INTEGRITY: Secret(sandbox.wompi.keys.integrity)}
            keys = Credentials(key_id, Secret(key_secret), None, others)
            opened[account.provider] = open_provider(account.provider, keys, Surroundings(Mode.TRAINING, base_url))
        yield opened
        for each in opened.values():
            each.close()


@pytest.mark.parametrize(
    ("currency", "way"),
    [("COP", ("wompi", "web")), ("KES", ("intasend", "checkout")), ("INR", ("razorpay", "order"))],
)
def test_the_currency_and_the_settings_choose(
    providers: dict[str, PaymentProvider], currency: str, way: tuple[str, str]
) -> None:
    stored = {STORE_CURRENCY.name: currency, WOMPI_METHOD.name: "web", RAZORPAY_METHOD.name: "order"}
    assert usual_way(providers, Settings(stored)) == way
    assert way[1] in providers[way[0]].capabilities.methods
    # A prompt, which has fees and a phone of its own, is never what Pay opens.
    assert way[1] not in providers[way[0]].capabilities.sent_once
    assert usual_way({}, Settings(stored)) == ("razorpay", "order")

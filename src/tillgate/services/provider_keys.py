"""Providers' keys and the mail password: kept in the keyring alone, never shown again but for their last four.

A keyring may wait for a person (it can ask to be unlocked): call these on the work lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tillgate.domain.errors import Invalid, Refused, TillgateError
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import KEY_FORMS, ProviderKeys, check_mode
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Action, Actor
from tillgate.ports import Outcome, PaymentProvider, SecretStore
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.unit_of_work import refuse_inside_transaction

OpenProvider = Callable[[str, ProviderKeys], PaymentProvider]
MAIL_PASSWORD: Final = "mail.password"  # noqa: S105 - its name in the keyring
_ID, _SECRET, _PREVIOUS = "key_id", "key_secret", "previous_secret"
_NO_OTHERS: Final[Mapping[str, Secret]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KeysShown:
    """What a person may see of a provider's keys: the mode they are for and how they end, the further secrets too."""

    provider: str
    title: str
    mode: Mode
    key_id_last4: str
    key_secret_last4: str
    is_set: bool
    others_last4: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """What the provider said to a harmless question; `message` is in its own words."""

    outcome: Outcome
    message: str
    elapsed_ms: int

    @property
    def works(self) -> bool:
        """The provider knows these keys."""
        return self.outcome is Outcome.SUCCESS


def load_keys(secrets: SecretStore, mode: Mode, provider: str) -> ProviderKeys | None:
    """The keys of a mode, for the till itself to open its provider with. Raises Unavailable for a closed keyring."""
    key_id = secrets.load(_name(provider, mode, _ID))
    key_secret = secrets.load(_name(provider, mode, _SECRET))
    if not key_id or not key_secret:
        return None
    previous = secrets.load(_name(provider, mode, _PREVIOUS))
    others = {name: secrets.load(_name(provider, mode, name)) for name in _other_names(provider)}
    kept = {name: Secret(value) for name, value in others.items() if value}
    return ProviderKeys(key_id, Secret(key_secret), Secret(previous) if previous else None, kept)


def show_keys(till: Till, actor: Actor, secrets: SecretStore) -> list[KeysShown]:
    """Every provider with what may be seen of its keys in this mode. Raises NotAllowed, Unavailable."""
    authorize(till, actor, Action.VIEW_KEYS)
    shown = []
    for form in KEY_FORMS.values():
        keys = load_keys(secrets, till.mode, form.provider)
        ends = (Secret(keys.key_id).last4, keys.key_secret.last4) if keys else ("", "")
        others = {name: secret.last4 for name, secret in keys.others.items()} if keys else {}
        shown.append(
            KeysShown(form.provider, form.title, till.mode, *ends, is_set=keys is not None, others_last4=others)
        )
    return shown


def save_keys(
    till: Till,
    actor: Actor,
    secrets: SecretStore,
    open_provider: OpenProvider,
    provider: str,
    *,
    key_id: str,
    key_secret: Secret,
    others: Mapping[str, Secret] = _NO_OTHERS,
) -> None:
    """Keep an account's key for this till's mode; a secret that it replaces is still accepted in signatures.

    `others` are its further secrets by name; one that is not given stays while the account is the same.

    Raises Invalid for keys of another mode or form, Refused("keys_in_training"), NotAllowed, Unavailable.
    """
    authorize(till, actor, Action.EDIT_KEYS)
    new = _checked(till, open_provider, provider, key_id=key_id, key_secret=key_secret, others=others)
    _audit(till, actor, "keys_changing", provider, key_id=Secret(new.key_id).last4)
    before = load_keys(secrets, till.mode, provider)
    try:
        if before is not None and before.key_secret != new.key_secret:
            secrets.save(_name(provider, till.mode, _PREVIOUS), before.key_secret.reveal())
        secrets.save(_name(provider, till.mode, _SECRET), new.key_secret.reveal())
        for name in _other_names(provider):
            if name in new.others:
                secrets.save(_name(provider, till.mode, name), new.others[name].reveal())
            elif before is None or before.key_id != new.key_id:
                secrets.delete(_name(provider, till.mode, name))
        secrets.save(_name(provider, till.mode, _ID), new.key_id)
    except TillgateError as error:
        _audit(till, actor, "keys_not_changed", provider, reason=error.code)
        raise
    _audit(till, actor, "keys_changed", provider, key_id=Secret(new.key_id).last4)


def forget_keys(till: Till, actor: Actor, secrets: SecretStore, provider: str) -> None:
    """Take a provider's keys of this mode out of the keyring: the provider is off. Raises NotAllowed, Unavailable."""
    authorize(till, actor, Action.EDIT_KEYS)
    _audit(till, actor, "keys_changing", provider, key_id="")
    for part in (_ID, _SECRET, _PREVIOUS, *_other_names(provider)):
        secrets.delete(_name(provider, till.mode, part))
    _audit(till, actor, "keys_forgotten", provider)


def try_keys(
    till: Till,
    actor: Actor,
    open_provider: OpenProvider,
    provider: str,
    *,
    key_id: str,
    key_secret: Secret,
    others: Mapping[str, Secret] = _NO_OTHERS,
) -> ConnectionTest:
    """Ask the provider whether it knows these keys, before they are kept. Raises as `save_keys`."""
    authorize(till, actor, Action.EDIT_KEYS)
    keys = _checked(till, open_provider, provider, key_id=key_id, key_secret=key_secret, others=others)
    return _ask(till, actor, open_provider, provider, keys)


def try_kept_keys(
    till: Till, actor: Actor, secrets: SecretStore, open_provider: OpenProvider, provider: str
) -> ConnectionTest:
    """Ask the provider whether it knows the keys in the keyring. Raises also Refused("keys_missing")."""
    authorize(till, actor, Action.VIEW_KEYS)
    keys = load_keys(secrets, till.mode, provider)
    if keys is None:
        raise Refused("keys_missing", provider=provider)
    return _ask(till, actor, open_provider, provider, keys)


def save_mail_password(till: Till, actor: Actor, secrets: SecretStore, password: Secret) -> None:
    """Keep the mail server's password, or forget it where it is empty. Raises NotAllowed, Unavailable."""
    authorize(till, actor, Action.EDIT_KEYS)
    _audit(till, actor, "keys_changing", "mail")
    if password:
        secrets.save(MAIL_PASSWORD, password.reveal())
    else:
        secrets.delete(MAIL_PASSWORD)
    _audit(till, actor, "keys_changed" if password else "keys_forgotten", "mail")


def _checked(
    till: Till,
    open_provider: OpenProvider,
    provider: str,
    *,
    key_id: str,
    key_secret: Secret,
    others: Mapping[str, Secret],
) -> ProviderKeys:
    check_mode(provider, key_id.strip(), till.mode)
    if till.mode is Mode.TRAINING:
        raise Refused("keys_in_training")
    typed = {name: Secret(secret.reveal().strip()) for name, secret in others.items() if secret.reveal().strip()}
    keys = ProviderKeys(key_id.strip(), Secret(key_secret.reveal().strip()), others=typed)
    if not keys.key_secret:
        raise Invalid("key_secret_missing", field="key_secret")
    # The adapter knows the form of its keys better than a prefix does.
    open_provider(provider, keys).close()
    return keys


def _ask(till: Till, actor: Actor, open_provider: OpenProvider, provider: str, keys: ProviderKeys) -> ConnectionTest:
    refuse_inside_transaction()
    opened = open_provider(provider, keys)
    try:
        answer = opened.test_connection()
        message = opened.redact(answer.message)
    finally:
        opened.close()
    _audit(till, actor, "keys_tested", provider, outcome=answer.outcome.value)
    return ConnectionTest(answer.outcome, message, answer.elapsed_ms)


def _audit(till: Till, actor: Actor, event: str, provider: str, **data: object) -> None:
    subject = f"provider:{provider}"
    till.db.transact(actor, lambda uow: uow.record(event, subject, mode=till.mode.value, **data))


def _other_names(provider: str) -> tuple[str, ...]:
    form = KEY_FORMS.get(provider)
    return tuple(other.name for other in form.others) if form else ()


def _name(provider: str, mode: Mode, part: str) -> str:
    """The secret's name in the keyring: "razorpay.test.key_secret"."""
    return f"{provider}.{mode.value}.{part}"

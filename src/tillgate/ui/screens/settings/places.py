"""What the application tells the settings screen of the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tillgate.domain.provider_keys import KEY_FORMS, KeyForm
from tillgate.ports import SecretStore
from tillgate.services.provider_keys import OpenProvider
from tillgate.ui.commands import Commands


@dataclass(frozen=True, slots=True)
class Places:
    """`secret_file` is the path of the store's secret where there is no keyring, else ""; `database` where the books
    are. `keys_changed` opens the providers anew; it is called on the work lane. `settings_changed` on the Qt thread."""

    secrets: SecretStore
    open_provider: OpenProvider
    database: str
    secret_file: str = ""
    keys_changed: Callable[[], object] = lambda: None
    settings_changed: Callable[[], object] = lambda: None
    # Whose keys can be changed; None where there is no window of commands.
    commands: Commands | None = None

    @property
    def forms(self) -> tuple[KeyForm, ...]:
        """The providers that have keys."""
        return tuple(KEY_FORMS.values())

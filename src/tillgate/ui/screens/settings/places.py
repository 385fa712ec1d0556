"""What the application tells the settings screen of the installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tillgate.domain.provider_keys import KEY_FORMS, KeyForm
from tillgate.domain.secret import Secret
from tillgate.ports import SecretStore
from tillgate.services.book_checks import BooksReport
from tillgate.services.provider_keys import OpenProvider
from tillgate.services.start_gates import Finding
from tillgate.services.tills import JoinRequest
from tillgate.ui.commands import Commands


@dataclass(frozen=True, slots=True)
class Places:
    """`secret_file` is the path of the store's secret where there is no keyring, else ""; `database` where the books
    are. `keys_changed` opens the providers anew; it is called on the work lane. `settings_changed` and `books_checked`
    on the Qt thread, as the two that show what the integrity check found. `findings` is what the gates saw last."""

    secrets: SecretStore
    open_provider: OpenProvider
    database: str
    secret_file: str = ""
    keys_changed: Callable[[], object] = lambda: None
    settings_changed: Callable[[], object] = lambda: None
    # Whose keys can be changed; None where there is no window of commands.
    commands: Commands | None = None
    # What a new till of a shared database is given under a code; None where the books are a file of this computer.
    store_secret: Secret | None = None
    # Become a till of a store that is there, at the first start; on the work lane. None where that can't be.
    join: Callable[[JoinRequest], object] | None = None
    close: Callable[[], object] = lambda: None
    findings: Callable[[], Sequence[Finding]] = tuple
    books_checked: Callable[[BooksReport], object] = lambda _report: None
    show_payment: Callable[[int], object] | None = None
    show_consultation: Callable[[str, int], object] | None = None

    @property
    def forms(self) -> tuple[KeyForm, ...]:
        """The providers that have keys."""
        return tuple(KEY_FORMS.values())

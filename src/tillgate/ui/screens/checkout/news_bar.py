"""The bar above the screens that says how payments ended while nobody looked; it stays until it is acted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.payment_end import NEEDS_MANAGER
from tillgate.i18n import tr
from tillgate.services.payment_news import PaymentNews
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.news_words import (
    TITLES,
    heading,
    sentences,
    tone_of,
    whose,
)
from tillgate.ui.theme import Tone, restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import IconLabel, plain_label, set_text
from tillgate.ui.widgets.notices import announce

# The shell's key for it.
NEWS_KEY: Final = "Ctrl+N"
_ICONS: Final = {
    Tone.SETTLED: "circle-check",
    Tone.ACCENT: "corner-up-left",
    Tone.WAITING: "triangle-alert",
    Tone.FAILED: "circle-x",
}


class NewsBar(QFrame):
    """`show_asked` and `dismissed`; it never takes the focus by itself. Hidden while there is no news."""

    show_asked = Signal()
    dismissed = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._icon = IconLabel("circle-check", "settled", 20)
        self._what = plain_label(role="strong", wrap=True)
        self._then = plain_label(wrap=True)
        self.show_button = Button(tr("Show"), hint=NEWS_KEY, on_click=self.show_asked.emit)
        self.dismiss = Button(
            tone=ButtonTone.ICON, icon="x", name=tr("Seen: close this notice"), on_click=self.dismissed.emit
        )
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._what)
        texts.addWidget(self._then)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 10, 4)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addLayout(texts, 1)
        row.addWidget(self.show_button)
        row.addWidget(self.dismiss)
        self.hide()

    def show_news(self, news: Sequence[PaymentNews]) -> None:
        """Say what there is; announced when it is something else than before."""
        if not news:
            self.setAccessibleName("")
            self.hide()
            return
        what, then = sentences(news[0], self._desk) if len(news) == 1 else (heading(news), "")
        tone = tone_of(news)
        self._icon.show_icon(_ICONS[tone], "accent_text" if tone is Tone.ACCENT else tone.value)
        set_text(self._what, what)
        set_text(self._then, then)
        self._then.setVisible(bool(then))
        # Several are looked at before they are put away.
        self.dismiss.setVisible(len(news) == 1)
        self.setProperty("notice", tone.value)
        restyle(self)
        spoken = "\n".join(part for part in (what, then) if part)
        self.setVisible(True)
        if spoken != self.accessibleName():
            self.setAccessibleName(spoken)
            announce(self, spoken)

    @property
    def text(self) -> str:
        """What is said; "" while hidden."""
        return self.accessibleName()


class NewsDialog(Dialog):
    """Several payments that ended: `chosen(PaymentNews)` is called for the one to show, `put_away` for all."""

    def __init__(
        self,
        parent: QWidget,
        desk: CheckoutDesk,
        news: Sequence[PaymentNews],
        chosen: Callable[[PaymentNews], object],
        put_away: Callable[[], object],
    ) -> None:
        super().__init__(
            parent, tr("Payments that ended meanwhile"), verb=tr("Show"), on_accept=self._choose, icon="bell", width=560
        )
        self._chosen, self._put_away = chosen, put_away
        self.list = ChoiceList(tr("Payments that ended meanwhile"))
        self.list.show_choices([_choice(each, desk) for each in news])
        self.list.picked.connect(self._choose)
        self.add(self.list)
        self.all_seen = Button(tr("All seen"), tone=ButtonTone.QUIET, icon="check", on_click=self._all_seen)
        self.add(self.all_seen)
        self.body.setAlignment(self.all_seen, Qt.AlignmentFlag.AlignLeft)
        self.list.setFocus()

    def _choose(self) -> None:
        marked = self.list.marked
        if marked is not None:
            self.accept()
            self._chosen(marked.value)

    def _all_seen(self) -> None:
        self.accept()
        self._put_away()


def _choice(news: PaymentNews, desk: CheckoutDesk) -> Choice:
    note = tr("{end}, {when}", end=tr(TITLES[news.end]), when=desk.moment(news.at))
    alarming = news.end in NEEDS_MANAGER
    return Choice(news, whose(news), note, desk.money(news.amount), tr("needs a manager") if alarming else "", alarming)

"""Stale results: filter layers whose results are of something else, or could not be computed."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from PySide6.QtCore import Signal

from safelight import actions
from safelight.document import Document, is_stale
from safelight.document.frames import frames
from safelight.gui.edited_photograph import Edited
from safelight.gui.message_source import MessageSource
from safelight.gui.threads.background import Background, Mailbox


@dataclass(frozen=True, slots=True)
class _Found:
    """What has been found out about the filter layers of one document, each named by its id.

    ``failed`` and ``unfit`` have the reason.
    """

    stale: frozenset[str] = frozenset()
    failed: dict[str, str] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)


class Results(MessageSource):
    """What is known of the results in one photograph.

    ``stale`` has the ids of the layers whose results are of something else or are not there yet,
    ``failed`` those of the layers that cannot be computed, and why. ``changed`` tells that either
    is another one, ``outdated`` that pictures may have been drawn with a layer that failed.
    """

    changed = Signal()
    outdated = Signal()

    def __init__(self, edited: Edited) -> None:
        super().__init__(edited)
        self.stale: frozenset[str] = frozenset()
        self.failed: dict[str, str] = {}
        self._edited = edited
        self._unfit: dict[str, str] = {}
        self._round = 0
        self._redraws = False
        # Any thread may fail at any time, also while this is closed and destroyed.
        self._failures = Mailbox(self, lambda _: self._filter_failed())
        self._stop_hearing: Callable[[], None] = lambda: None

    def hear(self, studio: actions.Studio) -> None:
        """Hear from now on which filters fail there."""
        self._stop_hearing()
        self._stop_hearing = studio.hear_failures(self._failures.post)

    def close(self) -> None:
        """Hear of nothing more."""
        self._stop_hearing()
        self._failures.close()

    def find(self) -> None:
        """Find out, on a thread, how the results in the document stand now."""
        self._round += 1
        current, document, studio = self._round, self._edited.document, self._edited.studio
        whole = self._edited.history.document
        if not any(layer.filter for layer in document.walk()):
            self._show(_Found())
            return

        def found(result: _Found) -> None:
            if current == self._round:
                news = result.failed.keys() - self.failed.keys() - result.unfit.keys()
                self._show(result)
                self._tell_failed(news)

        Background(
            self,
            lambda: _find(document, studio, frames.results_elsewhere(whole, document)),
            found,
            lambda error: self.said.emit(f"Stale layers cannot be told: {error}", ""),
        )

    def try_again(self, layer_id: str) -> None:
        """Compute a layer that failed once more, and draw the picture with it."""
        studio, held = self._edited.studio, self._edited.document.layer(layer_id).filter
        if studio is not None and held is not None:
            studio.try_again(held)
            self.failed = {key: text for key, text in self.failed.items() if key != layer_id}
            self.changed.emit()
            self.outdated.emit()

    def _filter_failed(self) -> None:
        """A filter has failed while some picture was drawn: see whether it is this one."""
        self._redraws = True
        self.find()

    def _show(self, found: _Found) -> None:
        if (found.stale, found.failed) != (self.stale, self.failed):
            self.stale, self.failed = found.stale, found.failed
            self.changed.emit()
        self._tell_unfit(found.unfit)

    def _tell_unfit(self, unfit: dict[str, str]) -> None:
        """Say once of each layer that its settings are none of the installed plugin's."""
        news = [text for identity, text in unfit.items() if self._unfit.get(identity) != text]
        self._unfit = unfit
        if news:
            self.complained.emit("unfit", "\n".join(unfit.values()), "")
        elif not unfit:
            self.settled.emit("unfit")

    def _tell_failed(self, news: Set[str]) -> None:
        """Say of which layers that are shown there is nothing to see, and why."""
        document = self._edited.document
        shown = [layer for layer in document.walk() if layer.id in news and layer.shown]
        if shown:
            self.said.emit(
                "\n".join(
                    f"{layer.name} could not be computed, so the picture is shown without it:"
                    f" {self.failed[layer.id]}. To try again, click Failed in its row of Layers."
                    for layer in shown
                ),
                "",
            )
        if self._redraws and news:
            self.outdated.emit()
        self._redraws = False


def _find(
    document: Document, studio: actions.Studio | None, elsewhere: Set[str] = frozenset()
) -> _Found:
    """``elsewhere`` are the layers whose results are of other pictures of a sequence."""
    filters = [(layer, layer.filter) for layer in document.walk() if layer.filter is not None]
    waiting = {x.id for x, held in filters if studio is not None and studio.waits(held)} | elsewhere
    stale = frozenset(x.id for x, _ in filters if x.id in waiting or is_stale(document, x.id))
    if studio is None:
        return _Found(stale)
    reasons = {layer.id: studio.live.failure(held) for layer, held in filters}
    failed = {identity: reason for identity, reason in reasons.items() if reason}
    return _Found(stale - failed.keys(), failed, actions.unfit_layers(document, studio.live))

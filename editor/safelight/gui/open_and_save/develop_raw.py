"""Develop raw: raw files on their way into the window, and layers developed again."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from PySide6.QtWidgets import QWidget

from safelight.gui.open_and_save.samples_and_recent_files import settings as stored_settings
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.api import Value
    from safelight.document import Document, Edit, Layer
    from safelight.gui.open_and_save.develop_dialog import DevelopDialog
    from safelight.gui.open_and_save.raw_draft import Draft, Wanted
    from safelight.gui.workspace import Workspace

_GROUP = "develop"


def last_settings(camera: str) -> dict[str, Value]:
    """The settings that the last raw file of a camera was developed with, as far as they are known;
    those of no development for a camera that there was none of.
    """
    from safelight.api import ParameterError
    from safelight.files.codecs import raw

    text = str(stored_settings().value(f"{_key(camera)}/settings", "") or "{}")
    try:
        given = json.loads(text)
        known = {item.name: item for item in raw.CODEC.opening}
        return {name: known[name].check(value) for name, value in given.items() if name in known}
    except (ValueError, AttributeError, ParameterError):
        return {}


def remember_settings(camera: str, settings: Mapping[str, Value], *, silent: bool) -> None:
    """Have the next raw file of a camera begin with these; ``silent``: without being asked."""
    stored = stored_settings()
    stored.setValue(f"{_key(camera)}/settings", json.dumps(dict(settings)))
    stored.setValue(f"{_key(camera)}/silent", silent)


def is_silent(camera: str) -> bool:
    """Whether files of a camera are developed without asking."""
    return str(stored_settings().value(f"{_key(camera)}/silent", False)).lower() == "true"


def ask_again() -> None:
    """Ask for every camera again."""
    for key in _silent_keys():
        stored_settings().setValue(key, False)


def _silent_keys() -> list[str]:
    return [
        key
        for key in stored_settings().allKeys()
        if key.startswith(f"{_GROUP}/") and key.endswith("/silent")
    ]


def _key(camera: str) -> str:
    # In the names of settings a / parts groups.
    return f"{_GROUP}/{quote(camera or 'unknown', safe='').replace('%', '_')}"


Answer = Callable[["Wanted | None"], object]


class Asking:
    """Asks about one raw file after the other; what is answered with None is not to be opened."""

    def __init__(self, window: Callable[[], QWidget]) -> None:
        self._window = window
        self._waiting: deque[tuple[Draft, str, Answer]] = deque()
        self.dialog: DevelopDialog | None = None

    def ask(self, draft: Draft, name: str, answer: Answer) -> None:
        """Ask, once what was asked before is answered; at once answered where nobody wants to be
        asked.
        """
        from safelight.gui.open_and_save.raw_draft import Wanted

        camera = draft.sketch.camera
        if is_silent(camera):
            answer(Wanted(last_settings(camera)))
            return
        self._waiting.append((draft, name, answer))
        if self.dialog is None:
            self._next()

    def _next(self) -> None:
        from safelight.gui.open_and_save.develop_dialog import DevelopDialog
        from safelight.gui.open_and_save.raw_draft import Wanted

        if not self._waiting:
            return
        draft, name, answer = self._waiting.popleft()
        camera = draft.sketch.camera
        if is_silent(camera):  # which was chosen meanwhile
            answer(Wanted(last_settings(camera)))
            self._next()
            return
        alike = sum(1 for item in self._waiting if item[0].sketch.camera == camera)
        dialog = self.dialog = DevelopDialog(
            draft, name, last_settings(camera), self._window(), others=alike
        )

        def ended(code: int) -> None:
            self.dialog = None
            if not code:
                answer(None)
            else:
                wanted = Wanted(dialog.chosen, dialog.keep.isChecked())
                remember_settings(camera, dialog.settings(), silent=dialog.silent.isChecked())
                answer(wanted)
                if dialog.all.isChecked():
                    self._answer_all(camera, wanted)
            self._next()

        dialog.finished.connect(ended)
        dialog.open()

    def _answer_all(self, camera: str, wanted: Wanted) -> None:
        waiting, self._waiting = self._waiting, deque()
        for item in waiting:
            if item[0].sketch.camera == camera:
                item[2](wanted)
            else:
                self._waiting.append(item)


def can_develop_again(workspace: Workspace) -> bool:
    """Whether the active layer was developed from a raw file, and may be changed."""
    layer = workspace.session.layer
    return layer.developed is not None and not layer.locked and not workspace.session.locked


def develop_again(workspace: Workspace) -> None:
    """Ask how the active layer is to be developed, and have its pixels made anew."""
    session, layer = workspace.session, workspace.session.layer
    developed = layer.developed
    if developed is None:
        return
    workspace.canvas.tool.settle()
    near = session.files.path.parent if session.files.path is not None else None
    name = Path(developed.path).name

    def look() -> tuple[bytes, Draft, bool]:
        from safelight import actions
        from safelight.gui.open_and_save.raw_draft import Draft

        data = actions.raw_bytes(developed, near)
        edited = layer.raster.digest().hex() != developed.pixels
        return data, Draft(actions.sketch_again(data, plain(name))), edited

    def ask(found: tuple[bytes, Draft, bool]) -> None:
        from safelight.gui.open_and_save.develop_dialog import DevelopDialog
        from safelight.gui.open_and_save.raw_draft import Wanted

        data, draft, edited = found
        workspace.messages.settle("develop")
        warning = (
            "What was painted or otherwise done to this layer's own pixels since it was developed"
            " is replaced; Undo brings it back."
        )
        dialog = DevelopDialog(
            draft,
            name,
            developed.settings,
            workspace.window(),
            again=True,
            keep=developed.file is not None,
            warning=warning if edited else "",
        )

        def chosen() -> None:
            wanted = Wanted(dialog.chosen, dialog.keep.isChecked())
            remember_settings(
                draft.sketch.camera, dialog.settings(), silent=is_silent(draft.sketch.camera)
            )
            _replace_pixels(workspace, layer, data, wanted)

        dialog.accepted.connect(chosen)
        dialog.open()

    Background(workspace, look, ask, lambda error: _say(workspace, str(error)))


def _replace_pixels(workspace: Workspace, layer: Layer, data: bytes, wanted: Wanted) -> None:
    from safelight import actions
    from safelight.pixels import make_levels

    session, document = workspace.session, workspace.session.document
    if session.busy:
        _say(workspace, f"{session.busy} is not finished yet; then develop the layer again.")
        return
    session.busy = "Developing"
    session.job_changed.emit()

    def develop() -> tuple[Layer, tuple[str, ...]]:
        changed, notes = actions.developed_again(document, layer.id, data, wanted.settings)
        make_levels(changed.raster)
        assert changed.developed is not None
        held = replace(changed.developed, file=data if wanted.keep else None)
        return replace(changed, developed=held), notes

    def done(made: tuple[Layer, tuple[str, ...]]) -> None:
        changed, notes = made
        session.busy = ""
        session.do(_edit(layer.id, changed))
        session.job_changed.emit()
        if notes:
            _say(workspace, "\n".join(notes))
        else:
            workspace.messages.settle("develop")

    def failed(error: Exception) -> None:
        session.busy = ""
        session.job_changed.emit()
        _say(workspace, str(error))

    Background(workspace, develop, done, failed)


def _edit(layer_id: str, changed: Layer) -> Edit:
    """Give a layer the pixels that were developed, whatever else was done to it meanwhile."""

    from safelight.document import Edit

    def apply(document: Document) -> Document:
        layer = document.layer(layer_id)
        told: dict[str, Any] = {"content": changed.content, "place": changed.place}
        return document.with_layer(replace(layer, developed=changed.developed, **told))

    return Edit("Develop again", apply)


def _say(workspace: Workspace, text: str) -> None:
    workspace.messages.say(plain(text, lines=True), about="develop")

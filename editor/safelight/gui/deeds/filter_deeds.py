"""Filter deeds: the lines of installed filters, and of files opened lately: both come and go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed
from safelight.gui.open_and_save.samples_and_recent_files import forget_files, recent_files
from safelight.gui.photograph_tabs import labelled

if TYPE_CHECKING:
    from safelight.api import Declaration

_RECENT = "Open &recent"

_KEYS = {
    "safelight_adjust.levels": "Ctrl+L",
    "safelight_adjust.curves": "Ctrl+M",
    "safelight_adjust.hue_saturation": "Ctrl+U",
    "safelight_adjust.invert": "Ctrl+I",
    "safelight_adjust.black_and_white": "Ctrl+Alt+Shift+B",
}
"""The keys that photographers know from elsewhere, for the filters that they stand for there."""


def of_filters(context: DeedContext) -> list[Deed]:
    """A line for every filter, by its category, and that for the plugins that bring them."""
    lines = [_open(context, item) for item in context.backend.filters]
    if not lines:
        text = "No filters are installed" if context.backend.ready else "Looking for filters…"
        lines = [_saying("no filters", text, "Filters")]
    plugins = Deed(
        "plugins",
        "&Plugins…",
        context.installing.show_plugins,
        "Filters",
        1,
        ("Ctrl+Shift+P",),
        when=lambda: context.backend.studio is not None,
    )
    return [*lines, plugins]


def _open(context: DeedContext, item: Declaration) -> Deed:
    def choose() -> None:
        if context.front is not None:
            context.front.filters.choose(item)

    return Deed(
        f"filter {item.id}",
        f"{labelled(item.title)}…",
        choose,
        "Filters",
        shortcuts=(_KEYS[item.id],) if item.id in _KEYS else (),
        submenu=labelled(item.category),
        when=lambda: context.front is not None,
        tip=item.description,
    )


def of_recent(context: DeedContext) -> list[Deed]:
    """A line for every file that was opened lately."""
    lines = [_again(context, path) for path in dict.fromkeys(recent_files())]
    if not lines:
        return [_saying("no recent", "No recent files", "File", _RECENT)]

    def forget() -> None:
        forget_files()
        context.deeds.replace("recent", of_recent(context))

    clear = Deed("clear recent", "Clear recent files", forget, "File", submenu=_RECENT)
    return [*lines, clear]


def _again(context: DeedContext, path: Path) -> Deed:
    return Deed(
        f"recent {path}",
        labelled(path.name),
        lambda: context.opening.open(path),
        "File",
        submenu=_RECENT,
        tip=str(path),
        passing=True,
    )


def _saying(id: str, text: str, menu: str, submenu: str = "") -> Deed:
    """A line that only says something."""
    return Deed(id, text, lambda: None, menu, submenu=submenu, when=lambda: False, passing=True)

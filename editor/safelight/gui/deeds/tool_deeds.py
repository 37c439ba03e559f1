"""Tool deeds: the lines of every tool, of what has keys of its own, and of every panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight.gui.deed_context import Desk
from safelight.gui.deeds.deed import Deed

if TYPE_CHECKING:
    from safelight.gui.canvas.tools.tool import Step, Tool
    from safelight.gui.panels import Panel


def of_tools(desk: Desk) -> list[Deed]:
    """A line for every tool that can be taken in hand, and below for every step."""
    from safelight.gui.canvas import tools

    chosen = [_take(desk, tool) for tool in tools.TOOLS if tool.chosen]
    return chosen + [_step(desk, tool, step) for tool in tools.TOOLS for step in tool.steps]


def _take(desk: Desk, tool: type[Tool]) -> Deed:
    def take() -> None:
        """Take it in hand, or put it away where it is in hand, on every photograph."""
        front = desk.front
        if front is not None:
            name = "hand" if front.canvas.tool.id == tool.id else tool.id
            for workspace in desk.tabs.workspaces():
                workspace.canvas.take(name)

    return Deed(
        f"tool {tool.id}",
        tool.title,
        take,
        "Tools",
        shortcuts=(tool.shortcut,) if tool.shortcut else (),
        when=lambda: desk.front is not None,
        checked=lambda: desk.front is not None and desk.front.canvas.tool.id == tool.id,
        tip=tool.hint,
    )


def _step(desk: Desk, tool: type[Tool], step: Step) -> Deed:
    def do() -> None:
        if desk.front is not None:
            getattr(desk.front.canvas.tools[tool.id], step.method)()

    return Deed(
        f"tool {tool.id} {step.method}",
        step.title,
        do,
        "Tools",
        1,
        (step.shortcut,) if step.shortcut else (),
        when=lambda: desk.front is not None,
    )


def of_panels(desk: Desk) -> list[Deed]:
    """A line for every panel: its tab comes to the front."""
    from safelight.gui.panels import PANELS

    def adjust() -> None:
        if desk.front is not None:
            desk.front.show_adjust()

    first = Deed(
        "panel Adjust",
        "Adjust",
        adjust,
        "View",
        4,
        submenu="&Panels",
        when=lambda: desk.front is not None,
    )
    return [first, *(_show(desk, kind) for kind in PANELS)]


def _show(desk: Desk, kind: type[Panel]) -> Deed:
    def show() -> None:
        if desk.front is not None:
            desk.front.show_panel(kind)

    return Deed(
        f"panel {kind.title}",
        kind.title,
        show,
        "View",
        4,
        submenu="&Panels",
        when=lambda: desk.front is not None,
    )

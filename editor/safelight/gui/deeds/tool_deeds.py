"""Tool deeds: the lines of every tool, of what has keys of its own, and of every panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed

if TYPE_CHECKING:
    from safelight.gui.canvas.tools.tool import Step, Tool
    from safelight.gui.panels import Panel


def of_tools(context: DeedContext) -> list[Deed]:
    """A line for every tool that can be taken in hand, and below for every step."""
    from safelight.gui.canvas import tools

    chosen = [_take(context, tool) for tool in tools.TOOLS if tool.chosen]
    return chosen + [_step(context, tool, step) for tool in tools.TOOLS for step in tool.steps]


def _take(context: DeedContext, tool: type[Tool]) -> Deed:
    def take() -> None:
        """Take it in hand, or put it away where it is in hand, on every photograph."""
        front = context.front
        if front is not None:
            name = "hand" if front.canvas.tool.id == tool.id else tool.id
            for workspace in context.tabs.workspaces():
                workspace.canvas.take(name)

    return Deed(
        f"tool {tool.id}",
        tool.title,
        take,
        "Tools",
        shortcuts=(tool.shortcut,) if tool.shortcut else (),
        when=lambda: context.front is not None,
        checked=lambda: context.front is not None and context.front.canvas.tool.id == tool.id,
        tip=tool.hint,
    )


def _step(context: DeedContext, tool: type[Tool], step: Step) -> Deed:
    def do() -> None:
        if context.front is not None:
            getattr(context.front.canvas.tools[tool.id], step.method)()

    return Deed(
        f"tool {tool.id} {step.method}",
        step.title,
        do,
        "Tools",
        1,
        (step.shortcut,) if step.shortcut else (),
        when=lambda: context.front is not None,
    )


def of_panels(context: DeedContext) -> list[Deed]:
    """A line for every panel: its tab comes to the front."""
    from safelight.gui.panels import PANELS

    def adjust() -> None:
        if context.front is not None:
            context.front.show_adjust()

    first = Deed(
        "panel Adjust",
        "Adjust",
        adjust,
        "View",
        4,
        submenu="&Panels",
        when=lambda: context.front is not None,
    )
    return [first, *(_show(context, kind) for kind in PANELS)]


def _show(context: DeedContext, kind: type[Panel]) -> Deed:
    def show() -> None:
        if context.front is not None:
            context.front.show_panel(kind)

    return Deed(
        f"panel {kind.title}",
        kind.title,
        show,
        "View",
        4,
        submenu="&Panels",
        when=lambda: context.front is not None,
    )

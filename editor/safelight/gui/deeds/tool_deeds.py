"""Tool deeds: the lines of every tool, of what has keys of its own, and of every panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed

if TYPE_CHECKING:
    from safelight.gui.canvas.tools.tool import Step, Tool
    from safelight.gui.canvas.tools.tool_groups import Group
    from safelight.gui.panels import Panel


def of_tools(context: DeedContext) -> list[Deed]:
    """A line for every tool that can be taken in hand, those of one group beside each other, and
    below for every step.
    """
    from safelight.gui.canvas import tools
    from safelight.gui.canvas.tools.tool_groups import in_groups

    lines: list[Deed] = []
    for group, kinds in in_groups(tools.TOOLS).items():
        several = len(kinds) > 1
        lines += [_take(context, tool, group.title if several else "") for tool in kinds]
        if several and group.key:
            lines += _of_group(context, group, [kind.id for kind in kinds])
    return lines + [_step(context, tool, step) for tool in tools.TOOLS for step in tool.steps]


def _of_group(context: DeedContext, group: Group, names: Sequence[str]) -> list[Deed]:
    """What a group's key does: take the tool used last of those without keys of their own, and with
    Shift the one that follows on the last of all.
    """

    def latest() -> str:
        assert context.front is not None
        return context.front.column.latest[group.id]

    def last() -> None:
        if context.front is not None:
            _in_hand(context, context.front.column.by_key[group.id])

    def following() -> None:
        if context.front is not None:
            _in_hand(context, names[(names.index(latest()) + 1) % len(names)])

    words = (
        ("tools", "the last one used", last, group.key),
        ("tools next", "the next one", following, f"Shift+{group.key}"),
    )
    return [
        Deed(
            f"{name} {group.id}",
            f"{group.title}: {text}",
            run,
            "Tools",
            shortcuts=(keys,),
            submenu=group.title,
            when=lambda: context.front is not None,
        )
        for name, text, run, keys in words
    ]


def _in_hand(context: DeedContext, tool: str) -> None:
    """Take a tool in hand, or put it away where it is in hand, on every photograph."""
    front = context.front
    if front is not None:
        name = "hand" if front.canvas.tool.id == tool else tool
        for workspace in context.tabs.workspaces():
            workspace.canvas.take(name)


def _take(context: DeedContext, tool: type[Tool], submenu: str) -> Deed:
    return Deed(
        f"tool {tool.id}",
        tool.title,
        lambda: _in_hand(context, tool.id),
        "Tools",
        shortcuts=(tool.shortcut,) if tool.shortcut else (),
        submenu=submenu,
        when=lambda: context.front is not None,
        checked=lambda: context.front is not None and context.front.canvas.tool.id == tool.id,
        tip=tool.hint,
    )


def _step(context: DeedContext, tool: type[Tool], step: Step) -> Deed:
    def do() -> None:
        if context.front is not None:
            canvas = context.front.canvas
            # A tool in hand with a brush of its own has that changed, not one that is put away.
            own = hasattr(canvas.tool, "brush") and hasattr(canvas.tool, step.method)
            getattr(canvas.tool if own else canvas.tools[tool.id], step.method)()

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

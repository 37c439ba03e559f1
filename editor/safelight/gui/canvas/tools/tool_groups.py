"""Tool groups: the tools that share a button of the column and a key, as the field groups them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from safelight.gui.canvas.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Group:
    """Tools with one button, which shows the one used last.

    ``key``, a letter, takes the tool of the group that was used last and has no keys of its own;
    with Shift the next one. ""
    for a group whose tools have keys of their own alone.
    """

    id: str
    title: str
    key: str = ""


GROUPS = (
    Group("placing", "Move and transform", "V"),
    Group("framing", "Crop and perspective", "C"),
    Group("marquee", "Marquee", "M"),
    Group("lassos", "Lasso", "L"),
    Group("like", "Wand and stroke to select", "W"),
    Group("healing", "Heal and remove", "J"),
    Group("touching", "Dodge, smudge and liquify"),
    Group("painting", "Paint and pencil", "P"),
    Group("filling", "Gradient and fill", "G"),
    Group("looking", "Hand and turn", "H"),
)
"""Every group of several tools; a tool says by its ``group`` to which one it belongs."""

_BY_ID = {group.id: group for group in GROUPS}


def group_of(tool: type[Tool]) -> Group:
    """The group of a tool; one of its own, with the tool's id, where it names none that exists."""
    return _BY_ID.get(tool.group) or Group(tool.id, tool.title)


def in_groups(tools: Iterable[type[Tool]]) -> dict[Group, tuple[type[Tool], ...]]:
    """The tools that can be chosen, group by group, each group where its first tool stands."""
    found: dict[Group, tuple[type[Tool], ...]] = {}
    for tool in tools:
        if tool.chosen:
            group = group_of(tool)
            found[group] = (*found.get(group, ()), tool)
    return found

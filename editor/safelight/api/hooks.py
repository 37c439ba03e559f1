"""Hooks: what a plugin can contribute. The whole contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pluggy

PROJECT = "safelight"
"""Name of the pluggy project, and of the entry-point group plugins register in."""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a function here as a hook."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as its part of the hook of that name: ``@api.hookimpl``."""


@hookspec
def filters() -> Sequence[Callable[..., Any]]:  # type: ignore[empty-body]
    """Return the functions decorated with ``@api.filter`` that the plugin offers."""


@hookspec
def importers() -> Sequence[Callable[..., Any]]:  # type: ignore[empty-body]
    """Return the functions decorated with ``@api.importer`` that the plugin offers."""


@hookspec
def exporters() -> Sequence[Callable[..., Any]]:  # type: ignore[empty-body]
    """Return the functions decorated with ``@api.exporter`` that the plugin offers."""

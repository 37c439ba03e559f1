"""Plugin hooks: what a plugin's module says it has, asked through pluggy's hooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy

from safelight.api import PROJECT

Functions = list[Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Offering:
    """The decorated functions that a plugin offers."""

    filters: Functions
    importers: Functions
    exporters: Functions


def hooks_of(module: ModuleType, name: str) -> Offering:
    """What a plugin's module offers; ``name`` is what a complaint calls it.

    Raises what the plugin raises, and pluggy's PluginValidationError for a misspelt hook.
    """
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(sys.modules["safelight.api.hooks"])
    hooks.register(module, name)
    hooks.check_pending()  # a hook that is misspelt would do nothing, for ever
    hook = hooks.hook
    return Offering(_all(hook.filters()), _all(hook.importers()), _all(hook.exporters()))


def _all(answers: Iterable[Iterable[Any]]) -> Functions:
    """What all of a hook's implementations gave."""
    return [item for answer in answers for item in answer]

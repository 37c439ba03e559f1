"""Loaded plugins: what they offer inside a worker, by id, and why a broken one does not load."""

from __future__ import annotations

import importlib.abc
import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from safelight import api
from safelight.workers.far.compatibility import OtherEdition, check_edition
from safelight.workers.far.plugin_hooks import hooks_of


class Plugins:
    """What the installed plugins offer, by id. A broken plugin is a line in ``failures``."""

    def __init__(self, library: str = "") -> None:
        self.filters: dict[str, api.Registered] = {}
        self.declarations: list[api.Declaration] = []
        self.folders: dict[str, Path] = {}
        self.formats: dict[str, api.RegisteredFormat] = {}
        self.format_folders: dict[str, Path] = {}
        self.failures: list[dict[str, str]] = []
        for point in _entry_points(library):
            name = point.dist.name if point.dist else point.name
            try:
                self._load(point, name)
            except OtherEdition as error:
                self.failures.append({"plugin": name, "reason": str(error)})
            except BaseException as error:  # SystemExit too: the others are not to blame
                reason = f"{type(error).__name__}: {error}"
                self.failures.append({"plugin": name, "reason": reason[:2000]})

    def missing(self, identity: str) -> str:
        """Why what has that id cannot run."""
        reasons = [f"{item['plugin']} cannot be loaded: {item['reason']}" for item in self.failures]
        return "; ".join([f"{identity} is not installed", *reasons])

    def _load(self, point: importlib.metadata.EntryPoint, name: str) -> None:
        check_edition((point.dist.requires if point.dist else None) or ())
        offered = hooks_of(point.load(), name)
        version = point.dist.version if point.dist else ""
        origin = {"plugin": name, "version": version}
        filters = [api.registered(function) for function in offered.filters]
        formats = [api.registered_format(function, "importer") for function in offered.importers]
        formats += [api.registered_format(function, "exporter") for function in offered.exporters]
        declarations = [
            api.Declaration.from_json(entry.declaration.to_json() | origin) for entry in filters
        ]
        self._refuse_twins(
            [item.id for item in declarations] + [item.format.id for item in formats]
        )
        for entry, declaration in zip(filters, declarations, strict=True):
            self.filters[declaration.id] = entry
            self.folders[declaration.id] = _folder_of(entry.function)
            self.declarations.append(declaration)
        for item in formats:
            own = replace(item.format, plugin=name, version=version)
            self.formats[own.id] = replace(item, format=own)
            self.format_folders[own.id] = _folder_of(item.function)

    def _refuse_twins(self, ids: Sequence[str]) -> None:
        taken = {*self.filters, *self.formats}
        for identity in ids:
            if identity in taken:
                raise ValueError(f"there are two things called {identity}")
            taken.add(identity)


def _folder_of(function: Callable[..., Any]) -> Path:
    """Where the module of a plugin's function lies, and its networks beside it."""
    source = sys.modules[function.__module__].__file__
    return Path(source).parent if source else Path()


def _entry_points(library: str) -> list[importlib.metadata.EntryPoint]:
    """What plugins say they offer: all that can be imported, or those in ``library`` alone."""
    if not library:
        return list(importlib.metadata.entry_points(group=api.PROJECT))
    found = importlib.metadata.distributions(path=[library])
    return [point for item in found for point in item.entry_points if point.group == api.PROJECT]

"""Editable plugins: those that run from their author's folder are loaded afresh once changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safelight.actions.plugins.describe_plugin import described
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.workers.plugin_environment import stamp_of


@dataclass(frozen=True, slots=True)
class Reloaded:
    """An editable plugin whose sources have changed. ``fault``: why it cannot be used now."""

    plugin: str
    fault: str = ""

    def sentence(self) -> str:
        """What became of it, for its author."""
        return self.fault or f"{self.plugin} reloaded"


def reload_changed(store: Store, reserved: Mapping[str, str]) -> tuple[Reloaded, ...]:
    """Ask each editable plugin that has changed what it offers now, and note that in the store.

    One that cannot be loaded keeps the filters it had in the list, and says why when they are
    run. ``reserved`` are the ids of the editor's own filters, with their plugins. Raises
    WriteError.
    """
    return tuple(
        _reload(plugin, store, reserved)
        for plugin in store.installed()
        if plugin.sources and plugin.enabled and stamp_of(Path(plugin.sources)) != plugin.stamp
    )


def _reload(plugin: Installed, store: Store, reserved: Mapping[str, str]) -> Reloaded:
    fault = ""
    stamp = stamp_of(Path(plugin.sources))  # before it is read: what changes after is seen next
    try:
        plugin = described(plugin, store, reserved)
    except StoreError as error:
        fault = str(error)
    store.write(replace(plugin, stamp=stamp))
    return Reloaded(plugin.name, fault)

"""Plugin updates: whether where a plugin came from has a newer version. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safelight.actions.plugins.installer import Installer, Progress
from safelight.actions.plugins.network_plugin import is_own
from safelight.actions.plugins.pip import Stopped
from safelight.actions.plugins.plugin_store import Installed, Offered, Store, StoreError


@dataclass(frozen=True, slots=True)
class Update:
    """What was found for a plugin: another ``version`` ("" = none), or why it is not known.

    ``changes`` is what its author says has changed, ``grown`` what it may do beyond the one that is
    there.
    """

    plugin: str
    version: str = ""
    fault: str = ""
    changes: str = ""
    grown: tuple[str, ...] = ()


class UpdateCheck:
    """Asks each of some plugins' sources, one after the other, by a dry run of the installer.

    ``told`` hears what is being done; ``cancel`` stops it from any thread.
    """

    def __init__(
        self,
        store: Store,
        plugins: Sequence[Installed],
        *,
        reserved: Iterable[Offered] = (),
        told: Progress = lambda text: None,
    ) -> None:
        self._store = store
        self._installers = [
            (item, Installer(store, item.source or item.name, reserved=reserved))
            for item in plugins
        ]
        self._told = told

    def cancel(self) -> None:
        """Stop; ``run`` raises Stopped."""
        for _, installer in self._installers:
            installer.cancel()

    def run(self) -> tuple[Update, ...]:
        """What there is for each plugin. Raises Stopped."""
        found = []
        for number, (plugin, installer) in enumerate(self._installers, 1):
            self._told(f"Checking {plugin.name} ({number} of {len(self._installers)})")
            found.append(self._ask(plugin, installer))
        return tuple(found)

    def _ask(self, plugin: Installed, installer: Installer) -> Update:
        if is_own(plugin):
            return Update(plugin.name)  # it came from a file of the user's: there is nothing newer
        try:
            with self._store.staging() as staging:
                offer = installer.prepare(staging, upgrade=True)
        except Stopped:
            raise
        except StoreError as error:
            return Update(plugin.name, fault=str(error))
        if offer.version == plugin.version:
            return Update(plugin.name)
        return Update(plugin.name, offer.version, changes=offer.changes, grown=offer.grown)

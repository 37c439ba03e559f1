"""Plugin store: the plugins that were installed beside the editor, a folder each.

``NAME/plugin.json`` says what it is and what it offers, ``NAME/lib`` holds its code and what it
needs, ``NAME/wheels`` the files it came in. The editor reads the JSON alone.

An update and its undo are renames of whole folders. Whoever looks into the store next ends what a
killed process began, so that each plugin is there in one version, whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safelight.actions.plugins.declared_files import DeclaredFile, forget_unneeded, place
from safelight.api import VERSION, Declaration, Format, ParameterError
from safelight.files import atomic_write
from safelight.folders import data_folder
from safelight.workers.catalog import own_plugins
from safelight.workers.confinement.scratch_folder import own_name, remove, remove_left
from safelight.workers.plugin_environment import Environment, stamp_of

_RECORD = "plugin.json"
_STAGING, _EARLIER, _SCRATCH = ".staging", ".earlier", ".scratch"
_LATER = ".later"

_TAKEN = "it has the name of a plugin of the editor's own: uninstall it"


Offered = Declaration | Format
"""What a plugin can bring."""


class StoreError(Exception):
    """What was asked of the store cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that lies in a plugin's folder. ``size`` is its wheel's in bytes, ``unpacked``
    what it takes on the disk; 0 = not noted.
    """

    name: str
    version: str
    size: int
    sha256: str
    licence: str = ""
    unpacked: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """A network that a plugin brings along, as its own metadata describe it.

    ``fault`` says why it cannot be read; "" = it can, or was not asked. ``key`` is the public key
    by which the file itself is signed, ``locked`` the id of the key with which it is encrypted;
    "" = it is not.
    """

    file: str
    size: int
    sha256: str
    licence: str = ""
    training_data: str = ""
    fault: str = ""
    key: str = ""
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin in the store. ``fault`` says why it cannot be used; "" = it can.

    An author's plugin is imported from ``sources``, its package's folder or file where he writes
    it; ``stamp`` is what ``stamp_of`` said of it when ``filters`` were read. ``key`` is the public
    key by which it was signed; "" = it was not. ``files`` are networks to be fetched for it.
    """

    name: str
    version: str
    folder: Path
    source: str = ""
    summary: str = ""
    enabled: bool = True
    packages: tuple[Package, ...] = ()
    networks: tuple[Network, ...] = ()
    filters: tuple[Declaration, ...] = ()
    formats: tuple[Format, ...] = ()
    fault: str = ""
    sources: str = ""
    stamp: int = 0
    key: str = ""
    files: tuple[DeclaredFile, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the plugin is switched on and has no fault."""
        return self.enabled and not self.fault

    @property
    def library(self) -> Path:
        """Where the plugin's code lies."""
        return self.folder / "lib"

    @property
    def offered(self) -> tuple[Offered, ...]:
        """All filters and formats that the plugin offers."""
        return (*self.filters, *self.formats)

    @property
    def titles(self) -> list[str]:
        """The titles of that; an importer and an exporter of one format have the same."""
        return list(dict.fromkeys(item.title for item in self.offered))

    def to_json(self) -> dict[str, Any]:
        """The plugin as plain data, fit for JSON: for the record and for ``--json``."""
        return {
            "name": self.name,
            "version": self.version,
            "api": VERSION,
            "source": self.source,
            "summary": self.summary,
            "enabled": self.enabled,
            "packages": [asdict(item) for item in self.packages],
            "networks": [asdict(item) for item in self.networks],
            "filters": [item.to_json() for item in self.filters],
            "formats": [item.to_json() for item in self.formats],
            "fault": self.fault,
            "sources": self.sources,
            "stamp": self.stamp,
            "key": self.key,
            "files": [asdict(item) for item in self.files],
        }

    @classmethod
    def read(cls, folder: Path) -> Installed:
        """The plugin in a folder; one whose record cannot be read has a ``fault``."""
        try:
            data = json.loads((folder / _RECORD).read_text("utf-8"))
            found = cls(
                name=str(data["name"]),
                version=str(data["version"]),
                folder=folder,
                source=str(data.get("source", "")),
                summary=str(data.get("summary", "")),
                enabled=data["enabled"] is True,
                packages=tuple(Package(**item) for item in data["packages"]),
                networks=tuple(Network(**item) for item in data["networks"]),
                filters=tuple(Declaration.from_json(item) for item in data["filters"]),
                formats=tuple(Format.from_json(item) for item in data.get("formats", [])),
                sources=str(data.get("sources", "")),
                stamp=int(data.get("stamp", 0)),
                key=str(data.get("key", "")),
                files=tuple(DeclaredFile(**item) for item in data.get("files", [])),
            )
        except (OSError, ValueError, KeyError, TypeError, ParameterError) as error:
            fault = f"its record cannot be read ({error}): install it again"
            return cls(folder.name, "", folder, fault=fault)
        if data.get("api") != VERSION:
            fault = f"it was installed for version {data.get('api')} of the plugin API"
            return replace(found, fault=f"{fault}: update it")
        return found


def canonical(name: str) -> str:
    """A distribution's name as it is compared (the packaging specification's normal form)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Store:
    """The plugins below ``folder``; each Python version has its own.

    Whoever wants to know of the changes that are made through this store can ``hear`` them, so that
    nobody else has to look.
    """

    def __init__(self, folder: Path | None = None) -> None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.folder = (folder or data_folder() / "plugins") / version
        self._known: dict[Path, tuple[int, Installed]] = {}
        self._settled = False
        self._listeners: list[Callable[[str], object]] = []

    def installed(self) -> tuple[Installed, ...]:
        """All installed plugins, by name. A record that has not changed is not read again."""
        if not self._settled:
            with contextlib.suppress(OSError), self._alone():
                self._settle()
        found = []
        with contextlib.suppress(OSError):
            for entry in sorted(os.scandir(self.folder), key=lambda item: item.name):
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    found.append(self._read(Path(entry.path)))
        own = {canonical(name) for name in own_plugins()} if found else set()
        return tuple(replace(x, fault=_TAKEN) if canonical(x.name) in own else x for x in found)

    def _read(self, folder: Path) -> Installed:
        try:
            changed = (folder / _RECORD).stat().st_mtime_ns
        except OSError:
            changed = 0
        known = self._known.get(folder)
        if known is None or known[0] != changed:
            known = self._known[folder] = (changed, Installed.read(folder))
        return known[1]

    def find(self, name: str) -> Installed:
        """The plugin of that name. Raises StoreError, listing those there are."""
        found = self.installed()
        for item in found:
            if canonical(item.name) == canonical(name):
                return item
        names = ", ".join(item.name for item in found) or "none"
        raise StoreError(f"There is no plugin {name}; installed: {names}.")

    def environments(self) -> Mapping[str, Environment]:
        """Where the workers of the usable plugins find their code, by plugin."""
        return {item.name: self.environment(item) for item in self.installed() if item.usable}

    def environment(self, plugin: Installed) -> Environment:
        """Where a plugin's worker finds its code."""
        scratch = self.folder / _SCRATCH / plugin.name
        fetched = tuple(
            (item.name, str(path) if path.is_file() else "")
            for item in plugin.files
            for path in [place(self.weights, item)]
        )
        installed = [(plugin.library / item.file, item.sha256) for item in plugin.networks]
        put = [(place(self.weights, item), item.sha256) for item in plugin.files]
        recorded = tuple((str(path), digest) for path, digest in (*installed, *put))
        if not plugin.sources:
            return Environment(
                plugin.name, plugin.library, scratch, fetched=fetched, recorded=recorded
            )
        sources = Path(plugin.sources)
        return Environment(
            plugin.name, plugin.library, scratch, sources, stamp_of(sources), fetched, recorded
        )

    @property
    def weights(self) -> Path:
        """Where fetched files lie, for all versions of Python and of plugins."""
        return self.folder.parent / "weights"

    def forget_unneeded(self) -> None:
        """Remove fetched files that no plugin here declares, nor the version before it."""
        found = [*self.installed(), *map(self._read, _folders(self.folder / _EARLIER))]
        others = [
            Installed.read(folder)
            for python in _folders(self.folder.parent)
            if python != self.folder and python.name.startswith("python")
            for folder in _folders(python)
            if not folder.name.startswith(".")
        ]
        forget_unneeded(self.weights, [x for item in (*found, *others) for x in item.files])

    def set_enabled(self, name: str, enabled: bool) -> Installed:
        """Switch a plugin on or off. Raises StoreError, WriteError."""
        plugin = replace(self.find(name), enabled=enabled)
        self.write(plugin)
        return plugin

    def write(self, plugin: Installed) -> None:
        """Write a plugin's record. Raises WriteError."""
        text = json.dumps(plugin.to_json(), indent=1, ensure_ascii=False)
        target = plugin.folder / _RECORD
        atomic_write(target, lambda file: file.write(text.encode()), overwrite=True)
        self.changed()

    def changed(self, plugin: str = "") -> None:
        """Tell whoever listens that plugins have changed; of ``plugin``, the code itself."""
        for listener in list(self._listeners):
            listener(plugin)

    def hear(self, listener: Callable[[str], object]) -> Callable[[], None]:
        """Have ``listener`` called after each change that is made through this store, on its
        thread, with the plugin whose code is another; "" = only what is said of plugins is.

        Gives what ends that.
        """
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def uninstall(self, name: str) -> Installed:
        """Remove a plugin and all that it left. Raises StoreError."""
        plugin = self.find(name)
        going = [self._aside(), self._aside()]
        earlier = self._earlier(plugin.name)
        try:
            with self._alone():
                going[0].parent.mkdir(exist_ok=True)
                # First: alone it would be what an update that was cut off has set aside.
                if earlier.exists():
                    earlier.rename(going[0])
                plugin.folder.rename(going[1])
        except OSError as error:
            raise StoreError(f"{plugin.name} cannot be removed: {error.strerror}.") from None
        for left in (*going, self.folder / _SCRATCH / plugin.name):
            remove(left)
        if plugin.files:
            self.forget_unneeded()
        self.changed(plugin.name)
        return plugin

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to prepare a plugin in, gone afterwards; what killed installs left goes too.

        Raises StoreError where the store's folder cannot be written.
        """
        try:
            (self.folder / _STAGING).mkdir(parents=True, exist_ok=True)
            for left in (self.folder / _STAGING, *(self.folder / _SCRATCH).glob("*")):
                remove_left(left)
            place = self._aside()
            place.mkdir()
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from None
        try:
            yield place
        finally:
            remove(place)

    def place(self, staged: Path, name: str) -> Path:
        """Give a prepared folder its name; the version that was there is set aside."""
        target, earlier, gone = self.folder / name, self._earlier(name), self._aside()
        try:
            with self._alone():
                self._settle()
                try:
                    if target.exists():
                        earlier.parent.mkdir(exist_ok=True)
                        if earlier.exists():
                            gone.parent.mkdir(exist_ok=True)
                            earlier.rename(gone)
                        target.rename(earlier)
                    staged.rename(target)
                except OSError:
                    self._settle()
                    if gone.exists() and not earlier.exists():
                        gone.rename(earlier)
                    raise
        except OSError as error:
            raise StoreError(f"{name} cannot be put in its place: {error.strerror}.") from None
        remove(gone)
        if self.weights.exists():
            self.forget_unneeded()
        self.changed(name)
        return target

    def undo(self, name: str) -> Installed:
        """Go back to the version that the last update of a plugin replaced. Raises StoreError."""
        plugin = self.find(name)
        earlier, later = self._earlier(plugin.name), self.folder / _LATER / plugin.name
        if not earlier.exists():
            raise StoreError(f"There is no earlier version of {plugin.name} to go back to.")
        try:
            with self._alone():
                try:
                    later.parent.mkdir(exist_ok=True)
                    plugin.folder.rename(later)
                    earlier.rename(plugin.folder)
                    later.rename(earlier)
                except OSError:
                    self._settle()
                    raise
        except OSError as error:
            raise StoreError(f"{plugin.name} cannot be exchanged: {error.strerror}.") from None
        self.changed(plugin.name)
        return self.find(plugin.name)

    def _settle(self) -> None:
        """End what a killed update or undo began. Raises OSError where it cannot."""
        for later in _folders(self.folder / _LATER):
            target, earlier = self.folder / later.name, self._earlier(later.name)
            if not target.exists():
                later.rename(target)  # as if nobody had asked
            elif not earlier.exists():
                later.rename(earlier)
        for earlier in _folders(self.folder / _EARLIER):
            target = self.folder / earlier.name
            if not target.exists():
                earlier.rename(target)
        self._settled = True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other process renames anything here. Raises OSError."""
        with contextlib.ExitStack() as stack:
            if sys.platform != "win32" and self.folder.exists():
                import fcntl

                lock = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
                stack.callback(os.close, lock)  # which gives up the lock, as a kill does
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def earlier(self, name: str) -> Installed | None:
        """The version that the last update of a plugin replaced; None where there is none."""
        folder = self._earlier(name)
        return self._read(folder) if folder.exists() else None

    def _earlier(self, name: str) -> Path:
        return self.folder / _EARLIER / name

    def _aside(self) -> Path:
        return self.folder / _STAGING / own_name()


def _folders(parent: Path) -> list[Path]:
    """The folders in one that need not be there."""
    if not parent.exists():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.is_symlink())

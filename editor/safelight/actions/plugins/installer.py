"""Installer: a stranger's plugin becomes a folder of the store, without running outside a sandbox.

``prepare`` fetches and shows what would be added; ``install`` does it. What comes as sources is
built by its own backend in a confined process; what comes as wheels is unpacked. The first time a
plugin's code runs is when a confined worker asks it what it offers.
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
import threading
import tomllib
import urllib.parse
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight.actions.plugins.declared_files import (
    DeclaredFile,
    FilesError,
    declared,
    fetch_files,
    take_carried,
)
from safelight.actions.plugins.declared_files import place as place_of
from safelight.actions.plugins.describe_plugin import Kind, asked, described
from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.network_facts import networks_in, question_about, with_facts
from safelight.actions.plugins.permissions import grown, permissions, unannounced
from safelight.actions.plugins.pip import Pip, Stopped, run_until
from safelight.actions.plugins.plugin_archive import READ, check_zip, sha256, unzipped
from safelight.actions.plugins.plugin_build import Bench
from safelight.actions.plugins.plugin_index import BUNDLE, fetch, is_entry
from safelight.actions.plugins.plugin_store import (
    Installed,
    Network,
    Offered,
    Package,
    Store,
    StoreError,
    canonical,
)
from safelight.actions.plugins.signatures import changed, signer
from safelight.api import PROJECT
from safelight.files import WriteError
from safelight.workers.confinement.sandbox import available
from safelight.workers.confinement.scratch_folder import read_file, remove
from safelight.workers.conversation import Failure
from safelight.workers.plugin_environment import Environment, stamp_of
from safelight.workers.wire.messages import NetworksRead, Question
from safelight.workers.wire.replies import visible
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied

_GIT = re.compile(r"git\+|(https?|ssh|git)://(?!.*\.(whl|zip)$)")
"""What is taken for the address of a Git repository."""


_FORBIDDEN = {
    "safelight": "it is made for another version of Safelight ({0})",
    "pyside6": "a plugin has no window of its own",
    "pyside6-essentials": "a plugin has no window of its own",
    "onnxruntime": "networks run through job.run, which brings ONNX Runtime",
    "onnxruntime-gpu": "networks run through job.run, which brings ONNX Runtime",
}

Progress = Callable[[str], None]


class Installer:
    """Installs one plugin into ``store``, from ``source``:

    the name of a package on the user's index, a wheel, a bundle, a zip or a folder with sources,
    a plugin of an index of bundles (``INDEX.json#NAME``) or a Git address (``git+https://…``,
    ``https://….git``). ``reserved`` are the filters and formats that the editor has already. With
    ``editable`` an author's folder goes on being where the plugin's code is imported from, so that
    what he changes there is loaded afresh. ``told`` hears what is being done; ``cancel`` stops it
    from any thread.
    """

    def __init__(
        self,
        store: Store,
        source: str,
        *,
        reserved: Iterable[Offered] = (),
        editable: bool = False,
        told: Progress = lambda text: None,
    ) -> None:
        self._editable = editable
        self._store = store
        self._source = source
        self._reserved = {item.id: item.plugin for item in reserved}
        self._own = {canonical(name) for name in self._reserved.values()}
        self._told = told
        self._cancelled = threading.Event()
        self._pool: Pool | None = None
        self._promised: dict[str, str] = {}
        self._key = self._changes = ""
        self._carried: Path | None = None

    def cancel(self) -> None:
        """Stop; ``prepare`` or ``install`` raises Stopped and leaves nothing."""
        self._cancelled.set()
        if self._pool is not None:
            self._pool.close()

    def prepare(self, staging: Path, *, upgrade: bool = False) -> Offer:
        """Fetch everything into ``staging`` (of ``Store.staging``) and say what it is.

        Raises StoreError, in one sentence.
        """
        if self._editable and not Path(self._source).is_dir():
            raise StoreError(f"{self._source} is no folder: only a folder can be editable.")
        with _in_words(self._source):
            return self._prepare(staging, upgrade)

    def _prepare(self, staging: Path, upgrade: bool) -> Offer:
        wheels = staging / "wheels"
        wheels.mkdir()
        what, pip = self._fetch(staging, wheels)
        self._told("Looking up what it needs")
        found = pip.resolve([what], upgrade=upgrade)
        if not found:
            raise StoreError(f"{self._source} is a part of the editor already.")
        packages = []
        for number, item in enumerate(found, 1):
            facts = item["metadata"]
            self._told(f"Fetching {facts['name']} {facts['version']} ({number} of {len(found)})")
            packages.append(self._take(item, wheels, pip))
        main = next((item for item in found if item.get("requested")), found[-1])
        name = canonical(main["metadata"]["name"])
        if name in self._own:
            raise StoreError(
                f"{name} has the name of a plugin of the editor's own: it needs another one."
            )
        self._refuse(name, found)
        self._told("Unpacking")
        library = staging / "lib"
        pip.unpack(sorted(wheels.glob("*.whl")), library)
        remove(library / "bin")
        for hook in library.glob("*.pth"):
            hook.unlink()
        points = _entry_points(library, name)
        if not points:
            raise StoreError(
                f"{name} is no plugin for Safelight: it has no entry point in the group {PROJECT}."
            )
        present = {canonical(item.name): item for item in self._store.installed()}
        before = present.get(name)
        files = _files(library, points)
        beside = self._carried
        carried = [x for x in files if beside and place_of(beside, x).is_file()]
        may = permissions(library, [item for item in files if item not in carried])
        return Offer(
            name,
            main["metadata"]["version"],
            self._source,
            visible(str(main["metadata"].get("summary") or "")),
            tuple(packages),
            self._networks(library, staging),
            before.version if before else "",
            available(),
            staging,
            self._key,
            changed(before.key, self._key) if before else "",
            self._changes,
            files,
            tuple(item.name for item in carried),
            may,
            grown(permissions(before.library, before.files), may) if before else (),
        )

    def install(self, offer: Offer) -> Installed:
        """Do what was offered: ask a confined worker what the plugin offers, and give it its place.

        Raises StoreError; then nothing has changed.
        """
        with _in_words(offer.name):
            return self._install(offer)

    def _install(self, offer: Offer) -> Installed:
        plugin = self.described(offer)
        self._stop_if_cancelled()
        self._fetch_files(offer)
        self._store.write(plugin)
        for left in offer.staged.iterdir():
            if left.name not in ("lib", "wheels", "plugin.json"):
                remove(left)
        folder = self._store.place(offer.staged, offer.name)
        return replace(plugin, folder=folder)

    def _fetch_files(self, offer: Offer) -> None:
        """Fetch what the plugin declares: the yes to the installation was one to that."""
        try:
            if self._carried is not None:
                take_carried(self._store.weights, offer.files, self._carried)
            fetch_files(self._store.weights, offer.files, self._stop_if_cancelled, self._told)
        except FilesError as error:
            raise StoreError(str(error)) from None

    def described(self, offer: Offer) -> Installed:
        """The plugin as it would be installed, where it is staged: a confined worker has been
        asked what it offers. Raises StoreError.
        """
        self._told("Starting it for the first time")
        plugin = Installed(
            offer.name,
            offer.version,
            offer.staged,
            offer.source,
            offer.summary,
            packages=offer.packages,
            networks=offer.networks,
            key=offer.key,
            files=offer.files,
        )
        if self._editable:
            sources = _sources(Path(self._source), plugin)
            plugin = replace(plugin, sources=str(sources), stamp=stamp_of(sources))
        plugin = described(plugin, self._store, self._reserved, self._ask)
        for sentence in unannounced(plugin.library, plugin.formats):
            raise StoreError(f"{plugin.name} is refused: its code hides that {_lower(sentence)}")
        return replace(plugin, enabled=self._stays_on(offer.name))

    def _stays_on(self, name: str) -> bool:
        """Whether a plugin will be switched on: an update of one that is off leaves it off."""
        return all(item.enabled for item in self._store.installed() if item.name == name)

    # -- fetching ----------------------------------------------------------------------------

    def _fetch(self, staging: Path, wheels: Path) -> tuple[str, Pip]:
        """What pip is to resolve, and a pip that finds it: sources are built, a bundle unpacked."""
        source = self._source
        if _GIT.match(source):
            return str(self._build(self._cloned(staging), staging, wheels)), Pip(self._cancelled)
        if is_entry(source):
            self._told("Fetching the bundle")
            bundle, entry = fetch(source, staging / "fetched", self._stop_if_cancelled)
            self._changes = entry.changes
            return self._from_bundle(bundle, staging)
        path = Path(source).expanduser()
        looks_like_file = "/" in source or "\\" in source or path.suffix in (".whl", ".zip", BUNDLE)
        if not path.exists():
            if looks_like_file:
                raise StoreError(f"There is no file {path.name} where you said.")
            if not re.match(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*([=<>!~;].*)?$", source):
                raise StoreError(f"{source} is no name of a package and no file that is here.")
            return source, Pip(self._cancelled)
        if path.suffix.lower() == ".onnx":
            raise StoreError(f"{path.name} is a network: add it with “safelight models add”.")
        if path.is_dir():
            return str(self._build(path, staging, wheels)), Pip(self._cancelled)
        if path.suffix == ".whl":
            check_zip(path)
            return str(path.resolve()), Pip(self._cancelled)
        if path.suffix == BUNDLE:
            return self._from_bundle(path, staging)
        if zipfile.is_zipfile(path):
            return str(self._build(unzipped(path, staging / "zip"), staging, wheels)), Pip(
                self._cancelled
            )
        raise StoreError(f"{path.name} is neither a wheel, a zip nor a bundle of a plugin.")

    def _from_bundle(self, path: Path, staging: Path) -> tuple[str, Pip]:
        self._key = signer(path)
        place = unzipped(path, staging / "bundle", single=False)
        try:
            facts = json.loads(read_file(place / "bundle.json", READ))
            what = f"{facts['name']}=={facts['version']}"
            # Bundles of version 0.1 have none.
            self._promised = dict(facts.get("sha256", {}))
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreError(f"{path.name} is no bundle of a plugin.") from None
        if self._promised and {*self._promised} != {x.name for x in (place / "wheels").iterdir()}:
            raise StoreError(f"{path.name} does not hold the wheels that it lists.")
        self._carried = place / "files"
        return what, Pip(self._cancelled, [place / "wheels"], offline=True)

    def _cloned(self, staging: Path) -> Path:
        self._told("Fetching the Git repository")
        address, branch = self._source.removeprefix("git+"), ""
        if "@" in address.rpartition("/")[2]:  # as pip writes it: …/name.git@branch
            address, _, branch = address.rpartition("@")
        git = shutil.which("git")
        if git is None:
            raise StoreError("Git is not installed; install from a folder or a wheel instead.")
        place = staging / "clone"
        command = [git, "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]
        command += ["clone", "--quiet", "--depth", "1"]
        command += ["--branch", branch] if branch else []
        status, output = run_until([*command, "--", address, str(place)], self._cancelled)
        if status != 0:
            lines = output.strip().splitlines() or ["no reason given"]
            raise StoreError(f"Git cannot fetch {address}: {lines[-1].removeprefix('fatal: ')}.")
        return place

    # -- building ----------------------------------------------------------------------------

    def _build(self, folder: Path, staging: Path, wheels: Path) -> Path:
        """Build a folder's sources into a wheel, by its own backend, confined."""
        self._told("Building")
        try:
            project = tomllib.loads(read_file(folder / "pyproject.toml", READ).decode())
        except (OSError, ValueError):
            raise StoreError(f"{folder.name} has no pyproject.toml that can be read.") from None
        system = project.get("build-system", {})
        requires = [str(item) for item in system.get("requires", ["setuptools>=61"])]
        skipped = shutil.ignore_patterns(
            ".git", ".venv", "venv", "__pycache__", "build", "dist", "*.egg-info", ".*_cache"
        )
        copied = staging / "source" / folder.name
        try:
            shutil.copytree(folder, copied, ignore=skipped, symlinks=True)
        except (OSError, shutil.Error) as error:
            raise StoreError(f"{folder.name} cannot be copied: {error}.") from None
        bench = Bench(staging, copied, system, self._cancelled)
        bench.bring(requires)
        bench.bring(bench.wanted())
        built = bench.built()
        check_zip(built)
        return built

    # -- checking ----------------------------------------------------------------------------

    def _take(self, item: dict[str, Any], wheels: Path, pip: Pip) -> Package:
        """Put one wheel of pip's report into ``wheels``; its hash is compared with the index's."""
        facts, download = item["metadata"], item["download_info"]
        self._stop_if_cancelled()
        address = urllib.parse.urlsplit(download["url"])
        file_name = Path(urllib.parse.unquote(address.path)).name
        target = wheels / file_name
        if address.scheme == "file":
            shutil.copyfile(urllib.parse.unquote(address.path), target)
        else:
            pip.download(f"{facts['name']}=={facts['version']}", wheels)
        if not target.exists():
            raise StoreError(f"{file_name} did not arrive.")
        unpacked = check_zip(target)
        digest = sha256(target)
        promised = download.get("archive_info", {}).get("hashes", {}).get("sha256", digest)
        if promised != digest:
            raise StoreError(f"{file_name} is not what the index promised: its hash differs.")
        if digest != self._promised.get(file_name, digest):
            raise StoreError(f"{file_name} is not what the bundle promised: its hash differs.")
        size = target.stat().st_size
        name, version = visible(facts["name"]), visible(facts["version"])
        return Package(name, version, size, digest, licence_of(facts), unpacked)

    def _networks(self, library: Path, staging: Path) -> tuple[Network, ...]:
        """The networks, and what they say of themselves to a confined worker.

        It sees copies of them in a folder without the plugin, so nothing of that runs.
        """
        networks = tuple(networks_in(library))
        if not networks:
            return ()
        self._told("Reading its networks")
        alone, files = staging / "networks", []
        for number, item in enumerate(networks):
            files.append(alone / str(number) / Path(item.file).name)
            files[-1].parent.mkdir(parents=True)
            shutil.copyfile(library / item.file, files[-1])
        environment = Environment("networks", alone, staging / "reading")
        try:
            answer = self._ask(environment, question_about(files), NetworksRead)
            return with_facts(networks, answer)
        except Failure:
            return tuple(replace(item, fault="it takes too long to read") for item in networks)
        except WorkerDied as error:
            return tuple(replace(item, fault=f"its reader {error}") for item in networks)

    def _ask(self, environment: Environment, question: Question, kind: type[Kind]) -> Kind:
        """What a fresh confined worker answers. Raises Failure, WorkerDied, Stopped."""
        self._pool = Pool(limit=1, environment=environment)
        try:
            self._stop_if_cancelled()
            return asked(self._pool, question, kind)
        except WorkerDied:
            self._stop_if_cancelled()
            raise

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Stopped("It was cancelled; nothing was changed.")

    def _refuse(self, name: str, found: Sequence[dict[str, Any]]) -> None:
        for item in found:
            other = canonical(item["metadata"]["name"])
            if other in _FORBIDDEN:
                version = item["metadata"]["version"]
                reason = _FORBIDDEN[other].format(version)
                raise StoreError(f"{name} wants to bring {other} {version}: {reason}.")


@contextlib.contextmanager
def _in_words(subject: str) -> Iterator[None]:
    """What the disk refuses is a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreError("The disk is full: make room and try again.") from None
        raise StoreError(f"{subject} cannot be installed: {error.strerror or error}.") from None
    except WriteError as error:
        raise StoreError(str(error)) from None
    except RecursionError:
        raise StoreError(f"{subject} is refused: its folders are too deep.") from None


def _sources(folder: Path, plugin: Installed) -> Path:
    """Where in an author's folder the package lies that his plugin registers. Raises StoreError."""
    package = _entry_points(plugin.library, plugin.name)[0].module.split(".")[0]
    for place in (folder.resolve(), folder.resolve() / "src"):
        for found in (place / package, place / f"{package}.py"):
            if found.exists():
                return found
    raise StoreError(
        f"{plugin.name} cannot be installed as editable: its package {package} lies neither in"
        " the folder nor in src."
    )


def _entry_points(library: Path, name: str) -> list[metadata.EntryPoint]:
    return [
        point
        for item in metadata.distributions(path=[str(library)])
        if canonical(item.metadata["Name"]) == name
        for point in item.entry_points
        if point.group == PROJECT
    ]


def _files(library: Path, points: Sequence[metadata.EntryPoint]) -> tuple[DeclaredFile, ...]:
    """What a plugin's packages declare to be fetched. Raises StoreError."""
    found: dict[str, DeclaredFile] = {}
    try:
        for package in sorted({point.module.split(".")[0] for point in points}):
            for file in declared(library / package):
                if found.setdefault(file.name, file) != file:
                    raise StoreError(f"Two files of the plugin are called {file.name}.")
    except FilesError as error:
        raise StoreError(str(error)) from None
    return tuple(found.values())


def fetch_missing(
    store: Store, plugin: Installed, told: Progress, stop: Callable[[], None]
) -> None:
    """Fetch what an installed plugin declares and lacks, on the user's yes. Raises StoreError."""
    try:
        fetch_files(store.weights, plugin.files, stop, told)
    except FilesError as error:
        raise StoreError(str(error)) from None
    store.changed(plugin.name)


def _lower(sentence: str) -> str:
    """A sentence as the second part of another."""
    return sentence[:1].lower() + sentence[1:]


def licence_of(facts: Mapping[str, Any]) -> str:
    """A distribution's licence, from its metadata as JSON: the SPDX expression, the field, or
    what its classifiers say.
    """
    named = str(facts.get("license_expression") or facts.get("license") or "").strip()
    if named and len(named) < 80:
        return visible(named.splitlines()[0])
    marks = [item for item in facts.get("classifier", []) if item.startswith("License ::")]
    return visible(", ".join(item.rsplit(" :: ", 1)[-1] for item in marks))

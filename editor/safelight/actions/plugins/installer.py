"""Installer: a stranger's plugin becomes a folder of the store, without running outside a sandbox.

``prepare`` fetches and shows what would be added; ``install`` does it. What comes as sources is
built by its own backend in a confined process; what comes as wheels is unpacked. The first time a
plugin's code runs is when a confined worker asks it what it offers.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
import shutil
import sys
import threading
import tomllib
import urllib.parse
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight.actions.plugins.declared_files import (
    DeclaredFile,
    FilesError,
    declared,
    fetch_files,
    missing,
    take_carried,
)
from safelight.actions.plugins.declared_files import place as place_of
from safelight.actions.plugins.describe_plugin import Kind, asked, described
from safelight.actions.plugins.permissions import grown, permissions, unannounced
from safelight.actions.plugins.pip import Pip, Stopped, run_until
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
from safelight.files import WriteError, atomic_write
from safelight.workers.confinement.sandbox import Protection, available
from safelight.workers.confinement.scratch_folder import overflow, read_file, remove
from safelight.workers.conversation import Failure
from safelight.workers.locked_network import locked_with
from safelight.workers.plugin_environment import (
    Environment,
    far_side,
    imports,
    stamp_of,
)
from safelight.workers.wire.messages import NetworksRead, Question, ReadNetworks
from safelight.workers.wire.replies import visible
from safelight.workers.worker_pool import Pool, WorkerDied

_GIT = re.compile(r"git\+|(https?|ssh|git)://(?!.*\.(whl|zip)$)")
"""What is taken for the address of a Git repository."""

_SAID = ("licence", "training_data", "fault")
"""What a worker says of a network file."""

_BUILD_LIMIT = {"memory": 2 << 30, "limit": 1 << 30}
_LARGEST = 4 << 30
_SMALLER = 200
"""How many times as large as the archive what is unpacked may be, beyond ``_ANY``."""

_ANY = 64 << 20
_MOST_FILES = 100_000
_DEEPEST = 32
_READ = 1 << 20
"""Bytes up to which what is read of a plugin is believed: its project, and its metadata."""

_METADATA = ("METADATA", "WHEEL", "entry_points.txt", "direct_url.json", "top_level.txt")
_FORBIDDEN = {
    "safelight": "it is made for another version of Safelight ({0})",
    "pyside6": "a plugin has no window of its own",
    "pyside6-essentials": "a plugin has no window of its own",
    "onnxruntime": "networks run through job.run, which brings ONNX Runtime",
    "onnxruntime-gpu": "networks run through job.run, which brings ONNX Runtime",
}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Offer:
    """What installing would add, shown before it happens. ``staged`` is where it waits."""

    name: str
    version: str
    source: str
    summary: str
    packages: tuple[Package, ...]
    networks: tuple[Network, ...]
    replaces: str
    protection: Protection
    staged: Path = field(repr=False)
    key: str = ""
    """The public key by which it is signed; "" = it is not."""
    question: str = ""
    """What must be asked because the key is another one; "" = nothing."""
    changes: str = ""
    """What its author says has changed."""
    files: tuple[DeclaredFile, ...] = ()
    """Networks that do not lie in its code: fetched with the yes, unless a bundle carries them."""
    carried: tuple[str, ...] = ()
    """Names of those that its bundle carries."""
    permissions: tuple[str, ...] = ()
    """What it may do, as sentences."""
    grown: tuple[str, ...] = ()
    """Those of them that the version before had not: they are asked anew."""

    def more(self) -> str:
        """What the plugin asks for beyond the version before, as sentences; "" = nothing."""
        if not self.grown:
            return ""
        return f"It may do more than {self.replaces} might: {' '.join(self.grown)}"

    @property
    def fetched(self) -> tuple[DeclaredFile, ...]:
        """The files that are fetched with the yes."""
        return tuple(item for item in self.files if item.name not in self.carried)

    @property
    def size(self) -> int:
        """Bytes of all wheels."""
        return sum(item.size for item in self.packages)

    @property
    def unpacked(self) -> int:
        """Bytes that they take on the disk."""
        return sum(item.unpacked for item in self.packages)

    def to_json(self) -> dict[str, Any]:
        """The offer as plain data, fit for JSON."""
        from dataclasses import asdict

        return {
            "name": self.name,
            "version": self.version,
            "source": self.source,
            "summary": self.summary,
            "replaces": self.replaces,
            "size": self.size,
            "unpacked": self.unpacked,
            "packages": [asdict(item) for item in self.packages],
            "networks": [asdict(item) for item in self.networks],
            "protection": self.protection.sentence(),
            "key": self.key,
            "question": self.question,
            "changes": self.changes,
            "permissions": list(self.permissions),
            "grown": list(self.grown),
            "files": [asdict(item) for item in self.files],
            "carried": list(self.carried),
        }


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
            _check_zip(path)
            return str(path.resolve()), Pip(self._cancelled)
        if path.suffix == BUNDLE:
            return self._from_bundle(path, staging)
        if zipfile.is_zipfile(path):
            return str(self._build(_unzipped(path, staging / "zip"), staging, wheels)), Pip(
                self._cancelled
            )
        raise StoreError(f"{path.name} is neither a wheel, a zip nor a bundle of a plugin.")

    def _from_bundle(self, path: Path, staging: Path) -> tuple[str, Pip]:
        self._key = signer(path)
        place = _unzipped(path, staging / "bundle", single=False)
        try:
            facts = json.loads(read_file(place / "bundle.json", _READ))
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
            project = tomllib.loads(read_file(folder / "pyproject.toml", _READ).decode())
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
        bench = _Bench(staging, copied, system, self._cancelled)
        bench.bring(requires)
        bench.bring(bench.wanted())
        built = bench.built()
        _check_zip(built)
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
        unpacked = _check_zip(target)
        digest = _sha256(target)
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


class _Bench:
    """Where a folder's sources are built, by their own backend, in a confined process."""

    def __init__(
        self, staging: Path, source: Path, system: dict[str, Any], cancelled: threading.Event
    ) -> None:
        self._name = source.name
        self._source = source
        self._system = system
        self._cancelled = cancelled
        self._tools = staging / "tools"
        self._scratch, self._out = staging / "scratch", staging / "out"
        self._scratch.mkdir()
        self._out.mkdir()

    def bring(self, requirements: Sequence[str]) -> None:
        """Fetch what building needs, as wheels, unless the editor has it. Raises StoreError."""
        pip = Pip(self._cancelled)
        if requirements and pip.resolve(requirements):
            pip.install(requirements, self._tools)

    def wanted(self) -> list[str]:
        """What the backend says it needs beside that."""
        lines = self._call("get_requires_for_build_wheel").strip().splitlines()
        try:
            return [str(item) for item in json.loads(lines[-1])]
        except (ValueError, TypeError, IndexError):
            raise StoreError(f"{self._name} cannot be built: its backend talks nonsense.") from None

    def built(self) -> Path:
        """The wheel. Raises StoreError."""
        self._call("build_wheel")
        wheels = sorted(self._out.glob("*.whl"))
        if len(wheels) != 1 or wheels[0].is_symlink() or not wheels[0].is_file():
            raise StoreError(f"{self._name} cannot be built: its backend made no wheel.")
        return wheels[0]

    def _call(self, hook: str) -> str:
        order = {
            **imports([self._tools], [self._source, self._out, self._scratch]),
            "hook": hook,
            "source": str(self._source),
            "out": str(self._out),
            "scratch": str(self._scratch),
            "backend": str(self._system.get("build-backend", "setuptools.build_meta:__legacy__")),
            "backend_path": [str(item) for item in self._system.get("backend-path", [])],
            **_BUILD_LIMIT,
        }
        wrapped = order.pop("wrapping")
        python = [sys.executable, "-I", "-S", "-B", str(far_side("build_wheel"))]
        command = [*wrapped, *python, json.dumps(order)]

        def fills(pid: int) -> str:
            made = self._out, self._scratch, self._source
            full = overflow(made, pid, most=_LARGEST, files=_MOST_FILES)
            return "what it builds fills the disk" if full else ""

        status, output = run_until(
            command,
            self._cancelled,
            offence=fills,
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
        )
        if status != 0:
            lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
            raise StoreError(f"{self._name} cannot be built: {visible(lines[-1]).strip()[:300]}")
        return output


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


def bundle(
    plugin: Installed, target: Path, weights: Path | None = None, *, overwrite: bool = False
) -> Path:
    """Write an installed plugin with all it needs as one file that installs without a network.

    What was fetched for it lies in ``weights`` and goes along; None = nothing is taken.
    Raises StoreError, FileExists, WriteError.
    """
    wheels = sorted((plugin.folder / "wheels").glob("*.whl"))
    if not wheels:
        raise StoreError(f"The wheels of {plugin.name} are gone: install it again.")
    files = plugin.files if weights else ()
    for file in missing(weights, files) if weights else ():
        raise StoreError(
            f"{file.name} of {plugin.name} has not been fetched, and a bundle carries it: first"
            f" “safelight plugins fetch {plugin.name}”."
        )
    hashes = {wheel.name: _sha256(wheel) for wheel in wheels}
    facts = {"name": plugin.name, "version": plugin.version, "sha256": hashes}

    def write(file: Any) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("bundle.json", json.dumps(facts))
            for wheel in wheels:
                archive.write(wheel, f"wheels/{wheel.name}")
            for path in {place_of(weights, item) for item in files} if weights else ():
                archive.write(path, f"files/{path.name}")

    atomic_write(target, write, overwrite=overwrite)
    return target


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


def networks_in(library: Path) -> Iterable[Network]:
    """The networks below a folder. Raises StoreError for one whose signature is wrong."""
    for file in sorted(library.rglob("*.onnx")):
        name = file.relative_to(library).as_posix()
        signed, locked = signer(file), locked_with(file)
        yield Network(name, file.stat().st_size, _sha256(file), key=signed, locked=locked)


def question_about(files: Iterable[Path]) -> ReadNetworks:
    """What a worker is asked so that it reads network files; ``with_facts`` takes its answer."""
    return ReadNetworks(files=tuple(str(file) for file in files))


def with_facts(networks: Sequence[Network], answer: NetworksRead) -> tuple[Network, ...]:
    """Networks with what a worker says of them; one that says too much is not believed."""
    if len(answer.facts) != len(networks):
        return tuple(networks)
    found = []
    for item, said in zip(networks, answer.facts, strict=True):
        licence, data, fault = (visible(said.get(key, "")) for key in _SAID)
        found.append(replace(item, licence=licence, training_data=data, fault=fault))
    return tuple(found)


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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_zip(path: Path) -> int:
    """How many bytes an archive takes when it is unpacked.

    Refuses one that would write outside its folder, or unpack to something absurd.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            items = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        raise StoreError(f"{path.name} is damaged: it cannot be unpacked.") from None
    size = sum(item.file_size for item in items)
    if size > _LARGEST:
        raise StoreError(f"{path.name} would unpack to more than {_LARGEST >> 30} GB.")
    if size > _ANY + _SMALLER * path.stat().st_size:
        raise StoreError(
            f"{path.name} is refused: it would unpack to more than {_SMALLER} times its size."
        )
    if len(items) > _MOST_FILES:
        raise StoreError(f"{path.name} is refused: it holds more than {_MOST_FILES:,} files.")
    for item in items:
        parts = item.filename.replace("\\", "/").split("/")
        link = (item.external_attr >> 16) & 0o170000 == 0o120000
        if item.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or link:
            raise StoreError(f"{path.name} is refused: {visible(item.filename)} leaves its folder.")
        if len(parts) > _DEEPEST:
            raise StoreError(f"{path.name} is refused: its folders are too deep.")
        metadata = parts[0].endswith(".dist-info") and parts[-1] in _METADATA
        if metadata and item.file_size > _READ:
            raise StoreError(f"{path.name} is refused: its {parts[-1]} is longer than 1 MB.")
    return size


def _unzipped(path: Path, place: Path, *, single: bool = True) -> Path:
    """Unpack a zip; with ``single`` its only folder is what is meant."""
    _check_zip(path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(place)
    inside = list(place.iterdir())
    if single and len(inside) == 1 and inside[0].is_dir():
        return inside[0]
    return place

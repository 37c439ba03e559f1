"""Models: the networks there are, and how one that a user brings along joins them.

A network of the user's own is examined in a confined process, wrapped in a plugin and installed
like a stranger's. Nothing here loads a network, or the packages that read one, into the editor.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from safelight.actions.installer import Installer, Offer
from safelight.actions.networkplugin import (
    PREFIX,
    Examined,
    Identity,
    properties,
    write_wheel,
)
from safelight.actions.pip import Stopped, run_until
from safelight.actions.store import Installed, Store, StoreError, canonical
from safelight.actions.studio import Studio
from safelight.api import PROJECT, Declaration, Region
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers import examining
from safelight.workers.environment import editor_path, interpreter
from safelight.workers.job import Job, JobFailed, JobFinished
from safelight.workers.pool import Pool

SUMS = "SHA256SUMS"
"""Beside a plugin's networks: their hashes, in the form that sha256sum writes and checks."""

_PATIENCE = 300.0
_MEMORY = 8 << 30
_LARGEST_FILE = 2 << 30
_PREVIEW = 256
_MEASURED = 768


@dataclass(frozen=True, slots=True)
class Known:
    """A network that a filter can run. ``recorded`` is the hash it came with, "" = none."""

    name: str
    plugin: str
    path: Path
    size: int
    sha256: str
    recorded: str = ""
    licence: str = ""
    training_data: str = ""
    built_in: bool = True

    @property
    def own(self) -> bool:
        """Whether the user brought it along."""
        return not self.built_in and self.plugin.startswith(PREFIX)

    @property
    def intact(self) -> bool | None:
        """Whether it is what was recorded; None when nothing was."""
        return self.sha256 == self.recorded if self.recorded else None

    def to_json(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return asdict(self) | {"path": str(self.path), "intact": self.intact, "own": self.own}


class Candidate:
    """A network on its way in. Nothing is added until ``add``; close it, or use ``with``.

    ``given`` are decisions of the user's, by ``safelight.workers.probing.KEYS``. ``reserved`` are
    the filters that the editor has already. The steps take seconds: none belongs on the window's
    thread; ``cancel`` may be called from any.
    """

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        given: Mapping[str, str] | None = None,
        reserved: Iterable[Declaration] = (),
    ) -> None:
        self._store = store
        self._path = path
        self._given = dict(given or {})
        self._reserved = list(reserved)
        self._cancelled = threading.Event()
        self._kept = contextlib.ExitStack()
        self._pool: Pool | None = None
        self.examined: Examined | None = None

    def __enter__(self) -> Candidate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cancel(self) -> None:
        """Stop; the step under way raises Stopped."""
        self._cancelled.set()
        pool = self._pool
        if pool is not None:
            pool.close()

    def close(self) -> None:
        """Leave nothing behind."""
        self.cancel()
        self._kept.close()

    def examine(self) -> Examined:
        """Read and probe it, in a confined process. Raises StoreError, in a sentence."""
        path = self._path.absolute()
        if not path.is_file():
            raise StoreError(f"There is no file {path.name} where you said.")
        out = self._folder()
        answer = self._ask(path, [path.parent], out, given=self._given)
        self.examined = _examined(path.name, answer, out / "network.onnx")
        return self.examined

    def preview(self, identity: Identity, document: Document, region: Region) -> JobFinished:
        """The filter's result for a part of a picture. Raises StoreError."""
        installer, offer = self._prepare(identity)
        plugin = installer.described(offer)
        declaration = plugin.filters[0]
        self._pool = pool = Pool(limit=1, environment=self._store.environment(plugin))
        try:
            if self._cancelled.is_set():
                raise Stopped("It was cancelled; nothing was changed.")
            job = Job(pool, declaration, declaration.settings(), document, region=region)
            outcome = job.wait()
        finally:
            pool.close()
            self._pool = None
        if isinstance(outcome, JobFinished):
            return outcome
        raise StoreError(outcome.message if isinstance(outcome, JobFailed) else "It was cancelled.")

    def add(self, identity: Identity) -> Installed:
        """Install it as a plugin of that name. Raises StoreError; then nothing has changed."""
        if any(item.name == identity.plugin for item in self._store.installed()):
            raise StoreError(
                f"There is a network {identity.name} already: choose another name, or remove it."
            )
        installer, offer = self._prepare(identity)
        return installer.install(offer)

    def _prepare(self, identity: Identity) -> tuple[Installer, Offer]:
        """Wrap it in a plugin and stage that, as the installer does with every wheel."""
        examined = self.examined or self.examine()
        out = self._folder()
        whole = examined.network
        self._ask(whole, [whole.parent], out, properties=properties(examined, identity))
        network = (out / "network.onnx").read_bytes()
        wheel = write_wheel(out, examined, identity, network)
        installer = Installer(self._store, str(wheel), reserved=self._reserved)
        offer = installer.prepare(self._kept.enter_context(self._store.staging()))
        networks = tuple(
            replace(item, licence=identity.licence, training_data=identity.training_data)
            for item in offer.networks
        )
        return installer, replace(offer, source=examined.file, networks=networks)

    def _folder(self) -> Path:
        return self._kept.enter_context(self._store.staging())

    def _ask(self, path: Path, readable: list[Path], out: Path, **order: Any) -> dict[str, Any]:
        """Have a confined process examine or describe ``path``. Raises StoreError."""
        order |= {
            "file": str(path),
            "out": str(out),
            "path": editor_path(),
            "readable": [*map(str, readable), *editor_path(), *interpreter()],
            **{"memory": _MEMORY, "limit": _LARGEST_FILE},
        }
        command = [sys.executable, "-I", "-S", "-B", str(examining.__file__), json.dumps(order)]
        late = threading.Event()
        timer = threading.Timer(_PATIENCE, lambda: (late.set(), self._cancelled.set()))
        timer.start()
        try:
            status, output = run_until(
                command, self._cancelled, env={"LANG": "C.UTF-8"}, start_new_session=True
            )
        except Stopped:
            if not late.is_set():
                raise
            raise StoreError(f"{path.name} was not understood within five minutes.") from None
        finally:
            timer.cancel()
        return _answer(path.name, status, output)


def _answer(name: str, status: int, output: str) -> dict[str, Any]:
    """What the confined process said. Raises StoreError for a refusal and for its end."""
    if status < 0:
        raise StoreError(f"{name} took the process down that tried it (signal {-status}).")
    lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
    if status:
        raise StoreError(f"{name} cannot be read: {lines[-1].strip()[:300]}")
    try:
        answer = dict(json.loads(lines[-1]))
    except (ValueError, TypeError):
        raise StoreError(f"{name} cannot be read: no answer came.") from None
    if "refused" in answer:
        raise StoreError(str(answer["refused"])[:1000])
    return answer


def _examined(name: str, answer: Mapping[str, Any], network: Path) -> Examined:
    try:
        return Examined(
            file=name,
            findings=tuple(
                (str(key), str(text), str(how)) for key, text, how in answer["findings"]
            ),
            notes=tuple(map(str, answer["notes"])),
            extras={str(key): int(rank) for key, rank in answer["extras"].items()},
            scale=int(answer["scale"]),
            **{key: str(answer[key]) for key in ("input", "output", "producer", "sha256")},
            **{key: int(answer[key]) for key in ("opset", "parameters", "bytes")},
            metadata={str(key): str(text) for key, text in answer["metadata"].items()},
            network=network,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoreError(f"{name} cannot be read: its answer makes no sense.") from None


# -- the networks there are ---------------------------------------------------------------------


def known(store: Store) -> list[Known]:
    """Every network of the built-in plugins and of the store's, by plugin and file."""
    built_in = [item for plugin, folder in _built_in() for item in _beside(plugin, folder)]
    stored = [item for plugin in store.installed() for item in _stored(plugin)]
    return [*sorted(built_in, key=lambda item: (item.plugin, item.name)), *stored]


def _built_in() -> Iterator[tuple[str, Path]]:
    """The plugins of the editor's environment and where their modules lie; none is imported."""
    for point in importlib.metadata.entry_points(group=PROJECT):
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(point.module.split(".")[0])
            if spec is not None and spec.origin is not None:
                yield point.dist.name if point.dist else point.name, Path(spec.origin).parent


def _beside(plugin: str, folder: Path) -> Iterator[Known]:
    recorded = _sums(folder)
    for path in sorted(folder.rglob("*.onnx")):
        size, digest, said = _facts(path)
        yield Known(
            **{"name": path.stem, "plugin": plugin, "path": path, "size": size, "sha256": digest},
            recorded=recorded.get(path.relative_to(folder).as_posix(), ""),
            licence=said.get("safelight.licence", ""),
            training_data=said.get("safelight.training_data", ""),
        )


def _stored(plugin: Installed) -> Iterator[Known]:
    for network in plugin.networks:
        path = plugin.library / network.file
        size, digest, said = _facts(path)
        yield Known(
            **{"name": path.stem, "plugin": plugin.name, "path": path, "size": size},
            sha256=digest,
            recorded=network.sha256,
            licence=network.licence or said.get("safelight.licence", ""),
            training_data=network.training_data or said.get("safelight.training_data", ""),
            built_in=False,
        )


def _sums(folder: Path) -> dict[str, str]:
    """Recorded hashes by file name; nothing where none are recorded."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {pair[1].lstrip("*"): pair[0] for pair in pairs if len(pair) == 2}


def _facts(path: Path) -> tuple[int, str, Mapping[str, str]]:
    """A network's size, hash and metadata; zero and nothing when it is gone or damaged."""
    from safelight.workers.onnxfile import OnnxError, read_onnx

    try:
        content = path.read_bytes()
    except OSError:
        return 0, "", {}
    digest = hashlib.sha256(content).hexdigest()
    try:
        return len(content), digest, read_onnx(path).metadata
    except OnnxError:
        return len(content), digest, {}


def remove(store: Store, name: str) -> Installed:
    """Remove a network of the user's own, and its plugin. Raises StoreError."""
    plugins = {item.name: item for item in store.installed() if item.name.startswith(PREFIX)}
    wanted = canonical(name.removesuffix(".onnx"))
    for plugin in (wanted, PREFIX + wanted):
        if plugin in plugins:
            return store.uninstall(plugin)
    for item in known(store):
        if canonical(item.name) == wanted:
            raise StoreError(f"{item.name} is a part of the plugin {item.plugin}.")
    names = ", ".join(item.removeprefix(PREFIX) for item in plugins) or "none"
    raise StoreError(f"There is no network {name} of your own; there are: {names}.")


# -- speed --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a network runs here, in its filter: ``megapixels`` of the input per second."""

    network: str
    filter: str
    settings: Mapping[str, Any]
    megapixels: float
    device: str

    def to_json(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {name: getattr(self, name) for name in Speed.__slots__}


def measure(studio: Studio, name: str = "") -> Iterator[Speed]:
    """Run each filter that has networks, as a user would, and say how fast each network was.

    ``name`` limits it to one network or filter. Raises StoreError for a filter that fails.
    """
    seen: set[tuple[str, ...]] = set()
    for declaration in studio.filters():
        for settings in _variants(declaration):
            networks = _networks_of(studio, declaration, settings)
            key = (declaration.plugin, *networks)
            names = {declaration.name, declaration.id, *(Path(item).stem for item in networks)}
            if not networks or key in seen or (name and name.removesuffix(".onnx") not in names):
                continue
            seen.add(key)
            yield _measured(studio, declaration, settings, networks)


def _variants(declaration: Declaration) -> Iterator[dict[str, Any]]:
    """The default settings, and those in which one choice is another."""
    yield {}
    for parameter in declaration.parameters:
        if parameter.kind == "choice":
            others = (value for value in parameter.choices if value != parameter.default)
            yield from ({parameter.name: value} for value in others)


def _networks_of(
    studio: Studio, declaration: Declaration, settings: Mapping[str, Any]
) -> tuple[str, ...]:
    job = studio.start(declaration, settings, _picture(32))
    _finished(job)
    return tuple(sorted(job.models))


def _measured(
    studio: Studio,
    declaration: Declaration,
    settings: Mapping[str, Any],
    networks: tuple[str, ...],
) -> Speed:
    document = _picture(_MEASURED)
    _finished(studio.start(declaration, settings, _picture(_MEASURED // 2)))  # memory is reserved
    start = time.perf_counter()
    job = studio.start(declaration, settings, document)
    _finished(job)
    seconds = time.perf_counter() - start
    return Speed(
        ", ".join(networks),
        declaration.id,
        dict(settings),
        document.width * document.height / 1e6 / seconds,
        job.device_label,
    )


def _finished(job: Job) -> None:
    outcome = job.wait()
    if isinstance(outcome, JobFailed):
        raise StoreError(outcome.message)


def _picture(side: int) -> Document:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def middle(document: Document) -> Region:
    """The part of a picture that a preview shows."""
    width, height = min(_PREVIEW, document.width), min(_PREVIEW, document.height)
    return Region((document.width - width) // 2, (document.height - height) // 2, width, height)

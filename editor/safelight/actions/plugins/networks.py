"""Networks: which there are, whose they are, whether they are intact and how fast."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from safelight.actions.plugin_jobs import Studio
from safelight.actions.plugins.network_plugin import PREFIX, is_own
from safelight.actions.plugins.plugin_folders import built_in_folders
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError, canonical
from safelight.actions.plugins.signatures import signer
from safelight.api import Declaration, Region
from safelight.document import Document, edits
from safelight.pixels import Raster
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed
from safelight.workers.locked_network import locked_with
from safelight.workers.network_file import sums

_MEASURED = 768


@dataclass(frozen=True, slots=True)
class Known:
    """A network that a filter can run. ``recorded`` is the hash it came with, "" = none.

    ``own`` is one that the user brought along.
    """

    name: str
    plugin: str
    path: Path
    size: int
    sha256: str
    recorded: str = ""
    licence: str = ""
    training_data: str = ""
    built_in: bool = True
    own: bool = False
    key: str = ""
    """The public key by which the file itself is signed; "" = it is not."""
    locked: str = ""
    """The id of the key that it is encrypted with; "" = it is not."""
    fault: str = ""
    """What is wrong with its signature, as a sentence."""

    @property
    def intact(self) -> bool | None:
        """Whether the network is what was recorded and signed; None when nothing was."""
        if self.fault:
            return False
        return self.sha256 == self.recorded if self.recorded else None

    def to_json(self) -> dict[str, Any]:
        """The network as plain data, fit for JSON."""
        return asdict(self) | {"path": str(self.path), "intact": self.intact}


def known(plugins: Iterable[Installed]) -> list[Known]:
    """Every network of the built-in plugins and of ``plugins`` of the store, by plugin and file."""
    built_in = [item for plugin, folder in built_in_folders() for item in _beside(plugin, folder)]
    stored = [item for plugin in plugins for item in _stored(plugin)]
    return [*sorted(built_in, key=lambda item: (item.plugin, item.name)), *stored]


def _beside(plugin: str, folder: Path) -> Iterator[Known]:
    recorded = sums(folder)
    for path in sorted(folder.rglob("*.onnx")):
        size, digest, said = _facts(path)
        yield Known(
            path.stem,
            plugin,
            path,
            size,
            digest,
            recorded=recorded.get(path.relative_to(folder).as_posix(), ""),
            licence=said.get("safelight.licence", ""),
            training_data=said.get("safelight.training_data", ""),
            **_vouched(path),  # type: ignore[arg-type]
        )


def _stored(plugin: Installed) -> Iterator[Known]:
    for network in plugin.networks:
        path = plugin.library / network.file
        size, digest, said = _facts(path)
        yield Known(
            path.stem,
            plugin.name,
            path,
            size,
            digest,
            network.sha256,
            licence=network.licence or said.get("safelight.licence", ""),
            training_data=network.training_data or said.get("safelight.training_data", ""),
            built_in=False,
            own=is_own(plugin),
            **_vouched(path),
        )


def _vouched(path: Path) -> dict[str, str]:
    """Who signed a file, with which key it is locked, and what is wrong with its signature."""
    try:
        key, fault = signer(path), ""
    except (StoreError, OSError) as error:
        key, fault = "", str(error)
    return {"key": key, "locked": locked_with(path), "fault": fault}


def _facts(path: Path) -> tuple[int, str, Mapping[str, str]]:
    """A network's size, hash and metadata; zero and nothing when it is gone or damaged."""
    from safelight.workers.onnx_file import OnnxError, read_onnx

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
    installed = store.installed()
    plugins = {item.name: item for item in installed if is_own(item)}
    wanted = canonical(name.removesuffix(".onnx"))
    for plugin in (wanted, PREFIX + wanted):
        if plugin in plugins:
            return store.uninstall(plugin)
    for item in known(installed):
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
        """The speed as plain data, fit for JSON."""
        return {name: getattr(self, name) for name in Speed.__slots__}


def measure(studio: Studio, name: str = "") -> Iterator[Speed]:
    """Run each filter that has networks, as a user would, and say how fast each network was.

    ``name`` limits it to one network or filter. Raises StoreError for a network's filter that
    fails.
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
    if declaration.tone:
        return ()
    job = studio.start(declaration, settings, _picture(32, declaration))
    outcome = job.wait()
    if job.models and isinstance(outcome, JobFailed):
        raise StoreError(outcome.message)
    # One without networks may well have no use for this picture.
    return tuple(sorted(job.models))


def _measured(
    studio: Studio,
    declaration: Declaration,
    settings: Mapping[str, Any],
    networks: tuple[str, ...],
) -> Speed:
    document = _picture(_MEASURED, declaration)
    half = _picture(_MEASURED // 2, declaration)
    _finished(studio.start(declaration, settings, half))  # memory is reserved
    start = time.perf_counter()
    job = studio.start(declaration, settings, document)
    _finished(job)
    seconds = time.perf_counter() - start
    worked_on = _within_rim(_MEASURED) if declaration.masked else document.region
    return Speed(
        ", ".join(networks),
        declaration.id,
        dict(settings),
        worked_on.width * worked_on.height / 1e6 / seconds,
        job.device_label,
    )


def _finished(job: Job) -> None:
    outcome = job.wait()
    if isinstance(outcome, JobFailed):
        raise StoreError(outcome.message)


def _picture(side: int, declaration: Declaration) -> Document:
    """Noise, of which a filter that works on what is selected gets all but a rim."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    if not declaration.masked:
        return document
    return edits.select_region(_within_rim(side)).apply(document)


def _within_rim(side: int) -> Region:
    rim = side // 8
    return Region(rim, rim, side - 2 * rim, side - 2 * rim)

"""Network candidate: a network that a user brings along, on its way to become a plugin.

It is examined in a confined process, wrapped in a plugin, and tried and installed like a
stranger's. The editor's own process loads neither it nor the packages that read one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.network_plugin import (
    VERSION,
    Examined,
    Identity,
    describe,
    properties,
    summary,
    write_wheel,
)
from safelight.actions.plugins.pip import Stopped, run_until
from safelight.actions.plugins.plugin_store import Installed, Offered, Package, Store, StoreError
from safelight.api import Region
from safelight.api.testing import photograph
from safelight.document import Document, Live, edits, render
from safelight.pixels import Raster
from safelight.workers.confinement.sandbox import available
from safelight.workers.confinement.scratch_folder import read_file
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.plugin_environment import far_side, imports
from safelight.workers.wire.replies import visible
from safelight.workers.worker_pool import Pool

_PATIENCE = 20.0
"""Seconds that reading and probing may take; a slow network is probed for 12 of them."""

Tell = Callable[[float, str], None]
"""Is told how far the examination is, 0 to 1, and in a few words what is tried."""

_LIMITS = {"memory": 8 << 30, "limit": 2 << 30}
_PREVIEW = 256
_SECOND = "test chart"
_FAR_SIDE = far_side("examine_network")


class Candidate:
    """A network on its way in. Nothing is added until ``add``; close it, or use ``with``.

    ``given`` are decisions of the user's, named as ``probed_properties.KEYS``. ``reserved`` are
    the filters that the editor has already. The steps take seconds: none belongs on the window's
    thread; ``cancel`` may be called from any. ``tell`` is told of progress, on the step's thread.
    """

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        given: Mapping[str, str] | None = None,
        reserved: Iterable[Offered] = (),
        tell: Tell = lambda fraction, words: None,
    ) -> None:
        self._store = store
        self._path = path
        self._given = dict(given or {})
        self._reserved = list(reserved)
        self._tell = tell
        self._cancelled = threading.Event()
        self._kept = contextlib.ExitStack()
        self._step = threading.RLock()
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
        """Leave nothing behind. Waits for the step under way, which ends at once."""
        self.cancel()
        with self._step:
            self._kept.close()

    def examine(self) -> Examined:
        """Read and probe it, in a confined process. Raises StoreError, in a sentence."""
        path = self._path.absolute()
        if not path.is_file():
            raise StoreError(f"There is no file {path.name} where you said.")
        with self._step:
            out = self._folder()
            answer = self._ask(path, [path.parent], out, given=self._given)
            self.examined = _examined(path.name, answer, out / "network.onnx")
            return self.examined

    def preview(
        self, identity: Identity, document: Document, region: Region, live: Live | None = None
    ) -> Raster:
        """The filter's result for a part of a picture. Raises StoreError.

        Of one with a mask the middle of the part is selected; a second picture is the test chart.
        """
        with self._step:
            installer, offer = self._prepare(identity)
            plugin = installer.described(offer)
            self._pool = pool = Pool(limit=1, environment=self._store.environment(plugin))
            try:
                self._check()
                (declaration, *_) = plugin.filters
                second = [item.name for item in declaration.parameters if item.kind == "picture"]
                settings = declaration.settings(dict.fromkeys(second, _SECOND))
                if declaration.masked:
                    document = edits.select_region(_inner(region)).apply(document)
                outcome = Job(
                    *(pool, declaration, settings, document),
                    region=region,
                    live=live,
                    read=_second_picture,
                ).wait()
            finally:
                pool.close()
                self._pool = None
        self._check()
        if isinstance(outcome, JobFinished):
            made = outcome.raster.to_array()
            # A selection is seen as the grey picture that it is.
            alone = declaration.selects and made.shape[2] == 1
            return Raster.from_array(made.repeat(3, axis=2)) if alone else outcome.raster
        raise StoreError(outcome.message if isinstance(outcome, JobFailed) else "It was stopped.")

    def add(self, identity: Identity) -> Installed:
        """Install the network as a plugin of that name. Raises StoreError; then nothing has
        changed.
        """
        if any(item.name == identity.plugin for item in self._store.installed()):
            raise StoreError(
                f"There is a network {identity.name} already: choose another name, or remove it."
            )
        with self._step:
            installer, offer = self._prepare(identity)
            self._check()
            return installer.install(offer)

    def described(self, identity: Identity) -> bytes:
        """The network with all that is known of it in its metadata. Raises StoreError."""
        with self._step:
            examined = self.examined or self.examine()
            out, whole = self._folder(), examined.network
            self._ask(whole, [whole.parent], out, properties=properties(examined, identity))
            return _file(whole.name, out / "network.onnx")

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Stopped("It was cancelled; nothing was changed.")

    def _prepare(self, identity: Identity) -> tuple[Installer, Offer]:
        """Wrap the network in a plugin and stage that; the plugin needs nothing that pip would have
        to fetch.
        """
        examined = self.examined or self.examine()
        network, staged = self.described(identity), self._folder()
        (staged / "wheels").mkdir()
        wheel = write_wheel(staged / "wheels", examined, identity, network)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(staged / "lib")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        package = Package(identity.plugin, VERSION, wheel.stat().st_size, digest, identity.licence)
        offer = Offer(
            identity.plugin,
            VERSION,
            str(self._path.absolute()),
            summary(identity),
            packages=(package,),
            networks=(describe(identity, network),),
            replaces="",
            protection=available(),
            staged=staged,
        )
        return Installer(self._store, str(wheel), reserved=self._reserved), offer

    def _folder(self) -> Path:
        self._check()
        return self._kept.enter_context(self._store.staging())

    def _ask(self, path: Path, readable: list[Path], out: Path, **order: Any) -> dict[str, Any]:
        """Have a confined process examine or describe ``path``. Raises StoreError."""
        order |= {
            **imports([], [out], readable),
            "file": str(path),
            "out": str(out),
            **_LIMITS,
        }
        wrapped = order.pop("wrapping")
        python = [sys.executable, "-I", "-S", "-B", str(_FAR_SIDE)]
        command = [*wrapped, *python, json.dumps(order)]
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._cancelled.set()

        timer = threading.Timer(_PATIENCE, give_up)
        timer.start()
        try:
            status, output = run_until(
                command,
                self._cancelled,
                lambda pid: self._pass_on(out),
                env={"LANG": "C.UTF-8"},
                start_new_session=True,
            )
        except Stopped:
            if not late.is_set():
                raise
            raise StoreError(
                f"{path.name} was not understood within {_PATIENCE:.0f} seconds. If the computer"
                " had other work to do, try it again."
            ) from None
        finally:
            timer.cancel()
        return _answer(path.name, status, output)

    def _pass_on(self, out: Path) -> str:
        """Tell what the confined process says of its progress; nothing it says is an offence."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            fraction, words = json.loads(read_file(out / "progress", 200))
            self._tell(min(max(float(fraction), 0.0), 1.0), visible(str(words)))
        return ""


def _inner(region: Region) -> Region:
    """The middle half of a part, each way."""
    wide, tall = max(region.width // 2, 1), max(region.height // 2, 1)
    return Region(region.x + wide // 2, region.y + tall // 2, wide, tall)


def _second_picture(text: str) -> NDArray[np.float32]:
    """What a preview shows as the second picture: float32 (height, width, 3)."""
    return photograph(_PREVIEW, _PREVIEW, seed=2)


def _answer(name: str, status: int, output: str) -> dict[str, Any]:
    """What the confined process said. Raises StoreError for a refusal and for its end."""
    signal = -status if status < 0 else status - 128  # as a shell and bubblewrap say it
    if signal > 0:
        raise StoreError(f"{name} took the process down that tried it (signal {signal}).")
    lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
    if status:
        raise StoreError(f"{name} cannot be read: {lines[-1].strip()[:300]}")
    try:
        answer = dict(_visible(json.loads(lines[-1])))
    except (ValueError, TypeError):
        raise StoreError(f"{name} cannot be read: no answer came.") from None
    if "refused" in answer:
        raise StoreError(str(answer["refused"])[:1000])
    return answer


def _visible(value: Any) -> Any:
    """JSON-ready data with texts that can be shown."""
    if isinstance(value, str):
        return visible(value, lines=True)
    if isinstance(value, dict):
        return {visible(name): _visible(one) for name, one in value.items()}
    return [_visible(one) for one in value] if isinstance(value, list) else value


def _file(name: str, path: Path) -> bytes:
    """What a confined process has left there. Raises StoreError."""
    try:
        return read_file(path, _LIMITS["limit"])
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror}.") from None


def _examined(name: str, answer: Mapping[str, Any], network: Path) -> Examined:
    try:
        findings = answer["findings"]
        return Examined(
            file=name,
            findings=tuple((str(key), str(text), str(how)) for key, text, how in findings),
            notes=tuple(map(str, answer["notes"])),
            extras={str(key): int(rank) for key, rank in answer["extras"].items()},
            scale=int(answer["scale"]),
            input=str(answer["input"]),
            output=str(answer["output"]),
            producer=str(answer["producer"]),
            opset=int(answer["opset"]),
            parameters=int(answer["parameters"]),
            bytes=int(answer["bytes"]),
            sha256=str(answer["sha256"]),
            metadata={str(key): str(text) for key, text in answer["metadata"].items()},
            network=network,
            kinds={str(key): str(kind) for key, kind in answer.get("kinds", {}).items()},
            asks={
                str(key): tuple(map(str, values)) for key, values in answer.get("asks", {}).items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoreError(f"{name} cannot be read: its answer makes no sense.") from None


def side_by_side(document: Document, region: Region, after: Raster) -> Document:
    """A part of a picture beside what the filter made of it, as large as that."""
    factor = after.width // region.width
    before = render(document, region)[..., :3].repeat(factor, axis=0).repeat(factor, axis=1)
    both = np.concatenate([before, after.to_array()[..., :3]], axis=1)
    return Document.from_raster(Raster.from_array(both), profile=document.profile)


def middle(document: Document) -> Region:
    """The part of a picture that a preview shows."""
    width, height = min(_PREVIEW, document.width), min(_PREVIEW, document.height)
    return Region((document.width - width) // 2, (document.height - height) // 2, width, height)

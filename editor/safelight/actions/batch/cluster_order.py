"""Cluster order: one file of a batch as plain data, which another machine checks and carries out.

It is JSON, and so is the report that comes back. Names of files travel as their bytes. What decides
the pixels (recipe, masks, the editor's and the plugins' code, networks) is named by SHA-256: a
machine that has another refuses with a sentence. The folders are shared; the machine that carries
the order out writes the file itself, whole or not at all, and never one that is written already.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import safelight
from safelight.actions.batch.batch_journal import stamp_of
from safelight.actions.batch.run_batch import Order, by_studio
from safelight.actions.opened_file import opened_file
from safelight.actions.plugin_jobs import Studio
from safelight.actions.plugins.plugin_folders import plugin_folders
from safelight.actions.recipes.process_file import Opening, Processed
from safelight.actions.recipes.recipe_steps import Recipe, RecipeExport
from safelight.actions.stop import Stop
from safelight.files import FileExists, is_project

FORM = 2
"""Of the orders and the reports; a machine refuses another."""

_EDITOR = "safelight"


class Refused(Exception):
    """The machine does not carry out the order: it has other code, or cannot read it."""


def written_order(
    order: Order, studio: Studio, number: int, source: Path, target: Path, device: str = "auto"
) -> str:
    """The order for one file, as JSON. Raises OSError for a mask that is not there."""
    recipe, opening = order.recipe, order.opening
    text = recipe.to_json()
    folder = recipe.folder or Path()
    masks = [folder / step.id for step in recipe.steps if step.kind == "select"]
    masks += [opening.mask] if opening.mask is not None else []
    data = {
        "form": FORM,
        "recipe": text,
        "sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        "folder": _bytes(folder.absolute()),
        "masks": {_bytes(path.absolute()): _digest(path) for path in masks},
        "code": dict(_code(studio, _plugins(order, studio, source))),
        "export": order.export.to_json(),
        "suffix": order.suffix,
        "overwrite": order.overwrite,
        "started": order.started.isoformat(),
        "opening": {
            "pixel_limit": opening.pixel_limit,
            "told": dict(opening.told),
            "sidecar": opening.sidecar,
            "mask": None if opening.mask is None else _bytes(opening.mask.absolute()),
        },
        "device": device,
        "number": number,
        "source": _bytes(source.absolute()),
        "target": _bytes(target.absolute()),
        "there": stamp_of(target),
    }
    return json.dumps(data, ensure_ascii=True)


def carried_out(text: str) -> str:
    """What a machine makes of an order: a report as JSON, whatever happens.

    It says what came of the file, or why nothing did ("failed"), or why the order was not taken
    ("refused").
    """
    try:
        return json.dumps(_carried_out(text))
    except Refused as error:
        return json.dumps({"refused": str(error)})
    except Exception as error:  # the batch goes on with the others, wherever this one has failed
        return json.dumps({"failed": str(error) or type(error).__name__})


def read_report(text: object) -> Processed:
    """What came of an order. Raises Refused, and OSError with the machine's sentence."""
    data = json.loads(text) if isinstance(text, str) else None
    if not isinstance(data, dict):
        raise OSError("the worker answered nonsense")
    if "refused" in data:
        raise Refused(str(data["refused"]))
    if "failed" in data:
        raise OSError(str(data["failed"]))
    try:
        size, width, height = (int(data[name]) for name in ("bytes", "width", "height"))
        notes = tuple(map(str, data["notes"]))
        return Processed(_path(data["path"]), size, width, height, notes)
    except (KeyError, TypeError, ValueError):
        raise OSError("the worker answered nonsense") from None


def _carried_out(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
        if data["form"] != FORM:
            raise Refused("The worker has another version of Safelight.")
        order, device = _order(data), str(data["device"])
        source, target = _path(data["source"]), _path(data["target"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"The worker cannot read the order: {error}.") from None
    studio = _studio(device)
    _check(data, studio)
    # The file has come since the order was given: a worker wrote it, and died before it said so.
    if stamp_of(target) not in ("", data["there"]):
        return _there(target)
    try:
        processed = by_studio(studio)(order, data["number"], source, lambda made: target, Stop())
    except FileExists:
        if data["there"]:
            raise
        return _there(target)  # another worker, which was taken for dead, was faster
    return {
        "path": _bytes(processed.path),
        "bytes": processed.bytes,
        "width": processed.width,
        "height": processed.height,
        "notes": list(processed.notes),
    }


def _there(target: Path) -> dict[str, Any]:
    with opened_file(target) as (history, _):
        document = history.document
        told = {"path": _bytes(target), "bytes": target.stat().st_size, "notes": []}
        return told | {"width": document.width, "height": document.height}


def _order(data: Mapping[str, Any]) -> Order:
    recipe = Recipe.from_json(data["recipe"])
    opening = data["opening"]
    mask = opening["mask"]
    return Order(
        replace(recipe, folder=_path(data["folder"])),
        _path(data["target"]).parent,
        RecipeExport.from_json(data["export"]),
        suffix=str(data["suffix"]),
        overwrite=bool(data["overwrite"]),
        opening=Opening(
            opening["pixel_limit"],
            opening["told"],
            None if mask is None else _path(mask),
            opening["sidecar"] is True,
        ),
        started=datetime.fromisoformat(data["started"]),
    )


def _check(data: Mapping[str, Any], studio: Studio) -> None:
    """Raises Refused where anything is another than the order was made for."""
    text: str = data["recipe"]
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != data["sha256"]:
        raise Refused("The recipe that reached the worker is another one.")
    for name, digest in data["masks"].items():
        path = _path(name)
        try:
            same = _digest(path) == digest
        except OSError:
            raise Refused(
                f"The worker does not see {path}; the folders have to be shared."
            ) from None
        if not same:
            raise Refused(f"The worker sees another {path.name}.")
    wanted: dict[str, str] = data["code"]
    own = dict(_code(studio, {name for name in wanted if name.partition("/")[0] != _EDITOR}))
    for name, digest in wanted.items():
        if own.get(name) == digest:
            continue
        plugin, _, network = name.partition("/")
        what = f"network {network} of {plugin}" if network else plugin
        if name not in own:
            raise Refused(f"The worker has no {what}.")
        raise Refused(f"The worker has another {what}; install the same on every machine.")
    more = set(own) - set(wanted)
    if more:
        raise Refused(f"The worker has a {sorted(more)[0]} that is not known here.")


def _plugins(order: Order, studio: Studio, source: Path) -> set[str]:
    """The plugins that take part in what comes of a source."""
    offers = studio.offers()
    if is_project(source):  # any filter may have a layer there
        return {item.plugin for item in offers.filters}
    ending = source.suffix.casefold()
    readers = {item.plugin for item in offers.importers if ending in item.suffixes}
    steps = [step.id for step in order.recipe.steps if step.kind == "filter"]
    return readers | {studio.filter(name).plugin for name in steps}


def _code(studio: Studio, plugins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What the editor and plugins consist of, each with its digest; networks beside, by name."""
    yield _EDITOR, _folder_digest(Path(safelight.__file__).parent, "*.py")
    folders = plugin_folders(studio.store.installed())
    for name in sorted({plugin.partition("/")[0] for plugin in plugins} & set(folders)):
        yield name, _folder_digest(folders[name], "*.py")
        for path in sorted(folders[name].rglob("*.onnx")):
            yield f"{name}/{path.relative_to(folders[name]).as_posix()}", _digest(path)


def _folder_digest(folder: Path, pattern: str) -> str:
    if folder.is_file():  # an author's plugin of one file
        return _digest(folder)
    told = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        told.update(f"{path.relative_to(folder).as_posix()}\0{_digest(path)}\n".encode())
    return told.hexdigest()


def _digest(path: Path) -> str:
    return _digest_of(path, stamp_of(path))


@functools.lru_cache(maxsize=4096)
def _digest_of(path: Path, stamp: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_studios: dict[str, Studio] = {}
_opening = threading.Lock()


def _studio(device: str) -> Studio:
    """The machine's studio, which stays for the next order."""
    with _opening:
        if device not in _studios:
            if device not in ("auto", "cpu", "cuda"):
                raise Refused(f"There is no device {device[:20]!r}.")
            os.environ["ORT_DISABLE_TELEMETRY"] = "1"
            studio = Studio(device)
            studio.reload()
            if not _studios:
                atexit.register(_close)
            _studios[device] = studio
        return _studios[device]


def _close() -> None:
    """End what the machine keeps for its next order."""
    with _opening, contextlib.ExitStack() as stack:
        for studio in _studios.values():
            stack.callback(studio.close)
        _studios.clear()


def _bytes(path: Path) -> str:
    return os.fsencode(path).hex()


def _path(text: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(text)))

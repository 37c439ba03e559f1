"""Latent directions: found from two handfuls of codes or from pictures, named, saved, shared.

A direction is what a slider adds to a generator's code, or to the code of a photograph. A file of
them belongs to one network.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.lightbox_codes import Code
from safelight.api import Declaration
from safelight.api.compound_values import CODE_DIGITS, LARGEST
from safelight.files import atomic_write
from safelight.folders import data_folder

if TYPE_CHECKING:
    from safelight.actions.plugins.plugin_store import Installed

ENDING = ".directions.json"

FEWEST = 2
"""Examples of either kind: one tells a picture apart, and not what it shows."""

FEWEST_PICTURES = 12
"""Pictures from which the main directions are found."""

MOST = 64
"""Directions that a file holds at most."""

MAIN = 4
"""Main directions that are found at a time."""

_LARGEST_FILE = 4 << 20
_LONGEST_NAME = 60
_SIDE = 12  # pixels a side at which pictures are compared
_PRICE = 0.1  # of a weight, in parts of the mean square of the codes
_KEY = "safelight_directions"


class DirectionError(ValueError):
    """Why there is no direction: a sentence."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A name, and a code of length 1 (``vector``) that is added as often as a slider says, each
    time ``step`` of it: 1 among codes of normal numbers, of photographs' codes what they differ by.
    """

    name: str
    vector: Code
    step: float = 1.0


@dataclass(frozen=True, slots=True)
class Directions:
    """The directions of one network, as ``network_identity`` gives it, with codes of ``size``."""

    network: str
    size: int
    entries: tuple[Direction, ...] = ()

    def with_one(self, direction: Direction) -> Directions:
        """The directions with one more, in place of one of that name. Raises DirectionError."""
        name = direction.name.strip()
        if not name:
            raise DirectionError("A direction needs a name.")
        if len(name) > _LONGEST_NAME:
            raise DirectionError(f"A direction's name has at most {_LONGEST_NAME} characters.")
        others = tuple(item for item in self.entries if item.name != name)
        if len(others) >= MOST:
            raise DirectionError(f"There are {MOST} directions already: remove one first.")
        return replace(self, entries=(*others, replace(direction, name=name)))

    def without(self, name: str) -> Directions:
        """The directions without the one of that name."""
        return replace(self, entries=tuple(item for item in self.entries if item.name != name))


def network_identity(declaration: Declaration, plugins: Iterable[Installed] = ()) -> str:
    """What tells the networks of a filter's plugin from all others: a SHA-256.

    Of the lines that ``sha256sum`` writes of its networks, as SHA256SUMS has them; of a plugin
    without networks, of the filter's id and the plugin's version. Reads the files. Raises OSError.
    """
    from safelight.actions.plugins.plugin_folders import plugin_folders

    folder = plugin_folders(plugins).get(declaration.plugin)
    lines: list[str] = []
    for path in sorted(folder.rglob("*.onnx")) if folder is not None else ():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder or path).as_posix()}\n")
    text = "".join(lines) or f"{declaration.id} {declaration.version}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def kept_at(network: str) -> Path:
    """Where the directions of a network are kept until they are removed."""
    return data_folder() / "directions" / f"{network[:32]}{ENDING}"


def direction_between(more: Sequence[Code], less: Sequence[Code], name: str) -> Direction:
    """The direction from codes that show ``less`` of something to those that show ``more``.

    The normal of the plane that parts the two, as in Y. Shen and others, "Interpreting the Latent
    Space of GANs for Semantic Face Editing" (InterFaceGAN, CVPR 2020); the plane is ridge
    regression's, which is settled by few examples too. Raises DirectionError.
    """
    if min(len(more), len(less)) < FEWEST:
        raise DirectionError(
            f"A direction needs at least {FEWEST} examples with and {FEWEST} without: one alone"
            " tells a picture apart, and not what it shows."
        )
    lengths = {len(code) for code in (*more, *less)}
    if len(lengths) > 1:
        least, most = min(lengths), max(lengths)
        raise DirectionError(
            f"The examples are of different networks: codes of {least} and of {most} numbers."
        )
    rows = np.array([*more, *less], np.float64)
    if not np.isfinite(rows).all():
        raise DirectionError("A code holds what is no number.")
    wanted = np.array([1.0 / len(more)] * len(more) + [-1.0 / len(less)] * len(less))
    rows = rows - (rows[: len(more)].mean(0) + rows[len(more) :].mean(0)) / 2
    # In the space of the examples, which are fewer than the numbers of a code.
    square = rows @ rows.T
    square[np.diag_indices(len(rows))] += _PRICE * max(float(np.trace(square)), 1e-9)
    return _direction(name, rows.T @ np.linalg.solve(square, wanted))


def measured_direction(more: Sequence[Code], less: Sequence[Code], name: str) -> Direction:
    """``direction_between`` codes of photographs, whose numbers may be of any size.

    Its step is half the way from those that show ``less`` to those that show ``more``: from one to
    the other a slider goes by 2. Raises DirectionError.
    """
    found = direction_between(more, less, name)
    apart = np.mean(np.array(more, np.float64), 0) - np.mean(np.array(less, np.float64), 0)
    return _stepped(found, float(apart @ np.array(found.vector)) / 2)


def principal_directions(codes: Sequence[Code], count: int = MAIN) -> list[Direction]:
    """The directions along which the ``codes`` of photographs differ most.

    Their principal components, as GANSpace has them of the codes in StyleGAN's own space; each step
    is the standard deviation along it. Raises DirectionError.
    """
    if len(codes) < FEWEST_PICTURES:
        raise DirectionError(
            f"The main directions need {FEWEST_PICTURES} photographs, and there are {len(codes)}:"
            " add more examples first, with or without."
        )
    rows = np.array(codes, np.float64)
    _, strengths, ways = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    held = int((strengths > 1e-6 * strengths[0]).sum()) if strengths[0] > 1e-9 else 0
    if not held:
        raise DirectionError(
            "The photographs' codes are all the same: no direction leads anywhere."
        )
    spread = strengths / np.sqrt(len(rows))
    return [
        _stepped(_direction(f"Main {n + 1}", ways[n]), float(spread[n]))
        for n in range(min(count, held))
    ]


def amounts_of(change: Code, entries: Sequence[Direction]) -> tuple[float, ...] | None:
    """How often each direction was added to make a ``change``; None where others were, too."""
    if not entries or not len(change):
        return None
    steps = np.array([item.vector for item in entries], np.float64)
    steps *= np.array([[item.step] for item in entries])
    wanted = np.array(change, np.float64)
    found, _, rank, _ = np.linalg.lstsq(steps.T, wanted, rcond=1e-6)
    off = float(np.abs(found @ steps - wanted).max())
    if rank < len(entries) or off > 2 * 10**-CODE_DIGITS:
        return None
    return tuple(map(float, found))


def main_directions(
    codes: Sequence[Code], pictures: Sequence[NDArray[np.uint8]], count: int = MAIN
) -> list[Direction]:
    """The directions along which a network's ``pictures`` (height, width, 3) differ most.

    Principal components of the pictures, reduced to 12 pixels a side, and the codes that lead to
    them by linear regression, as E. Härkönen and others, "GANSpace" (NeurIPS 2020) do it with a
    layer's activations. Raises DirectionError.
    """
    if len(codes) < FEWEST_PICTURES:
        raise DirectionError(
            f"The main directions need {FEWEST_PICTURES} pictures, and {len(codes)} have been"
            " shown: look at a few more neighbours first."
        )
    rows = np.array(codes, np.float64)
    seen = np.stack([_reduced(picture) for picture in pictures])
    rows, seen = rows - rows.mean(0), seen - seen.mean(0)
    if not seen.any():
        raise DirectionError("The pictures are all the same: no direction leads anywhere.")
    scores, strengths, _ = np.linalg.svd(seen, full_matrices=False)
    square = rows @ rows.T
    square[np.diag_indices(len(rows))] += _PRICE * max(float(np.trace(square)), 1e-9) / len(rows)
    held = int((strengths > 1e-6 * strengths[0]).sum())
    found = rows.T @ np.linalg.solve(square, scores[:, : min(count, held)])
    kept: list[Direction] = []
    basis: list[NDArray[np.float64]] = []
    for vector in found.T:
        for earlier in basis:
            vector = vector - earlier * (earlier @ vector)
        length = float(np.linalg.norm(vector))
        if length > 1e-9:
            basis.append(vector / length)
            kept.append(_direction(f"Main {len(kept) + 1}", vector))
    return kept


def moved(code: Code, direction: Direction, amount: float) -> Code:
    """A code with ``amount`` steps along a direction added. Raises DirectionError for another
    length.
    """
    if len(code) != len(direction.vector):
        raise DirectionError(_other_size(direction.name, len(direction.vector), len(code)))
    made = np.array(code, np.float64) + amount * direction.step * np.array(direction.vector)
    return tuple(round(float(x), CODE_DIGITS) + 0.0 for x in made.clip(-LARGEST, LARGEST))


def write_directions(
    found: Directions, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write directions as JSON. Raises FileExists, WriteError."""
    listed = [
        {"name": item.name, "vector": list(item.vector), "step": item.step}
        for item in found.entries
    ]
    data = {_KEY: 1, "network": found.network, "size": found.size, "directions": listed}
    text = json.dumps(data, indent=1, ensure_ascii=False).encode() + b"\n"
    atomic_write(path, lambda file: file.write(text), overwrite=overwrite)


def read_directions(path: str | os.PathLike[str], network: str, size: int) -> Directions:
    """The directions of a file, which have to be those of this network with codes of this size.

    Raises DirectionError with a sentence.
    """
    name = Path(path).name
    try:
        if Path(path).stat().st_size > _LARGEST_FILE:
            raise DirectionError(f"{name} is larger than any file of directions.")
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise DirectionError(f"{name} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, DirectionError):
            raise
        raise DirectionError(f"{name} is no file of directions.") from None
    if not isinstance(data, dict) or data.get(_KEY) != 1:
        raise DirectionError(f"{name} is no file of directions.")
    if data.get("size") != size:
        given = data.get("size")
        shown = given if isinstance(given, int) else 0
        raise DirectionError(_other_size(name, shown, size))
    if data.get("network") != network:
        raise DirectionError(
            f"{name} has the directions of another network, or of another version of this one:"
            " there they would lead elsewhere."
        )
    return _listed(data.get("directions"), Directions(network, size), name)


def _listed(entries: Any, found: Directions, name: str) -> Directions:
    if not isinstance(entries, list) or len(entries) > MOST:
        raise DirectionError(f"{name} holds no list of at most {MOST} directions.")
    for item in entries:
        vector = item.get("vector") if isinstance(item, dict) else None
        fits = isinstance(vector, list) and len(vector) == found.size and all(map(_number, vector))
        step: Any = item.get("step", 1.0) if isinstance(item, dict) else None
        if not fits or not isinstance(item.get("name"), str) or not _number(step) or step <= 0:
            raise DirectionError(f"{name} holds a direction that is none.")
        made = _direction(item["name"], np.array(vector, np.float64))
        found = found.with_one(_stepped(made, step))
    return found


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) < 1e6 and math.isfinite(value)


def _other_size(name: str, theirs: int, ours: int) -> str:
    return f"{name} is for codes of {theirs} numbers, and this network's have {ours}."


def _direction(name: str, vector: NDArray[np.float64]) -> Direction:
    length = float(np.linalg.norm(vector))
    if not math.isfinite(length) or length < 1e-9:
        raise DirectionError(
            "With and without are the same: no direction leads from one to the other."
        )
    return Direction(name, tuple(round(float(x), 6) + 0.0 for x in vector / length))


def _stepped(direction: Direction, step: float) -> Direction:
    """A direction with another step, of six digits."""
    return replace(direction, step=float(f"{step:.6g}"))


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A picture as (_SIDE * _SIDE * 3,) means."""
    for axis in (0, 1):
        at = np.linspace(0, picture.shape[axis], _SIDE + 1).astype(int)
        first = np.minimum(at[:-1], picture.shape[axis] - 1)
        parts = [
            picture.take(range(low, max(high, low + 1)), axis).mean(axis, keepdims=True)
            for low, high in zip(first, at[1:], strict=True)
        ]
        picture = np.concatenate(parts, axis)
    return np.asarray(picture, np.float64).ravel()

"""Measure Change look on photographs kept from training: how far each slider moves which look.

    python -m models.looks.measure --photos FOLDER [FOLDER ...] --unseen FOLDER [FOLDER ...] \\
        --json metrics.json --state

What is measured is what the plugin makes of a photograph, with its own code and file. Two things
tell of it, neither of them the VAE: which amounts of the distortions explain the change together,
and a plain measurement for each look (`attributes.py`).
"""

from __future__ import annotations

import functools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

from models import cards
from models.auto.train import split
from models.looks.attributes import ENOUGH, explained, leafy, plain
from models.looks.directions import tell_again
from models.looks.distortions import COUNT, NAMES, SEASON, TITLES, distorted
from models.looks.export import PLUGIN
from models.looks.network import LATENT
from models.looks.train import LARGE
from models.pictures import SUFFIXES, read
from models.plugincode import plugin_package
from models.tiles import sha256, state, write_sums

LEVELS = (-100, -50, 50, 100)  # of each slider, beside 0
BOUND = 0.35  # what a slider may move another look's median, of what the look's own moves it


class File:
    """The plugin's network as its job runs it."""

    def __init__(self, path: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(self, image: np.ndarray, **inputs: np.ndarray) -> list[np.ndarray]:
        """The grid, and the code of the picture."""
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        found: list[np.ndarray] = self._session.run(None, {"image": planes, **inputs})
        return found

    def describe(self, model: str, image: np.ndarray, **inputs: np.ndarray) -> np.ndarray:
        return self.run(image, **inputs)[0]


def changed(file: File, image: np.ndarray, **amounts: float) -> np.ndarray:
    """What the plugin makes of a picture (h, w, 3), 0 to 1, by sliders in per cent."""
    looks = plugin_package("looks", "__init__")
    settings = dict.fromkeys(NAMES, 0.0) | amounts
    prepared = looks._grid(image, file, **settings)
    region = looks.api.Region(0, 0, image.shape[1], image.shape[0])
    return np.clip(looks.change_look(image, prepared, region, region, **settings), 0, 1)


def decoded(file: File, image: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3), 0 to 1, given the look of another by the step between their codes."""
    grid_of = plugin_package("looks", "bilateral_grid")
    seen = [grid_of.maps(one) for one in (image, other)]
    inputs = [
        {"image": means, "detail": np.ascontiguousarray(detail.transpose(2, 0, 1)[None])}
        for means, detail in seen
    ]
    still = np.zeros((1, LATENT), np.float32)
    codes = [file.run(**given, change=still)[1] for given in inputs]
    grid = file.run(**inputs[0], change=codes[1] - codes[0])[0].reshape(grid_of.SHAPE)
    down, across = ((np.arange(side) + 0.5) / side for side in image.shape[:2])
    return np.clip(grid_of.changed(image, grid, across, down), 0, 1)


def small(path: Path) -> np.ndarray:
    """A photograph as a square of LARGE pixels a side, float32 (LARGE, LARGE, 3), 0 to 1."""
    image = Image.fromarray(read(path)).resize((LARGE, LARGE), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def planes(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


@functools.cache
def shipped() -> File:
    """The plugin's network, once for each process."""
    torch.set_num_threads(1)
    return File(PLUGIN / "looks.onnx")


def told_of(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """What is `told` of a picture by the network that ships."""
    return told(shipped(), picture)


def told(file: File, picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """What is found for each slider, (slider, level, look): the amounts that explain it; plainly
    measured; and plainly measured of the distortions of the same amounts. At 0, in the middle of
    the levels, nothing has changed.
    """
    before = planes([picture])
    made = [changed(file, picture, **{name: level}) for name in NAMES for level in LEVELS]
    shape = (COUNT, len(LEVELS), COUNT)
    amounts = torch.zeros(COUNT, len(LEVELS), COUNT)
    for look in range(COUNT):
        amounts[look, :, look] = torch.tensor(LEVELS) / 100
    images = planes(made), distorted(before.expand(len(made), -1, -1, -1), amounts.flatten(0, 1))
    nothing = plain(before, before)
    found = [explained(before, images[0]), *(plain(before, after) - nothing for after in images)]
    middle = len(LEVELS) // 2
    return tuple(np.insert(one.numpy().reshape(shape), middle, 0, axis=1) for one in found)


ALL = (*LEVELS[:2], 0, *LEVELS[2:])
_WEIGHTS = np.array(ALL) / 100 / ((np.array(ALL) / 100) ** 2).sum()


def slopes(readings: np.ndarray) -> np.ndarray:
    """What readings (picture, slider, level, look) rise by for 100 of a slider, least squares over
    the levels: (picture, slider, look).
    """
    return np.einsum("pslk,l->psk", readings, _WEIGHTS)


def matrix(gained: np.ndarray, leaves: np.ndarray, head: str) -> tuple[list[str], np.ndarray]:
    """The table of looks by sliders of slopes (picture, slider, look), and the medians themselves,
    (look, slider). Row and column of the season are over pictures with leaves, a bool each.
    """
    lines = [f"| {head} | " + " | ".join(TITLES) + " |", "|---" * (COUNT + 1) + "|"]
    medians = np.zeros((COUNT, COUNT))
    for look in range(COUNT):
        cells = []
        for slider in range(COUNT):
            of = gained[leaves] if SEASON in (look, slider) else gained
            middle, low, high = np.quantile(of[:, slider, look], [0.5, 0.1, 0.9])
            medians[look, slider] = middle
            cells.append(f"{middle:+.2f} ({low:+.2f} to {high:+.2f})")
        lines.append(f"| {TITLES[look]} | " + " | ".join(cells) + " |")
    return lines, medians


def rising(values: np.ndarray) -> float:
    """In what part of pictures values (picture, level) rise at every step."""
    return float((np.diff(values, axis=1) > 0).all(1).mean())


def beside(plains: np.ndarray, of_distortions: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """Slopes (picture, slider, look) plainly measured, in parts of what the distortion of the look
    moves that measurement in the median; of other looks what the slider's own distortion moves it
    as well is taken off. The season's median is that of pictures with leaves, a bool each.
    """
    made, meant = slopes(plains), slopes(of_distortions)
    own = np.median(np.einsum("pkk->pk", meant), 0)
    own[SEASON] = np.median(meant[leaves, SEASON, SEASON])
    diagonal = np.eye(COUNT, dtype=bool)[None]
    return np.where(diagonal, made, made - meant) / own


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument(
        "--unseen", type=Path, nargs="*", default=[], help="folders not trained with"
    )
    parser.add_argument("--most", type=int, default=24, help="photographs of each of those at most")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    _, held = split(given.photos)
    for folder in given.unseen:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        held += paths[:: -(-len(paths) // given.most)]
    pictures = [small(path) for path in held]
    leaves = leafy(planes(pictures)).numpy() > ENOUGH
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        found = list(pool.map(told_of, pictures))
    readings, plains, meant = (np.stack([one[i] for one in found]) for i in range(3))
    lines, medians = matrix(slopes(readings), leaves, "look, by amounts")
    plain_lines, plain_medians = matrix(beside(plains, meant, leaves), leaves, "look, plainly")
    away = ~np.eye(COUNT, dtype=bool)
    largest, plain_largest = (np.abs(m[away]).max() for m in (medians, plain_medians))
    own = [readings[leaves if i == SEASON else slice(None), i, :, i] for i in range(COUNT)]
    measured = [plains[leaves if i == SEASON else slice(None), i, :, i] for i in range(COUNT)]
    rises = [(rising(own[i]), rising(measured[i])) for i in range(COUNT)]
    text = [
        f"How far each slider, in columns, moves each look, in rows, for every 100 of it, over"
        f" {ALL[0]} to {ALL[-1]}: 1 is what the distortion of that name does at its full amount."
        f" The amounts are those of the five distortions that together come nearest to what the"
        f" plugin made, pixel by pixel in Oklab; the VAE has no part in it. The median over"
        f" {len(pictures)} photographs kept from training, in brackets from the 10th to the 90th"
        f" percentile; row and column of the season over the {int(leaves.sum())} with leaves in at"
        f" least {ENOUGH:.0%} of the picture.",
        "", *lines, "",
        f"The largest median beside the diagonal is {largest:.2f}; the bound is {BOUND}.", "",
        "The same plainly measured, one measurement for each look, which knows nothing of the"
        " distortions: on the diagonal in parts of what the distortion moves it in the median,"
        " beside it what the slider moves it more than the slider's own distortion does.", "",
        *plain_lines, "",
        f"The largest beside the diagonal is {plain_largest:.2f}.", "",
        f"Part of those photographs in which the slider's own look rises at every step from"
        f" {', '.join(str(level) for level in ALL)}:", "",
        "| slider | by amounts | plainly | which is |", "|---|---|---|---|",
    ]  # fmt: skip
    words = (
        "Oklab's b of midtones", "dark channel, more so above",
        "lightness of black less blue of white", "mean hue of leaves, green to red",
        "mean lightness in Oklab, falling",
    )  # fmt: skip
    for title, (by_amounts, plainly), what in zip(TITLES, rises, words, strict=True):
        text.append(f"| {title} | {by_amounts:.0%} | {plainly:.0%} | {what} |")
    if given.state:
        low, high = medians.diagonal().min(), medians.diagonal().max()
        said = f"own look {low:.2f} to {high:.2f} for 100, others {largest:.2f} at most (medians)"
        state(PLUGIN / "looks.onnx", {"metrics": said})
        write_sums(PLUGIN)
        tell_again(PLUGIN)
    cards.publish(text, {"looks": {"sha256": sha256(PLUGIN / "looks.onnx")}}, given.json)


if __name__ == "__main__":
    main()

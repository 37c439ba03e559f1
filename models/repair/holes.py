r"""Measure what deep holes are filled with, on held-out holes of three kinds.

    python -m models.repair.holes --photos FOLDER --crops FOLDER \
        --features squeezenet1_0_features.npz [--count 40] [--seed 0] [--json holes.json] \
        [--pairs FOLDER]

Where a hole lies is decided by what the photograph shows there: fine texture without structure, an
edge that goes through, or nothing but smooth tones. Photographs are those kept from training, and
of `--crops` also those that its list marks as `kept`. What is measured is the plugin as it ships,
at its likeliest, results rounded to 8 bits. `--pairs` writes sheets for a forced choice: each
filled place beside the untouched one, in a random order that a file of its own tells. pypatchmatch
(MIT) is measured too where it is installed, for comparison alone.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from models import cards
from models.enlarge.export import pictures_of
from models.perceptual import Features
from models.pictures import is_held_out, read
from models.plugincode import ROOT
from models.repair.export import PLUGIN
from models.repair.filling_network import FillerFile
from models.repair.measure import distance, opencv, psnr_inside

KINDS = ("texture", "edge", "smooth")
SIDES = (72, 112)  # pixels across a hole
MARGIN = 48  # pixels of the photograph around a hole, at least
TRIES = 60  # places looked at in a photograph, for each kind
CORNERS = 14  # of the outline
VIEW = 96  # pixels around a hole that the network sees: what Remove begins with
REACH = 768  # pixels that pieces come from
SHOWN = 224  # pixels of a photograph that a pair shows
ACROSS = 4  # pairs beside one another on a sheet
ROWS = 5

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From (h, w, 3) uint8 and what of it is missing, (h, w) bool, to (h, w, 3) uint8."""


class Hole(NamedTuple):
    """A photograph (h, w, 3) uint8 and what of it is missing, (h, w) bool."""

    name: str
    kind: str
    original: np.ndarray
    missing: np.ndarray


def grey(picture: np.ndarray) -> np.ndarray:
    """(h, w) float64, 0 to 255: the mean of the three colours."""
    return np.asarray(picture, np.float64).mean(-1)


def fine(picture: np.ndarray, where: np.ndarray) -> float:
    """Fine texture: the standard deviation of the Laplacian of the grey picture, in levels."""
    tone = grey(picture)
    beside = tone[:-2, 1:-1] + tone[2:, 1:-1] + tone[1:-1, :-2] + tone[1:-1, 2:]
    return float((4 * tone[1:-1, 1:-1] - beside)[where[1:-1, 1:-1]].std())


def outline(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """An irregular hole somewhere, (h, w) bool."""
    half = rng.uniform(*SIDES) / 2
    middle = [rng.uniform(MARGIN + half, side - MARGIN - half) for side in shape]
    angles = np.arange(CORNERS) * 2 * np.pi / CORNERS
    reach = half * rng.uniform(0.75, 1.1, CORNERS)
    corners = [
        (middle[1] + r * np.cos(a), middle[0] + r * np.sin(a))
        for r, a in zip(reach, angles, strict=True)
    ]
    sheet = Image.new("L", shape[::-1])
    ImageDraw.Draw(sheet).polygon(corners, fill=255)
    return np.asarray(sheet) > 0


def structure_and_texture(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w), in levels, twice: the grey picture blurred by 8 pixels, and what a blur by 3 took."""
    tone = np.clip(grey(picture), 0, 255).astype(np.uint8)
    coarse, less = (
        np.asarray(Image.fromarray(tone).filter(ImageFilter.GaussianBlur(by)), np.float64)
        for by in (8, 3)
    )
    return coarse, tone - less


def score(kind: str, structure: float, texture: float) -> float:
    """How much of a kind a place is; above 0 it is one."""
    if kind == "smooth":
        return min(2.5 - texture, 8 - structure, texture - 0.3)  # a flat one says nothing
    if kind == "texture":
        return min(texture - 5, texture - structure)
    return min(structure - 20, structure - 2 * texture)


def find(pictures: Sequence[tuple[str, np.ndarray]], count: int, seed: int = 0) -> list[Hole]:
    """`count` holes, as many of each kind, no two of a kind in one photograph; always the same.

    Raises ValueError where there are not so many.
    """
    found: dict[str, list[Hole]] = {kind: [] for kind in KINDS}
    wanted = {kind: len(range(n, count, len(KINDS))) for n, kind in enumerate(KINDS)}
    for n in np.random.default_rng(seed).permutation(len(pictures)):
        name, picture = pictures[n]
        rng = np.random.default_rng([seed, n])
        places = [outline(rng, picture.shape[:2]) for _ in range(TRIES)]
        parts = structure_and_texture(picture)
        shown = [tuple(float(part[place].std()) for part in parts) for place in places]
        for kind in KINDS:
            fits = [
                place for place, one in zip(places, shown, strict=True) if score(kind, *one) > 0
            ]
            if fits and len(found[kind]) < wanted[kind]:
                found[kind].append(Hole(name, kind, picture, fits[0]))
    for kind, count in wanted.items():
        if len(found[kind]) < count:
            raise ValueError(f"There are {len(found[kind])} places of the kind {kind}.")
    return [hole for kind in KINDS for hole in found[kind]]


def kept(photos: Path, crops: Path) -> list[tuple[str, np.ndarray]]:
    """Name and pixels of every photograph that nothing was trained on."""
    with (crops / "crops.csv").open(encoding="utf-8", newline="") as lines:
        marked = {line["file"] for line in csv.DictReader(lines) if line["kept"]}
    paths = [*pictures_of(crops), *pictures_of(photos)]
    return [(x.name, read(x)) for x in paths if x.name in marked or is_held_out(x.name)]


def of_plugin(name: str) -> Any:
    """A module of the repairing plugin, without its package, which would import Safelight."""
    whole = "repair_plugin"
    if whole not in sys.modules:
        package = types.ModuleType(whole)
        package.__path__ = [str(PLUGIN)]
        sys.modules[whole] = package
        sys.path.append(str(ROOT / "plugins" / "exemplar"))
    return importlib.import_module(f"{whole}.{name}")


def methods(file: FillerFile) -> dict[str, Method]:
    """What is compared, the filling that ships last."""
    from_holes, pieces = of_plugin("coarse_to_fine"), of_plugin("pieces")
    engine = importlib.import_module("safelight_exemplar")

    def run(image: np.ndarray, *planes: np.ndarray) -> np.ndarray:
        mask, guess, noise = planes
        picture = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        given = (picture, mask[None, None], guess[None, None], noise[None])
        return np.asarray(file.run(*given)[0].transpose(1, 2, 0))

    def network(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
        filled = from_holes.fill(picture, missing.astype(np.float32), run, view=VIEW)
        return np.asarray(filled)

    def alone(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
        return np.asarray(engine.fill(picture, missing))

    def both(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
        filled = network(picture, missing)
        return np.asarray(pieces.pieced(picture, missing, filled, 0, 0.0, REACH, lambda part: None))

    def rounded(method: Method) -> Method:
        def made(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
            result = method(picture.astype(np.float32) / 255, missing)
            return np.rint(result.clip(0, 1) * 255).astype(np.uint8)

        return made

    found = {"Telea 2004, radius 5": opencv(cv2.INPAINT_TELEA, 5)}
    with contextlib.suppress(ImportError):
        found["PatchMatch alone (pypatchmatch)"] = patchmatch()
    return found | {
        "network alone (before)": rounded(network),
        "pieces alone": rounded(alone),
        "**network and pieces**": rounded(both),
    }


def patchmatch() -> Method:
    """pypatchmatch with patches of the engine's size; raises ImportError where it is missing."""
    from patchmatch import patch_match

    def made(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
        return np.asarray(
            patch_match.inpaint(picture.copy(), np.uint8(missing) * 255, patch_size=3)
        )

    return made


class Score(NamedTuple):
    """Of one filling: PSNR inside in dB, feature distance, fine texture kept (1 = as much)."""

    psnr: float
    distance: float
    texture: float


def scores(holes: Sequence[Hole], made: Sequence[np.ndarray], features: Features) -> list[Score]:
    """What each filling is worth; features see the hole and MARGIN pixels around it."""
    found = []
    for hole, result in zip(holes, made, strict=True):
        rows, columns = (np.flatnonzero(hole.missing.any(axis)) for axis in (1, 0))
        around = tuple(slice(max(0, at[0] - MARGIN), at[-1] + MARGIN + 1) for at in (rows, columns))
        apart = distance(features, result[around], hole.original[around])
        texture = fine(result, hole.missing) / max(fine(hole.original, hole.missing), 1e-6)
        psnr = psnr_inside(result, hole.original, hole.missing)
        found.append(Score(psnr, apart, texture))
    return found


def table(holes: Sequence[Hole], found: dict[str, list[Score]]) -> list[str]:
    """A line for each method: mean and standard deviation by kind of hole, and of all."""
    kinds = [*KINDS, "all"]
    counts = {kind: sum(kind in (hole.kind, "all") for hole in holes) for kind in kinds}
    heads = " | ".join(f"{kind} (n = {counts[kind]})" for kind in kinds)
    lines = [f"| | {heads} |", "|" + "---|" * (len(kinds) + 1)]
    for name, its in found.items():
        cells = []
        for kind in kinds:
            rows = [s for s, hole in zip(its, holes, strict=True) if kind in (hole.kind, "all")]
            mean, spread = np.mean(rows, 0), np.std(rows, 0, ddof=1)
            cells.append(
                f"{mean[0]:.2f} ± {spread[0]:.2f} / {mean[1]:.3f} ± {spread[1]:.3f} / "
                f"{mean[2]:.2f} ± {spread[2]:.2f}"
            )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def protocol(holes: Sequence[Hole]) -> str:
    """How the figures came about, for the reader of a card."""
    return (
        f"Deep holes, {SIDES[0]} to {SIDES[1]} pixels across, {len(holes)} of them in photographs "
        "kept from training, at places that show texture alone, an edge, or smooth tones. PSNR in "
        "dB over the missing pixels / SqueezeNet-feature distance of the hole and "
        f"{MARGIN} pixels around it (less is better) / fine texture kept (the standard deviation "
        "of the Laplacian in the hole, as a part of the original's; 1 is best), each as mean ± "
        "standard deviation over the holes. PSNR prefers a blur to any texture that is not the "
        "very same."
    )


def write_pairs(
    holes: Sequence[Hole], made: Sequence[np.ndarray], folder: Path, seed: int = 0
) -> None:
    """Sheets of pairs, one of each filled and one untouched, and a key that tells which."""
    rng = np.random.default_rng(40 + seed)
    order = rng.permutation(len(holes))
    folder.mkdir(parents=True, exist_ok=True)
    key, gap, per = [], 6, ACROSS * ROWS
    for first in range(0, len(order), per):
        size = (ACROSS * (2 * SHOWN + 4 * gap), ROWS * (SHOWN + 6 * gap))
        sheet = Image.new("RGB", size, "white")
        pen = ImageDraw.Draw(sheet)
        for place, n in enumerate(order[first : first + per]):
            hole, left = holes[n], int(rng.integers(2))
            middles = [np.flatnonzero(hole.missing.any(axis)) for axis in (1, 0)]
            corner = [
                min(max(0, int(at[0] + at[-1]) // 2 - SHOWN // 2), side - SHOWN)
                for at, side in zip(middles, hole.missing.shape, strict=True)
            ]
            part = tuple(slice(at, at + SHOWN) for at in corner)
            both = [made[n][part], hole.original[part]]
            x = place % ACROSS * (2 * SHOWN + 4 * gap)
            y = place // ACROSS * (SHOWN + 6 * gap)
            pen.text((x, y), f"{first + place + 1}", fill="black")
            for side, picture in enumerate(both if left == 0 else both[::-1]):
                sheet.paste(Image.fromarray(picture), (x + side * (SHOWN + gap), y + 3 * gap))
            filled = "left" if left == 0 else "right"
            key.append(f"{first + place + 1} {filled} {hole.kind} {hole.name}")
        sheet.save(folder / f"pairs{first // per + 1}.png")
    (folder / "pairs_key.txt").write_text("\n".join(key) + "\n", "utf-8")


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder trained on")
    parser.add_argument("--crops", type=Path, required=True, help="folder of crops, with its list")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--count", type=int, default=40, help="of holes")
    parser.add_argument("--seed", type=int, default=0, help="other holes in the same photographs")
    parser.add_argument("--pairs", type=Path, help="write sheets for a forced choice there")
    given = parser.parse_args()
    holes = find(kept(given.photos, given.crops), given.count, given.seed)
    features, found = Features(given.features), {}
    for name, method in methods(FillerFile(PLUGIN / "fill.onnx")).items():
        made = [
            method(np.where(hole.missing[..., None], np.uint8(0), hole.original), hole.missing)
            for hole in holes
        ]
        for hole, result in zip(holes, made, strict=True):
            if not np.array_equal(result[~hole.missing], hole.original[~hole.missing]):
                raise SystemExit("A pixel outside the hole was changed.")
        found[name] = scores(holes, made, features)
    if given.pairs:
        write_pairs(holes, made, given.pairs, given.seed)
    cards.publish([protocol(holes), "", *table(holes, found)], {}, given.json)


if __name__ == "__main__":
    main()

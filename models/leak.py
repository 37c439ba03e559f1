"""Whether networks tell what they were trained with: a test of membership, for every model card.

    python -m models.leak clean enlarge repair auto --photos FOLDER [FOLDER ...]

Each network restores pictures that it was trained with and others that were kept from it, damaged
with fixed seeds. Two numbers tell of each. *Told apart*: how often one trained with gains more
than one kept from training, over what a method without training makes of it (the area under the
curve of the attack by loss of Yeom et al., "Privacy risk in machine learning", 2018; a half is
chance). *Nearness*: how far results for pictures kept from training are from the nearest picture
trained with, in parts of how far they are from the nearest other one kept; a network that puts
pieces of training pictures into others would be well below 1. The figures go to
models/NAME/leak.json and, as words, into the card.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from models import resample
from models.cards import ROOT, sha256
from models.leak_section import section, with_section
from models.pictures import SUFFIXES, is_held_out, read
from models.tiles import Network, networks_of

COUNT = 40  # pictures of each kind: as many as were kept from training, about
SIDE = 96  # pixels of the middle of each
GLANCE = 12  # pixels a side at which pictures are compared

OTHERWISE = {
    "style": "each a painting that is given its own style",
    "codec": "each written at quality 34 and read again, beside JPEG at quality 75",
    "looks": "each with a chance look, given its own back by the step between their codes",
}
"""What else is done to pictures than damaging them, by model."""

Restore = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]
"""From a picture (h, w, 3) uint8 and a seed: what a network makes of it damaged, and what a method
without training does, both (h, w, 3) uint8."""


def split(folders: Sequence[Path], count: int = COUNT) -> tuple[list[Path], list[Path]]:
    """(trained with, kept from training) of the photographs in some folders, so many of each.

    All networks were trained with the first folder; those kept are from any. Evenly by name; of an
    original that has a picture kept from training none is taken as trained with.
    """
    paths = [sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES) for folder in folders]
    kept = [path for part in paths for path in part if is_held_out(path.name)]
    apart = _same_originals(folders, {path.name for path in kept})
    learnt = [path for path in paths[0] if not is_held_out(path.name) and path.name not in apart]
    if min(len(kept), len(learnt)) < 2:
        raise SystemExit("Two photographs kept from training and two others are the least.")
    most = min(count, len(kept), len(learnt))
    return tuple([part[i * len(part) // most] for i in range(most)] for part in (learnt, kept))  # type: ignore[return-value]


def _same_originals(folders: Sequence[Path], kept: set[str]) -> set[str]:
    """The pictures of the same originals as those kept, as crops.csv says."""
    found: set[str] = set()
    for folder in folders:
        if (folder / "crops.csv").exists():
            with (folder / "crops.csv").open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    same = {row["file"], *row["same_original_in_photos"].split()}
                    found |= same if same & kept else set()
    return found


def middle(path: Path, side: int = SIDE) -> np.ndarray:
    """The middle of a picture, (side, side, 3) uint8."""
    picture = read(path)
    y, x = ((length - side) // 2 for length in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + side, x : x + side])


def told_apart(learnt: Sequence[float], kept: Sequence[float]) -> tuple[float, float]:
    """How often a gain of the first is above one of the second, and the standard error of that
    (Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982).
    """
    a, b = np.asarray(learnt)[:, None], np.asarray(kept)[None]
    area = float(((a > b) + 0.5 * (a == b)).mean())
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area)
    spread += (a.size - 1) * (first - area**2) + (b.size - 1) * (second - area**2)
    return area, float(np.sqrt(max(spread, 0.0) / (a.size * b.size)))


def nearness(made: np.ndarray, learnt: np.ndarray, kept: np.ndarray) -> float:
    """Median distance of `made` (n, d) from the nearest of `learnt`, in parts of that from the
    nearest of `kept` (n, d) other than its own row; `learnt` has one row less, for fairness.
    """
    ours = np.linalg.norm(made[:, None] - learnt[None, : len(kept) - 1], axis=2).min(1)
    others = np.linalg.norm(made[:, None] - kept[None], axis=2)
    np.fill_diagonal(others, np.inf)
    return float(np.median(ours) / np.median(others.min(1)))


def glance(picture: np.ndarray) -> np.ndarray:
    """A picture as (GLANCE * GLANCE * 3,) numbers of mean 0 and deviation 1."""
    small = Image.fromarray(picture).resize((GLANCE, GLANCE), Image.Resampling.BOX)
    flat = np.asarray(small, np.float32).ravel()
    return (flat - flat.mean()) / (flat.std() + 1)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Decibels, of two pictures uint8 of one size."""
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def measured(restore: Restore, learnt: Sequence[Path], kept: Sequence[Path]) -> dict[str, float]:
    """The figures of one network."""
    gains: list[list[float]] = [[], []]
    results: list[np.ndarray] = []
    for number, paths in enumerate((learnt, kept)):
        for seed, path in enumerate(paths):
            clean = middle(path)
            made, plain = restore(clean, seed)
            gains[number].append(psnr(made, clean) - psnr(plain, clean))
            if number:
                results.append(glance(made))
    area, error = told_apart(*gains)
    glances = [np.stack([glance(middle(path)) for path in paths]) for paths in (learnt, kept)]
    return {
        "told_apart": round(area, 3),
        "standard_error": round(error, 3),
        "gain_trained_db": round(float(np.mean(gains[0])), 3),
        "gain_kept_db": round(float(np.mean(gains[1])), 3),
        "nearness": round(nearness(np.stack(results), *glances), 3),
    }


def restorers(name: str, plugin: Path) -> dict[str, Restore]:
    """How the networks of a model restore, by file."""
    if name == "enlarge":
        return {path.stem: _enlarges(Network(path)) for path in networks_of(plugin)}
    if name == "clean":
        return {path.stem: _cleans(Network(path)) for path in networks_of(plugin)}
    if name == "style":
        return {size: _restyles(plugin, size) for size in ("fast", "quality")}
    if name == "repair":
        return {"fill": _fills(plugin / "fill.onnx")}
    if name == "auto":
        return {"auto": _lights(plugin / "auto.onnx")}
    if name == "codec":
        return {"decoder": _codes(plugin)}
    if name == "looks":
        return {"looks": _relooks(plugin / "looks.onnx")}
    raise SystemExit(f"How {name} is tested is not said here: it restores nothing.")


def _enlarges(network: Network) -> Restore:
    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        small = resample.resize(clean, 1 / network.scale)
        return _levels(network(small.astype(np.float32) / 255)), resample.resize(
            small, network.scale
        )

    return restore


def _cleans(network: Network) -> Restore:
    from models.clean.damage import benchmark

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        image, level = benchmark(network.path.stem, clean, seed)
        return _levels(network(image.astype(np.float32), level=level)), _levels(image)

    return restore


def _restyles(plugin: Path, size: str) -> Restore:
    from models.style.measure import Styler

    styler = Styler.load(plugin, size)

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        plain = np.broadcast_to(clean.mean((0, 1)).round().astype(np.uint8), clean.shape)
        return styler(clean, clean), plain

    return restore


def _fills(path: Path) -> Restore:
    from models.repair.filling_network import FillerFile

    network = FillerFile(path)

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        third = len(clean) // 3
        hole = np.zeros(clean.shape[:2], bool)
        hole[third:-third, third:-third] = True
        plain = clean.copy()
        plain[hole] = clean[~hole].mean(0).round()
        return network.fill(plain, hole), plain

    return restore


def _lights(path: Path) -> Restore:
    import torch

    from models.auto.measure import ours, picture, planes
    from models.auto.settings import distortions, neutral, undone

    method = ours(path)

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        wrongs = distortions(20, np.random.default_rng(seed))
        wrong = wrongs[(wrongs != neutral()).any(1)][:1]
        with torch.no_grad():
            spoilt = np.clip(picture(undone(planes(clean.astype(np.float32) / 255), wrong)), 0, 1)
            return _levels(method(spoilt)), _levels(spoilt)

    return restore


def _codes(folder: Path) -> Restore:
    from models.codec.measure import by_pillow, ours

    codes, plain = ours(folder), by_pillow("JPEG", {})

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        return codes(clean, 34)[1], plain(clean, 75)[1]

    return restore


def _relooks(path: Path) -> Restore:
    from models.looks.distortions import distorted, drawn
    from models.looks.measure import File, decoded, planes

    file = File(path)

    def restore(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        amounts = drawn(20, np.random.default_rng(seed))[1]
        amounts = amounts[(amounts != 0).sum(1) > 1][:1]
        before = planes([clean.astype(np.float32) / 255])
        given = distorted(before, amounts)[0].permute(1, 2, 0).numpy()
        return _levels(decoded(file, given, clean.astype(np.float32) / 255)), _levels(given)

    return restore


def _levels(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def plugin_of(name: str) -> Path:
    """Where a model's networks and its card lie."""
    folder = {"auto": "adjust"}.get(name, name)
    return ROOT / "plugins" / folder / f"safelight_{folder}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="of the model")
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--count", type=int, default=COUNT)
    given = parser.parse_args()
    learnt, kept = split(given.photos, given.count)
    for name in given.names:
        plugin = plugin_of(name)
        files = {}
        for stem, restore in restorers(name, plugin).items():
            figures = measured(restore, learnt, kept)
            files[stem] = figures | {"sha256": sha256(plugin / f"{stem}.onnx")}
            print(stem, figures, flush=True)
        found = {"count": len(kept), "side": SIDE, "files": files}
        found |= {"how": OTHERWISE[name]} if name in OTHERWISE else {}
        (ROOT / "models" / name / "leak.json").write_text(json.dumps(found, indent=1) + "\n")
        card = plugin / "card.md"
        card.write_text(with_section(card.read_text("utf-8"), section(found)), "utf-8")


if __name__ == "__main__":
    main()

"""Measure the repairing networks on damage kept from training, beside OpenCV's inpainting.

    python -m models.repair.measure --photos FOLDER --damage FOLDER \
        --features squeezenet1_0_features.npz [--weights OUT/fill/weights.npz] [--json metrics.json]

Pictures are the middles of those photographs that were kept from training, damage is from masks
that were kept from it, with fixed seeds. What is measured is the ONNX files that ship, in ONNX
Runtime on the CPU, results rounded to 8 bits. What the latents say needs the posterior, which does
not ship: `--weights` are those of the training.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch

from models import cards, complexity, precision
from models.damage import LARGEST_HOLE, Masks, load_masks, random_mark, to_replace
from models.enlarge.export import middle, pictures_of
from models.perceptual import Features, feature_loss
from models.pictures import Pictures, is_held_out, read
from models.repair import train_detector
from models.repair.export import PLUGIN, half
from models.repair.filling_network import FillerFile, idle, peak_memory
from models.repair.network import Filler
from models.repair.train import HeldOut
from models.tiles import Network, sha256, state, write_sums
from models.training import load_all_weights, planes

SIDE = 256  # pixels of the middle of each photograph
HOLES = ("dust and scratches", "stains", "tears", f"{LARGEST_HOLE}-px holes")
LARGEST_SHARE = 0.3  # of a picture that is missing
RADII = (3, 5, 9)  # pixels that OpenCV's methods look around; the best on all pictures counts
SEEDS = (1, 2, 3)  # of the variations

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From (h, w, 3) uint8 and where it is damaged, (h, w) bool, to (h, w, 3) uint8."""

Cases = list[tuple[np.ndarray, np.ndarray]]  # originals (h, w, 3) uint8, and where damaged


def opencv(flag: int, radius: int) -> Method:
    """One of OpenCV's two inpainting methods."""

    def fill(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return cv2.inpaint(picture, hole.astype(np.uint8), radius, flag)

    return fill


CLASSICAL = {
    "Telea 2004": [opencv(cv2.INPAINT_TELEA, radius) for radius in RADII],
    "Navier-Stokes (Bertalmio 2001)": [opencv(cv2.INPAINT_NS, radius) for radius in RADII],
}


def cases(pictures: list[np.ndarray], masks: Masks, kind: str) -> Cases:
    """Every picture with one kind of damage, always the same."""
    found = []
    for n, picture in enumerate(pictures):
        rng = np.random.default_rng([HOLES.index(kind), n])
        shape = picture.shape[:2]
        hole = np.zeros(shape, bool)
        if kind not in HOLES[:-1]:
            y, x = (int(rng.integers(side - LARGEST_HOLE + 1)) for side in shape)
            hole[y : y + LARGEST_HOLE, x : x + LARGEST_HOLE] = True
        while not 0 < hole.mean() <= LARGEST_SHARE:
            hole = to_replace(rng, random_mark(rng, masks, kind, shape).alpha)
        found.append((picture, hole))
    return found


def psnr_inside(result: np.ndarray, original: np.ndarray, hole: np.ndarray) -> float:
    """Over the colours of the damaged pixels alone, in dB."""
    error = (result.astype(np.float64) - original)[hole]
    return float(10 * np.log10(255**2 / max(np.mean(error**2), 1e-3)))


def distance(features: Features, a: np.ndarray, b: np.ndarray) -> float:
    """SqueezeNet-feature distance of two pictures (h, w, 3) uint8."""
    with torch.no_grad():
        both = (planes(picture[None]).float() / 255 for picture in (a, b))
        return float(feature_loss(features, *both))


def fillings(cases: Cases, method: Method) -> list[np.ndarray]:
    """What a method makes of every picture without what is missing.

    Raises SystemExit where it changes another pixel than a damaged one.
    """
    made = []
    for original, hole in cases:
        result = method(np.where(hole[..., None], np.uint8(0), original), hole)
        if not np.array_equal(result[~hole], original[~hole]):
            raise SystemExit("A pixel outside the damage was changed.")
        made.append(result)
    return made


def scores(cases: Cases, methods: list[Method], features: Features) -> tuple[float, float]:
    """Mean (PSNR inside the damage in dB, feature distance) of the best of several variants."""
    found = []
    for method in methods:
        made = fillings(cases, method)
        pairs = zip(made, cases, strict=True)
        psnr = np.mean([psnr_inside(result, *case) for result, case in pairs])
        found.append((float(psnr), made))
    psnr, made = max(found, key=lambda one: one[0])
    apart = [distance(features, result, case[0]) for result, case in zip(made, cases, strict=True)]
    return psnr, float(np.mean(apart))


def variations(cases: Cases, file: FillerFile, features: Features) -> dict[str, float]:
    """How much fillings from SEEDS differ: `inside` in feature distance, `outside` in 8-bit levels.

    Means over pairs and pictures; `outside` is the largest difference of any pixel.
    """
    inside, outside = [], 0
    for original, hole in cases:
        made = [file.fill(original, hole, seed) for seed in SEEDS]
        for one, other in zip(made, made[1:], strict=False):
            inside.append(distance(features, one, other))
            apart = np.abs(one[~hole].astype(int) - other[~hole])
            outside = max(outside, int(apart.max()))
    return {"inside": float(np.mean(inside)), "outside": outside}


def filling_table(
    pictures: list[np.ndarray], masks: Masks, file: FillerFile | None, features: Features
) -> tuple[list[str], dict[str, Any]]:
    """The lines of the table, and its numbers by damage and method."""
    numbers: dict[str, Any] = {}
    for kind in HOLES:
        damaged = cases(pictures, masks, kind)
        methods = CLASSICAL | ({"**network**": [file.fill]} if file else {})
        found = {name: scores(damaged, variants, features) for name, variants in methods.items()}
        numbers[kind] = {"scores": found}
        if file:
            numbers[kind]["variations"] = variations(damaged, file, features)
    lines = [f"| | {' | '.join(HOLES)} |", "|" + "---|" * (len(HOLES) + 1)]
    for name in numbers[HOLES[0]]["scores"]:
        shown = ["{:.2f} / {:.4f}".format(*numbers[kind]["scores"][name]) for kind in HOLES]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    if file:
        shown = ["{inside:.4f} / {outside}".format(**numbers[k]["variations"]) for k in HOLES]
        lines.append(f"| variations, inside / outside | {' | '.join(shown)} |")
    return lines, numbers


def protocol(count: int) -> str:
    """How the figures of the table came about, for the reader of a card."""
    return (
        f"The middle {SIDE} × {SIDE} pixels of {count} photographs kept from training, damage from "
        "masks kept from it. PSNR in dB over the damaged pixels alone / SqueezeNet-feature "
        f"distance of the whole picture (less is better). OpenCV {cv2.__version__} with the "
        f"radius of {', '.join(map(str, RADII))} pixels that is best on all pictures. No method "
        "changed a pixel outside the damage. Variations: mean feature distance between fillings "
        "from different seeds, and their largest difference outside the damage."
    )


def latents(photos: Path, masks: Masks, weights: Path, size: str, cache: Path) -> dict[str, float]:
    """What each scale's latent says, as a training's log tells it (`train.HeldOut.measure`)."""
    network = Filler(size).eval()
    load_all_weights(network, weights, f"the {size} network")
    with tempfile.TemporaryDirectory() as folder:
        held_out = HeldOut(Pictures(photos, 1, cache), masks)
        return held_out.measure(network, torch.device("cpu"), Path(folder))


def detection(pictures: list[np.ndarray], masks: Masks, network: Network) -> dict[str, float]:
    """F1 of each group of damage over all pixels, the detector cut into tiles as it ships."""
    counts = train_detector.Counts()
    for n, picture in enumerate(pictures):
        image, where = train_detector.example(picture, masks, np.random.default_rng(n))
        counts.add(network(image.astype(np.float32) / 255) > train_detector.SURE, where > 0)
    return counts.f1()


def costs(network: Network, speed: precision.Speed) -> dict[str, Any]:
    """What one file takes; half precision is made, compared and thrown away."""
    shape = (1, 3, complexity.SIDE, complexity.SIDE)
    filler = isinstance(network, FillerFile)
    found = {
        "parameters": int(network.properties["parameters"]),
        "multiply_adds": complexity.multiply_adds(network.path, idle(shape) if filler else None),
        "seconds_per_megapixel": asdict(speed),
        "sha256": sha256(network.path),
    }
    if filler:
        found["peak_memory_mib"] = peak_memory(network.path)
        with tempfile.TemporaryDirectory() as folder:
            least, largest = half(network.path, Path(folder) / "half.onnx")
        found["half_precision"] = {"least_psnr": least, "largest_difference": largest}
    return found


def more(cost: dict[str, Any]) -> str:
    """What was measured of the filling file besides, to follow its time; "" for the other."""
    if "half_precision" not in cost:
        return ""
    half = "{least_psnr:.0f} dB, {largest_difference:.4f} of the range".format(
        **cost["half_precision"]
    )
    return (
        f"; one window takes {cost['peak_memory_mib']:.0f} MiB; half precision is within "
        f"{half} of float32"
    )


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder trained on")
    parser.add_argument("--damage", type=Path, required=True, help="folder of damage masks")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--weights", type=Path, help="of the filling network's training")
    parser.add_argument("--size", default="small", help="of the filling network")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--cache", type=Path, required=True, help="folder for packed pictures")
    parser.add_argument("--classical", action="store_true", help="without any network")
    parser.add_argument("--rounds", type=int, default=precision.ROUNDS, help="of timing")
    given = parser.parse_args()
    paths = [path for path in pictures_of(given.photos) if is_held_out(path.name)]
    pictures = [middle(read(path), SIDE) for path in paths]
    pictures = [picture for picture in pictures if picture.shape[:2] == (SIDE, SIDE)]
    _, masks = load_masks(given.damage, given.cache)
    features = Features(given.features)
    networks: dict[str, Network] = {}
    if not given.classical:
        kinds = {"fill": FillerFile, "detect": Network}
        ways = {name: given.models / f"{name}.onnx" for name in kinds}
        networks = {name: kinds[name](path) for name, path in ways.items() if path.exists()}
        if not networks:
            print(f"{given.models} holds no network, so there is nothing to measure.")
            sys.exit(1)
    file = networks.get("fill")
    lines, numbers = filling_table(pictures, masks, file, features)
    lines = [protocol(len(pictures)), "", *lines, ""]
    files: dict[str, dict[str, Any]] = {name: {} for name in networks}
    if "fill" in networks:
        files["fill"]["scores"] = numbers
        said = "; ".join(
            "{}: {:.2f} dB inside".format(k, numbers[k]["scores"]["**network**"][0]) for k in HOLES
        )
        if given.weights:
            found = latents(given.photos, masks, given.weights, given.size, given.cache)
            files["fill"]["latents"] = found
            lines += [", ".join(f"{name} {value:g}" for name, value in found.items()), ""]
        if given.state:
            state(networks["fill"].path, {"metrics": f"n={len(pictures)}, {said}"})
    if "detect" in networks:
        found = detection(pictures, masks, networks["detect"])
        said = ", ".join(f"{group} {score:.3f}" for group, score in found.items())
        files["detect"]["f1"] = found
        lines += [f"F1 of the detector over the pixels of {len(pictures)} pictures: {said}", ""]
        if given.state:
            state(networks["detect"].path, {"metrics": f"n={len(pictures)}, F1 {said}"})
    if given.state:
        write_sums(given.models)
    if networks:
        speeds = precision.speeds(list(networks.values()), given.rounds)
        for (name, network), speed in zip(networks.items(), speeds, strict=True):
            files[name] |= costs(network, speed)
            lines.append(
                f"`{name}`: {speed.passed:.2f} s per megapixel ({speed.processor:.2f} core-s), "
                f"{files[name]['multiply_adds'] / 1e3:.0f} k multiply-adds a pixel, ONNX Runtime "
                f"{onnxruntime.__version__} on {given.hardware}" + more(files[name])
            )
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()

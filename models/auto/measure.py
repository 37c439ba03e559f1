"""Measure Auto light on photographs kept from training, beside what is usually done.

    python -m models.auto.measure --photos FOLDER [FOLDER ...] --json metrics.json --state

Every photograph is spoilt SPOILT times by the inverse of the plugin's adjustments, or left as it
is. What is compared is the colour error (CIEDE2000, scikit-image), the mean over a picture of at
most 96 pixels a side; then the mean over all pictures, and where nine tenths of them lie.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from models import cards
from models.auto.export import PLUGIN
from models.auto.network import SIDE
from models.auto.settings import applied, distortions, neutral, plugin, undone
from models.auto.train import split
from models.pictures import read
from models.tiles import sha256, state, write_sums

LARGEST = 96
SPOILT = 3
CUT_OFF = 0.5  # per cent that the stretch cuts off at either end
Method = Callable[[np.ndarray], np.ndarray]


def planes(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float()


def picture(tensor: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor[0].numpy().transpose(1, 2, 0))


def grey_world_and_stretch(image: np.ndarray) -> np.ndarray:
    """Means of linear light made the same (Buchsbaum, 1980), then the histogram stretched."""
    table = plugin("api.image")
    light = table.to_linear(image.astype(np.float32))
    mean = light.mean((0, 1))
    image = table.from_linear(light * (mean.mean() / np.maximum(mean, 1e-3)))
    low, high = np.percentile(image, [CUT_OFF, 100 - CUT_OFF])
    return (image - low) / max(high - low, 0.05)


def classical(image: np.ndarray) -> np.ndarray:
    """What the Auto of White balance finds, then that of Light."""
    table = plugin("api.tone_table")
    light, colour = plugin("light"), plugin("colour")
    for find, tone in ((colour._balanced, colour.white_balance), (light._lit, light.light)):
        found = find(image.astype(np.float32))
        found = {name: value for name, value in found.items() if name != "grey"}
        image = np.clip(table.applied(table.stages_of(tone(**found)), image), 0, 1)
    return image


def ours(path: Path) -> Method:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def method(image: np.ndarray) -> np.ndarray:
        small = Image.fromarray((image * 255).round().astype(np.uint8))
        small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        told = planes(np.asarray(small, np.float32) / 255).numpy()
        (values,) = session.run(None, {"image": told})
        return picture(applied(planes(image), torch.from_numpy(values)))

    return method


def error(result: np.ndarray, original: np.ndarray) -> float:
    levels = np.round(np.clip(result, 0, 1) * 255) / 255
    return float(deltaE_ciede2000(rgb2lab(levels), rgb2lab(original)).mean())


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    given = parser.parse_args()
    torch.set_num_threads(1)
    _, held = split(given.photos)
    rng = np.random.default_rng(11)
    path = PLUGIN / "auto.onnx"
    methods: dict[str, Method] = {
        "as given": lambda image: image,
        "grey world and stretch": grey_world_and_stretch,
        "Auto of White balance and of Light": classical,
        "Auto light": ours(path),
    }
    found: dict[str, list[list[float]]] = {name: [[], []] for name in [*methods, "undone exactly"]}
    for file in held:
        image = Image.fromarray(read(file))
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
        good = np.asarray(image, np.float32) / 255
        wrongs = distortions(100, rng)
        wrongs = wrongs[(wrongs != neutral()).any(1)][:SPOILT]
        for wrong in wrongs:
            spoilt = undone(planes(good), wrong[None])
            found["undone exactly"][0].append(error(picture(applied(spoilt, wrong[None])), good))
            for name, method in methods.items():
                found[name][0].append(error(method(picture(spoilt)), good))
        for name, method in methods.items():
            found[name][1].append(error(method(good), good))
    counts = len(found["as given"][0]), len(held)
    lines = [
        f"Mean CIEDE2000 to the photograph as it was, in brackets from the 5th to the 95th"
        f" percentile: {counts[0]} spoilt pictures, made of {counts[1]} photographs kept from"
        " training, and those as they are.", "",
        "| | spoilt | as they are |", "|---|---|---|",
    ]  # fmt: skip
    for name, columns in found.items():
        shown = [
            "{:.1f} ({:.1f} to {:.1f})".format(np.mean(x), *np.percentile(x, (5, 95))) if x else "–"
            for x in columns
        ]
        lines.append(f"| {name} | {shown[0]} | {shown[1]} |")
    first, last = (np.array(found[name][0]) for name in ("grey world and stretch", "Auto light"))
    others = "as given", "grey world and stretch", "Auto of White balance and of Light"
    shares = [np.mean(last < np.array(found[name][0])) for name in others]
    lines += [
        "",
        "Auto light is nearer than the picture as given in {:.0%} of the spoilt ones, nearer than"
        " grey world and stretch in {:.0%}, than the classical Auto in {:.0%}.".format(*shares),
    ]
    if given.state:
        nothing = np.mean(found["as given"][0])
        words = (
            f"CIEDE2000 {last.mean():.1f}; {nothing:.1f} as given, {first.mean():.1f} grey world"
        )
        state(path, {"metrics": words})
        write_sums(PLUGIN)
    figures = {"auto": {"sha256": sha256(path)}}
    cards.publish(lines, figures, given.json)


if __name__ == "__main__":
    main()

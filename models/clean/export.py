"""Turn trained weights into an ONNX file that the plugin ships, check it, and describe it.

    python -m models.clean.export --task denoise --weights OUT/denoise/weights.npz

The file is called as the filter looks for it: `denoise.onnx`. Beside the picture it takes `level`,
one number, how strong the damage is; without it the network sees for itself. What is checked, and
what a file states, is in models/onnxfile.py; words come from card.toml, and measure.py adds the
figures. `--half FOLDER` also makes a version in half precision there, compared on photographs kept
from training (`--photos`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models import cards, onnxfile, precision
from models.clean.damage import TASKS
from models.clean.measure import PLUGIN, corners, held_out
from models.clean.network import AUTO, SIZES, build
from models.training import load_all_weights

TILE = 448  # interior of a tile in pixels: what suits the memory
LEVELS = (AUTO, 0.02, 0.2, 0.9)  # not known, and those that a file is tried with


def export(task: str, weights: Path, folder: Path, size: str) -> onnxfile.Report:
    """Export, check, describe and place one file. Raises SystemExit where a check fails."""
    words = cards.words(Path(__file__).parent)
    network = build(size)
    load_all_weights(network, weights, f"the {size} network")
    stated = cards.properties(words, words["models"][task]["title"])
    return onnxfile.export(
        network,
        folder / f"{task}.onnx",
        stated | {"tile": str(TILE)},
        multiple=network.multiple,
        reach=network.reach,
        numbers={"level": LEVELS},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=sorted(TASKS), required=True)
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--size", choices=sorted(SIZES), default="small", help="of the network")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    parser.add_argument("--half", type=Path, metavar="FOLDER", help="half precision too, there")
    parser.add_argument("--photos", type=Path, help="folder of photographs, to compare it on")
    given = parser.parse_args()
    if given.half and not given.photos:
        parser.error("--half needs --photos to compare on")
    report = export(given.task, given.weights, given.out, given.size)
    print(report)
    if given.half:
        given.half.mkdir(parents=True, exist_ok=True)
        target = given.half / f"{given.task}_float16.onnx"
        compared = corners(held_out(given.photos))
        psnr, difference = precision.half(report.path, target, compared)
        print(f"{target.name}: at least {psnr:.1f} dB, at most {difference:.5f} from float32")


if __name__ == "__main__":
    main()

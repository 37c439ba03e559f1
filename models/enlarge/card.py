"""Write the model card of the enlargers from what was stated, measured and logged.

    python -m models.enlarge.card --metrics metrics.json --logs OUT/x2/log.jsonl OUT/x4/log.jsonl

Words come from card.toml, figures from the JSON that measure.py wrote, minutes and steps from the
training logs, sizes and reach from the ONNX files. No figure is typed by hand.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

import onnx

from models.enlarge import network

PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
TEXT = Path(__file__).with_name("card.toml")


def properties(path: Path) -> dict[str, str]:
    """The `safelight.*` properties of an ONNX file, without the prefix."""
    stored = onnx.load(str(path))
    return {p.key.removeprefix("safelight."): p.value for p in stored.metadata_props}


def training(log: Path) -> tuple[float, int, float]:
    """(minutes, steps, last held-out PSNR in dB) of one training run."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    measured = [row["held_out_psnr"] for row in rows if "held_out_psnr" in row]
    return rows[-1]["seconds"] / 60, rows[-1]["step"], measured[-1]


def card(folder: Path, metrics: dict[str, Any], logs: dict[int, Path], hardware: str) -> str:
    """The whole card as Markdown."""
    text = tomllib.loads(TEXT.read_text())
    lines = [
        f"# {text['title']} ×2 and ×4",
        "",
        f"Version {text['version']}. {' '.join(text['intended_use'].split())}",
        "",
        "## Network",
        "",
        f"{network.BLOCKS} residual blocks of two 3×3 convolutions with {network.CHANNELS} "
        "channels at the size of the input, no normalisation, PixelShuffle at the end, added to "
        "the bilinear interpolation of the picture (after EDSR, Lim et al. 2017). "
        "sRGB-encoded RGB in 0 to 1, float32, in and out.",
        "",
        "| | file | size | parameters | reach |",
        "|---|---|---|---|---|",
    ]
    for scale in logs:
        path = folder / f"enlarge_x{scale}.onnx"
        lines.append(
            f"| ×{scale} | `{path.name}` | {path.stat().st_size / 1e6:.2f} MB "
            f"| {metrics[f'x{scale}']['parameters']:,} "
            f"| {properties(path)['reach']} input pixels |"
        )
    lines += ["", "## Measured", ""]
    lines += [
        "The files above in ONNX Runtime on the CPU; original cut to a multiple of the scale, "
        "reduced with MATLAB's bicubic (a = -0.5, antialiased), result rounded to 8 bits, "
        "compared on Y without a border as wide as the scale. Neither set was used in training "
        "or to choose anything.",
        "",
        "| | set | n | bicubic, PSNR / SSIM | this, PSNR / SSIM | gain |",
        "|---|---|---|---|---|---|",
    ]
    for scale in logs:
        numbers = metrics[f"x{scale}"]
        for name, count in numbers["n"].items():
            (plain, plain_ssim), (ours, ssim) = numbers["bicubic"][name], numbers["ours"][name]
            lines.append(
                f"| ×{scale} | {name.capitalize()} | {count} | {plain:.2f} dB / {plain_ssim:.4f} "
                f"| {ours:.2f} dB / {ssim:.4f} | {ours - plain:+.2f} dB |"
            )
    lines += [""]
    for scale in logs:
        speed = metrics[f"x{scale}"]["seconds_per_megapixel"]
        lines.append(f"×{scale}: {speed:.2f} s per megapixel of result on {hardware}.")
    lines += ["", "## Training", ""]
    for scale, log in logs.items():
        minutes, steps, psnr = training(log)
        lines.append(
            f"- ×{scale}: {minutes:.0f} minutes, {steps:,} steps on {hardware} (shared with other "
            f"work), L1 loss, Adam; {psnr:.2f} dB Y-PSNR on photographs kept from training."
        )
    lines += [
        "",
        f"Photographs: {' '.join(text['training_data'].split())}.",
        "The network saw them through the clean bicubic reduction named above and nothing else. "
        "No weights of others were used.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in text["limits"]),
        "",
        "## Licence",
        "",
        text["licence"],
        "",
        "How these files were made, and how to make them from your own pictures: `models/`.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metrics", type=Path, required=True, help="JSON written by measure")
    parser.add_argument("--logs", type=Path, nargs=2, required=True, help="log of ×2, log of ×4")
    parser.add_argument("--hardware", default="2 CPU cores", help="what it was trained on")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder of the ONNX files")
    given = parser.parse_args()
    metrics = json.loads(given.metrics.read_text())
    text = card(given.out, metrics, dict(zip((2, 4), given.logs, strict=True)), given.hardware)
    (given.out / "card.md").write_text(text)


if __name__ == "__main__":
    main()

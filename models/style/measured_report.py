"""What a measurement of the style networks found: scores, tables, a plot, sentences of a card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import onnxruntime

from models import page

CONTENT_SIDE, STYLE_SIDE = 384, 384  # pixels of the shorter side
OPTIMISED, PHOTOGRAPH = "optimisation", "photograph"
PLOT = (640, 420)  # pixels
LEFT, RIGHT, TOP, BOTTOM = 60, 130, 16, 46  # around the curves


@dataclass(frozen=True)
class Scores:
    """Of a result for a photograph and a style, or means of such; 0 is best but for `edges`.

    `content` and `style`: the losses of training. `texture`, `colour`: distances from the style, of
    independent.py. `edges`: SSIM of the edges with the photograph's. `mean`, `deviation`: mean
    distance, over L*, a* and b*, of the colours' mean and standard deviation from the style's.
    """

    content: float
    style: float
    texture: float
    colour: float
    edges: float
    mean: float
    deviation: float


Curve = dict[str, Scores]  # by strength, or weight


def plot(by_method: dict[str, Curve]) -> str:
    """Content loss across, style loss up, a curve for each method and a dot for each setting: SVG.

    Nearer to the lower left corner is better.
    """
    width, height = PLOT
    points = {
        name: sorted((scores.content, scores.style, setting) for setting, scores in curve.items())
        for name, curve in by_method.items()
    }
    values = [point for curve in points.values() for point in curve]
    across = page.Axis.of([0.0, *(content for content, _, _ in values)], False)
    up = page.Axis.of([0.0, *(style for _, style, _ in values)], False)

    def x(content: float) -> float:
        return LEFT + across.place(content) * (width - LEFT - RIGHT)

    def y(style: float) -> float:
        return height - BOTTOM - up.place(style) * (height - TOP - BOTTOM)

    parts = [
        f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{y(t):.1f}" y2="{y(t):.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{y(t) + 4:.1f}" text-anchor="end">{t:.6g}</text>'
        for t in up.ticks()
    ]
    parts += [
        f'<text x="{x(t):.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{t:.6g}</text>'
        for t in across.ticks()
    ]
    middle = (width - RIGHT + LEFT) / 2
    parts.append(f'<text x="{middle}" y="{height - 8}" text-anchor="middle">content loss</text>')
    parts.append(
        f'<text x="14" y="{TOP + 120}" transform="rotate(-90 14 {TOP + 120})">style loss</text>'
    )
    for n, (name, curve) in enumerate(points.items()):
        colour = page.colour(n)
        line = " ".join(f"{x(content):.1f},{y(style):.1f}" for content, style, _ in curve)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        parts += [
            f'<circle cx="{x(content):.1f}" cy="{y(style):.1f}" r="3.5" fill="{colour}">'
            f"<title>{name} {setting}: {content:.3f}, {style:.3f}</title></circle>"
            for content, style, setting in curve
        ]
        key = TOP + 14 + 20 * n
        parts.append(
            f'<circle cx="{width - RIGHT + 16}" cy="{key - 4}" r="4" fill="{colour}"/>'
            f'<text x="{width - RIGHT + 26}" y="{key}">{name}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" '
        'aria-label="content loss and style loss of each method" font-family="sans-serif" '
        f'font-size="12"><rect width="{width}" height="{height}" fill="#fff"/>'
        f"{''.join(parts)}</svg>\n"
    )


def table(by_method: dict[str, Curve], strongest: bool = False) -> list[str]:
    """One line for each method and setting; with `strongest`, of a network its full strength."""
    lines = [
        "| | content loss | style loss | texture | colour | edges | Lab mean | Lab deviation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method, curve in by_method.items():
        for setting, scores in curve.items():
            if strongest and method not in (OPTIMISED, PHOTOGRAPH) and setting != "1":
                continue
            figures = " | ".join(f"{value:.3g}" for value in asdict(scores).values())
            lines.append(f"| {f'{method} {setting}'.strip()} | {figures} |")
    return lines


def protocol(pairs: int, optimised: int, steps: int) -> str:
    """How the figures came about, for the reader of a card."""
    return (
        f"{pairs} pairs of a photograph and a painting, all kept from training, at {CONTENT_SIDE} "
        f"and {STYLE_SIDE} pixels of the shorter side. Content and style loss are those of "
        "training. Texture: sliced Wasserstein distance of a random network's answers; colour: "
        "distance of the CIELAB histograms from the style's; edges: SSIM of the edges with the "
        "photograph's (more is better); the last two: distance of the colours' mean and standard "
        "deviation from the style's. Nothing was trained with these five. A network's number is "
        f"its strength, the optimisation's, {steps} steps of Adam on the pixels, the weight of "
        f"content against style; it was run on the first {optimised} pairs, which alone the "
        "comparison and the plot show."
    )


def cost_line(name: str, cost: dict[str, Any], hardware: str) -> str:
    """What a file takes, as a sentence."""
    speed, half = cost["seconds_per_megapixel"], cost["half_precision"]
    said = f"half precision is not to be had: {half.get('refused')}"
    if "refused" not in half:
        said = (
            f"half precision is within {half['least_psnr']:.0f} dB, "
            f"{half['largest_difference']:.4f} of the range of float32"
        )
    return (
        f"`{name}`: {speed['passed']:.2f} s per megapixel ({speed['processor']:.2f} core-s), "
        f"{cost['multiply_adds'] / 1e3:.0f} k multiply-adds a pixel, "
        f"{cost['peak_memory_mib']:.0f} MiB for a tile with its reach, ONNX Runtime "
        f"{onnxruntime.__version__} on {hardware}; {said}"
    )

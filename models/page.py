"""One page of a training: curves and sample pictures of one run or of several, overlaid.

    python -m models.page OUT [OUT ...] [--html FILE]

OUT is the folder of a run: `log.jsonl`, and `samples/` with pictures called N_input.png,
N_result.png and N_original.png. The page is one HTML file that needs nothing else: no network, no
script.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models import resample
from models.pictures import read

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe and Ito, 2008
WIDTH, HEIGHT = 640, 260  # of a chart, pixels
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 32  # around the curves
DECADE = 10.0  # values further apart than this are drawn on a logarithmic axis
TICKS = 5
AXES = ("step", "seconds")  # what a row was noted at, not what was noted

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1360px; color: #222 }
h2 { margin-top: 2em } svg { margin: 0 1em 1em 0 } svg text { font: 11px system-ui; fill: #555 }
table { border-collapse: collapse } td, th { padding: .1em .8em; text-align: left }
figure { display: inline-block; margin: 0 .5em .5em 0 }
figure img { width: 320px; image-rendering: pixelated }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Run:
    """What one folder holds: its settings, and each quantity as (minutes, value) points."""

    name: str
    settings: dict[str, Any]
    curves: dict[str, list[Point]]
    samples: list[dict[str, Path]]


def load(folder: Path) -> Run:
    """Read a run's folder. Raises SystemExit, with a sentence, where there is no log.

    A line cut off by a crash is left out.
    """
    log = folder / "log.jsonl"
    if not log.exists():
        raise SystemExit(f"{folder} holds no log.jsonl: it is not the folder of a training.")
    settings: dict[str, Any] = {}
    curves: dict[str, list[Point]] = {}
    for line in log.read_text().splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        settings |= row.get("settings", {})
        for name, value in row.items():
            if name not in AXES and isinstance(value, int | float) and "seconds" in row:
                curves.setdefault(name, []).append((row["seconds"] / 60, float(value)))
    return Run(folder.resolve().name, settings, curves, samples_of(folder / "samples"))


def samples_of(folder: Path) -> list[dict[str, Path]]:
    """The sample pictures of a run, those of one crop together: input, result, original."""
    found = []
    for given in sorted(folder.glob("*_input.png")):
        kinds = ("input", "result", "original")
        paths = {kind: given.with_name(given.name.replace("input", kind)) for kind in kinds}
        found.append({kind: path for kind, path in paths.items() if path.exists()})
    return found


def page(runs: Sequence[Run]) -> str:
    """The whole page as HTML."""
    names = dict.fromkeys(name for run in runs for name in run.curves)
    charts = [chart(name, {run.name: run.curves.get(name, []) for run in runs}) for name in names]
    body = [legend(runs), *charts, "<h2>Settings</h2>", settings_table(runs)]
    for run in runs:
        if run.samples:
            body += [f"<h2>Samples of {html.escape(run.name)}</h2>", *map(sample, run.samples)]
    title = html.escape(", ".join(run.name for run in runs))
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style>\n<h1>{title}</h1>\n" + "\n".join(body) + "\n</html>\n"
    )


def legend(runs: Sequence[Run]) -> str:
    items = [
        f'<span style="color:{colour(n)}">&#9632;</span> {html.escape(run.name)}'
        for n, run in enumerate(runs)
    ]
    return f"<p>{' &emsp; '.join(items)}</p>"


def colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def settings_table(runs: Sequence[Run]) -> str:
    """The settings of all runs, a column for each."""
    names = dict.fromkeys(name for run in runs for name in run.settings)
    rows = [["", *(run.name for run in runs)]]
    rows += [[name, *(str(run.settings.get(name, "")) for run in runs)] for name in names]
    cells = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def sample(paths: dict[str, Path]) -> str:
    """One crop: what was given, its bicubic enlargement, the result, the original."""
    shown = {kind: read(path) for kind, path in paths.items()}
    given, result = shown["input"], shown.get("result")
    if result is not None and result.shape[0] > given.shape[0]:
        bicubic = resample.resize(given, result.shape[0] / given.shape[0])
        shown = {"input": given, "bicubic": bicubic} | shown
    figures = [
        f'<figure><img alt="{kind}" src="{embedded(picture)}"><figcaption>{kind}</figcaption>'
        "</figure>"
        for kind, picture in shown.items()
    ]
    return f"<div>{''.join(figures)}</div>"


def embedded(picture: np.ndarray) -> str:
    """(h, w, 3) uint8 as a data URL."""
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stored.getvalue()).decode()


@dataclass(frozen=True)
class Axis:
    """Maps values to 0..1, logarithmically or not."""

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def of(cls, values: Sequence[float], logarithmic: bool) -> Axis:
        """An axis that just holds the values; one that holds a single value is given some room."""
        low, high = min(values), max(values)
        if low == high:
            low, high = (low / 2, high * 2) if logarithmic else (low - 0.5, high + 0.5)
        return cls(low, high, logarithmic)

    def place(self, value: float) -> float:
        """Where a value lies, 0 at the low end and 1 at the high end."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values along the axis: 1, 2 and 5 times powers of ten, or even steps of those."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            factors = (1, 2, 5) if last - first < 4 else (1,)
            marks = [f * 10.0**n for n in range(first, last + 1) for f in factors]
        else:
            rough = (self.high - self.low) / TICKS
            power = 10.0 ** math.floor(math.log10(rough))
            step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough)
            marks = [step * (math.ceil(self.low / step) + n) for n in range(2 * TICKS)]
        return [mark for mark in marks if self.low <= mark <= self.high]


def chart(name: str, curves: dict[str, list[Point]]) -> str:
    """One quantity over the minutes as SVG, a curve for each run.

    The axis is logarithmic where values are positive and far apart; what is not finite is left out.
    """
    curves = {
        run: [point for point in points if all(map(math.isfinite, point))]
        for run, points in curves.items()
    }
    values = [value for points in curves.values() for _, value in points]
    if not values:
        return ""
    spread = min(values) > 0 and max(values) > DECADE * min(values)
    across = Axis.of([0.0, *(minute for points in curves.values() for minute, _ in points)], False)
    up = Axis.of(values, spread)

    def x(minute: float) -> float:
        return LEFT + across.place(minute) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - up.place(value) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(t):.1f}" y2="{y(t):.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{y(t) + 4:.1f}" text-anchor="end">{t:.6g}</text>'
        for t in up.ticks()
    ]
    parts += [
        f'<text x="{x(t):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{t:.6g}</text>'
        for t in across.ticks()
    ]
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 2}" text-anchor="end">minutes</text>')
    for n, (run, points) in enumerate(curves.items()):
        drawn = " ".join(f"{x(minute):.1f},{y(value):.1f}" for minute, value in points)
        parts.append(
            f'<polyline points="{drawn}" fill="none" stroke="{colour(n)}" stroke-width="1.5">'
            f"<title>{html.escape(run)}</title></polyline>"
        )
    label = html.escape(name.replace("_", " "))
    drawing = f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{label}">'
    return f"<figure><figcaption>{label}</figcaption>{drawing}{''.join(parts)}</svg></figure>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="OUT", help="folder of a run")
    parser.add_argument("--html", type=Path, help="the page (default: page.html in the first OUT)")
    given = parser.parse_args()
    target = given.html or given.folders[0] / "page.html"
    target.write_text(page([load(folder) for folder in given.folders]), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()

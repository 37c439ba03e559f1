"""Inspection report: what was found out of a filter as one HTML file, pictures in it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.actions.inspection.inspection import Inspection
from safelight.files import atomic_write
from safelight.workers.watched_networks import Watched

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }
figcaption { font-size: 0.85rem; color: #555; max-width: 24rem }
img { max-width: 24rem; width: 100%; image-rendering: auto }
table { border-collapse: collapse; font-size: 0.85rem }
th, td { text-align: right; padding: 0.15rem 0.6rem; border-bottom: 1px solid #ddd }
th:first-child, td:first-child, td:nth-child(2), th:nth-child(2) { text-align: left }
"""

_ROWS = 40
"""Operators that the report lists; the rest is one row."""

_HEAT = np.array([[0, 0, 0], [120, 28, 109], [237, 105, 37], [252, 255, 164]], np.float32) / 255
"""Colours of a map from nothing to most, evenly spaced."""


ORIGIN = "Where the marked pixel comes from"
"""What the map of a pixel's origin is called among the maps."""


def maps_of(found: Inspection) -> dict[str, NDArray[np.uint8]]:
    """Pictures of what was found out, uint8 (height, width, 3), by what they show: each map is laid
    over the photograph, its brightest place is the most that there is.
    """
    picture, result = found.tried.picture, found.result
    shown = {
        "The photograph": shown_picture(picture),
        "What the filter makes of it": shown_picture(result),
        "What it adds": laid_over(result, found.invention),
        ORIGIN: origin_map(found),
    }
    if found.seam is not None and found.seam.visible:
        shown["Where pieces do not fit together"] = laid_over(result, found.seam.map)
    for change in found.changes:
        shown[f"Unsteady {change.change}"] = laid_over(result, change.map)
    return shown


def origin_map(found: Inspection) -> NDArray[np.uint8]:
    """Where the marked pixel comes from, over the photograph: uint8 (height, width, 3)."""
    return _marked(laid_over(found.tried.picture, found.origin.map), found.origin.point)


def shown_picture(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture of float32 (height, width, 3), 0 to 1, in 8 bits: uint8 of that shape."""
    return np.rint(np.clip(np.nan_to_num(picture), 0, 1) * 255).astype(np.uint8)


def laid_over(picture: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """``values``, float32 (rows, columns), as colours over a dim grey ``picture`` (height, width,
    3), to whose size they are brought: uint8 (height, width, 3). The largest value is the
    brightest; where all are 0 the picture is only dim.
    """
    height, width = picture.shape[:2]
    if values.shape != (height, width):
        image = Image.fromarray(np.asarray(values, np.float32))
        values = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    most = float(np.percentile(values, 99.8)) or float(values.max())
    share = np.clip(values / most, 0, 1) if most > 0 else np.zeros_like(values)
    steps = np.linspace(0, 1, len(_HEAT))
    heat = np.stack([np.interp(share, steps, _HEAT[:, n]) for n in range(3)], 2)
    grey = np.clip(picture.mean(2), 0, 1)[..., None]
    return shown_picture(np.asarray(0.55 * grey * (1 - share[..., None]) + heat, np.float32))


def _marked(picture: NDArray[np.uint8], point: tuple[int, int]) -> NDArray[np.uint8]:
    """A cross at a point."""
    x, y = point
    marked = picture.copy()
    for reach in range(3, 8):
        for dx, dy in ((reach, 0), (-reach, 0), (0, reach), (0, -reach)):
            row, column = y + dy, x + dx
            if 0 <= row < len(marked) and 0 <= column < marked.shape[1]:
                marked[row, column] = (0, 255, 255)
    return marked


def report(found: Inspection) -> str:
    """The report as one HTML text, which loads nothing from anywhere."""
    declaration = found.tried.declaration
    title = html.escape(f"{declaration.title} inspected")
    place = found.tried.place
    about = html.escape(
        f"{declaration.plugin} {declaration.version}; {place.width} × {place.height} pixels at"
        f" {place.x}, {place.y} of {found.tried.document.name or 'the picture'}."
    )
    words = "".join(
        f"<h2>{html.escape(heading)}</h2><p>{html.escape(text)}</p>"
        for heading, text in found.sentences()
    )
    figures = "".join(
        f'<figure><img alt="{html.escape(name)}" src="data:image/png;base64,{_png(picture)}">'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name, picture in maps_of(found).items()
    )
    tables = "".join(_table(item) for item in found.networks)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{about}</p>{words}<h2>Maps</h2>{figures}"
        f"{tables}</html>"
    )


def write_report(found: Inspection, path: Path, *, overwrite: bool = False) -> None:
    """Write the report. Raises FileExists, WriteError."""
    text = report(found).encode()
    atomic_write(path, lambda file: file.write(text), overwrite=overwrite)


def _png(picture: NDArray[np.uint8]) -> str:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


def _table(network: Watched) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows_of(network, _ROWS)
    )
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in HEADS)
    return f"<h2>{html.escape(network.name)}</h2><table><tr>{heads}</tr>{rows}</table>"


HEADS = ("Operator", "Kind", "Result", "Milliseconds", "Multiply-adds", "Memory", "Parameters")
"""What the columns of ``rows_of`` are."""


def rows_of(network: Watched, most: int) -> Iterator[tuple[str, ...]]:
    """A row for each of the ``most`` costliest operators, and one for all others together."""
    for item in network.operators[:most]:
        yield (
            item.name,
            item.kind,
            " × ".join(map(str, item.shape)),
            f"{1000 * item.seconds:.2f}",
            f"{item.multiply_adds / 1e6:,.1f} million" if item.multiply_adds else "",
            f"{item.bytes / 1e6:,.2f} MB",
            f"{item.parameters:,}" if item.parameters else "",
        )
    others = network.operators[most:]
    if network.count > len(network.operators[:most]):
        seconds = network.rest + sum(item.seconds for item in others)
        count = network.count - len(network.operators[:most])
        yield (f"{count} others", "", "", f"{1000 * seconds:.2f}", "", "", "")

"""What a sky is painted with: real fields for the octaves, and the colours and numbers of others.

    python -m models.generate.skies.bank SKIES --out plugins/generate/safelight_generate

SKIES holds `skies.csv`, its pictures and, in `large`, bigger ones. Written are `skies.npz`: of
each sky that may be shipped its code, its colours and the time of day, and of larger ones, chosen
to show every kind, the field as a grey WebP file; and `skies.csv`, which credits them. Kept
pictures are in neither.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from models.generate.skies.fields import COLUMNS, ROWS, reduced, taken_apart
from models.plugincode import plugin_module

layout = plugin_module("generate", "layout")

SIZE = (1024, 768)
QUALITY = 82  # of WebP
SPAN = 8.0  # spreads of a field that 256 levels hold
STRAIGHT_UP, TOWARDS = 20, 20  # pictures of the bank
QUANTILES = 24
EVENING = ("clic_001", "solus_022", "solus_026", "deepin_001")
DUSK = ("budgie_025", "deepin_017", "deepin_011", "fedora_009")
SHARED_ALIKE = "BY-SA"
GRAINY = ("deepin_001",)  # sharpened until grain stands out: no pieces are taken of them


class Row(NamedTuple):
    """A sky of the list."""

    file: str
    licence: str
    source: str

    @property
    def horizon(self) -> bool:
        return not self.file.startswith("opensky")

    @property
    def time(self) -> int:
        """0 day, 1 evening, 2 dusk."""
        return 1 if self.file.startswith(EVENING) else 2 if self.file.startswith(DUSK) else 0


def rows(folder: Path) -> list[Row]:
    """The skies that may be shipped."""
    with (folder / "skies.csv").open(newline="") as file:
        return [
            Row(row["file"], row["licence"], row["source"])
            for row in csv.DictReader(file)
            if not row["kept"] and SHARED_ALIKE not in row["licence"]
        ]


def colours(pixels: np.ndarray, field: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The mean colour (QUANTILES, 3) of each quantile of a field, without gradients."""
    planes = layout.planes_of(*field.shape)
    flat = (pixels.reshape(-1, 3) - planes[1:].T @ gradients[1:])[np.argsort(field.ravel())]
    return np.stack([part.mean(0) for part in np.array_split(flat, QUANTILES)])


def quantiles(field: np.ndarray) -> np.ndarray:
    """The mean of each of a field's quantiles."""
    return np.stack([part.mean() for part in np.array_split(np.sort(field.ravel()), QUANTILES)])


def told(pixels: np.ndarray, horizon: bool) -> dict[str, np.ndarray]:
    """What is known of a sky at ROWS rows."""
    sky = taken_apart(pixels, horizon)
    return {
        "code": np.array(sky.code),
        "quantiles": quantiles(sky.field),
        "octaves": np.array(layout.octaves(sky.field)),
        "colours": colours(pixels, sky.field, sky.gradients),
        "gradients": sky.gradients[1:],
    }


def packed(picture: Image.Image, horizon: bool) -> bytes:
    """The field of a large picture as a grey WebP file."""
    pixels = np.asarray(picture.resize(SIZE, Image.Resampling.LANCZOS), np.float32) / 255
    field = taken_apart(pixels, horizon).field
    grey = Image.fromarray(np.uint8(np.clip(field / SPAN * 255 + 127.5, 0, 255).round()))
    written = io.BytesIO()
    grey.save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue()


def spread_out(known: np.ndarray, count: int) -> list[int]:
    """As many rows, each the farthest from those before it."""
    scaled = (known - known.mean(0)) / (known.std(0) + 1e-6)
    chosen = [int(np.square(scaled).sum(1).argmin())]
    while len(chosen) < min(count, len(known)):
        apart = np.square(scaled[:, None] - scaled[chosen]).sum(2).min(1)
        chosen.append(int(apart.argmax()))
    return sorted(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of skies")
    parser.add_argument("--out", type=Path, required=True, help="folder of the plugin")
    given = parser.parse_args()
    listed = rows(given.folder)
    known = []
    for row in listed:
        pixels = reduced(Image.open(given.folder / row.file).convert("RGB"), (COLUMNS, ROWS))
        known.append(told(pixels, row.horizon))
    stored = {name: np.stack([one[name] for one in known]).astype(np.float32) for name in known[0]}
    stored["times"] = np.array([row.time for row in listed], np.uint8)
    bank: list[int] = []
    for horizon, count in ((False, STRAIGHT_UP), (True, TOWARDS)):
        able = [
            n
            for n, row in enumerate(listed)
            if row.horizon == horizon
            and not row.file.startswith(GRAINY)
            and (given.folder / "large" / row.file).exists()
        ]
        bank += [able[n] for n in spread_out(stored["code"][able][:, [0, 1, 2, 3, 8, 9]], count)]
    files = []
    for n in bank:
        picture = Image.open(given.folder / "large" / listed[n].file).convert("RGB")
        files.append(packed(picture, listed[n].horizon))
    stored["bank"] = np.array(bank, np.int32)
    stored["ends"] = np.cumsum([len(one) for one in files])
    stored["files"] = np.frombuffer(b"".join(files), np.uint8)
    np.savez_compressed(given.out / "skies.npz", **stored)
    with (given.out / "skies.csv").open("w", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        write(("file", "used", "licence", "source"))
        for n, row in enumerate(listed):
            write((row.file, "pieces" if n in bank else "colours", row.licence, row.source))
    print(f"{len(listed)} skies, {len(bank)} of them in pieces, {len(b''.join(files)):,} bytes")


if __name__ == "__main__":
    main()

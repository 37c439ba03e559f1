"""What skies are made of: photographs of real ones, reduced, and the numbers to choose them by.

    python -m models.generate.skies.bank SKIES --out plugins/generate/safelight_generate

SKIES holds `skies.csv`, its pictures and, in `large`, bigger ones. Written are `skies.npz`: of
each large sky that may be shipped its file, its code and the time of day; and `skies.csv`,
which credits them. In neither are kept pictures, nor whole sittings that `is_withheld` names: with
those, skies that are made are compared.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from models.generate.skies.fields import COLUMNS, ROWS, reduced, taken_apart

SIZE = (1024, 768)  # at most
QUALITY = 95  # of JPEG, of those that are reduced
SUNSET = ("clic_001", "solus_022", "solus_026")
DUSK = ("budgie_025", "deepin_017", "deepin_011", "fedora_009", "fedora_012")
SHARED_ALIKE = "BY-SA"
GRAINY = ("deepin_001", "pop_000")  # sharpened until grain stands out
GLOWING = ("deepin_011", "opensky_212", "opensky_214")  # light alone, which no strips share
SITTING = "/raw/"  # what follows is one of several pictures of one sky
EVERY = 3  # of so many sittings one is withheld


class Row(NamedTuple):
    """A sky of the list."""

    file: str
    licence: str
    source: str
    kept: bool

    @property
    def horizon(self) -> bool:
        return not self.file.startswith("opensky")

    @property
    def time(self) -> int:
        """0 day, 1 sunset, 2 dusk."""
        return 1 if self.file.startswith(SUNSET) else 2 if self.file.startswith(DUSK) else 0

    @property
    def sitting(self) -> str:
        """What pictures of one sky have in common: the folder, or the picture they are cut from."""
        return self.source.split(":", 1)[-1].split(SITTING)[0]


def is_withheld(row: Row) -> bool:
    """Whether a sky is left to compare with, decided by its sitting's name and its licence."""
    if row.kept or SHARED_ALIKE in row.licence:
        return True
    digest = hashlib.sha256(row.sitting.encode()).hexdigest()
    return not row.horizon and int(digest, 16) % EVERY == 0


def rows(folder: Path) -> list[Row]:
    """The skies of a folder that are there in large."""
    with (folder / "skies.csv").open(newline="") as file:
        listed = [
            Row(row["file"], row["licence"], row["source"], bool(row["kept"]))
            for row in csv.DictReader(file)
        ]
    return [row for row in listed if (folder / "large" / row.file).exists()]


def packed(file: Path) -> bytes:
    """A picture's file as it is, or a JPEG of it where it is larger than SIZE: what was compressed
    twice is told by whoever looks closely.
    """
    with Image.open(file) as picture:
        if picture.width <= SIZE[0] and picture.height <= SIZE[1]:
            return file.read_bytes()
        small = picture.convert("RGB")
    small.thumbnail(SIZE, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return written.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of skies")
    parser.add_argument("--out", type=Path, required=True, help="folder of the plugin")
    given = parser.parse_args()
    listed = [
        row
        for row in rows(given.folder)
        if not is_withheld(row) and not row.file.startswith((*GRAINY, *GLOWING))
    ]
    codes, light, files = [], [], []
    for row in listed:
        file = given.folder / "large" / row.file
        picture = Image.open(file).convert("RGB")
        small = reduced(picture, (COLUMNS, ROWS))
        codes.append(taken_apart(small, row.horizon).code)
        light.append(small.mean((0, 1)))
        files.append(packed(file))
    sittings = sorted({row.sitting for row in listed})
    stored = {
        "codes": np.array(codes, np.float32),
        "light": np.array(light, np.float32),
        "times": np.array([row.time for row in listed], np.uint8),
        "sittings": np.array([sittings.index(row.sitting) for row in listed], np.uint8),
        "ends": np.cumsum([len(one) for one in files]),
        "files": np.frombuffer(b"".join(files), np.uint8),
    }
    np.savez(given.out / "skies.npz", **stored)
    with (given.out / "skies.csv").open("w", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        write(("file", "licence", "source"))
        for row in listed:
            write((row.file, row.licence, row.source))
    print(f"{len(listed)} skies, {sum(map(len, files)):,} bytes")


if __name__ == "__main__":
    main()

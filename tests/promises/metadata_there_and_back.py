"""``python -m tests.promises.metadata_there_and_back``: what of a photograph's metadata is lost on
the way from each format to each other, as ExifTool reads it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import OpenEXR
from PIL import Image

from safelight.document import Document
from safelight.files import export, open_picture
from safelight.files.exports.export_formats import exported_formats
from tests import pictures

WRITTEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "title": (("-XMP-dc:Title=The hall",), ("Title", "ObjectName")),
    "caption": (("-XMP-dc:Description=Evening light",), ("Description", "ImageDescription")),
    "keywords": (("-XMP-dc:Subject=hall", "-XMP-dc:Subject=evening"), ("Subject", "Keywords")),
    "creator": (("-XMP-dc:Creator=Ada Example", "-IFD0:Artist=Ada Example"), ("Creator", "Artist")),
    "rights": (("-XMP-dc:Rights=(c) Ada", "-IFD0:Copyright=(c) Ada"), ("Rights", "Copyright")),
    "city": (("-XMP-photoshop:City=Ulm",), ("City",)),
    "GPS": (("-GPS:GPSLatitude=48.5", "-GPS:GPSLatitudeRef=N"), ("GPSLatitude",)),
    "altitude": (("-GPS:GPSAltitude=310.5", "-GPS:GPSAltitudeRef=0"), ("GPSAltitude",)),
    "date taken": (("-ExifIFD:DateTimeOriginal=2026:05:04 03:02:01",), ("DateTimeOriginal",)),
    "sub-seconds": (("-ExifIFD:SubSecTimeOriginal=123",), ("SubSecTimeOriginal",)),
    "offset": (("-ExifIFD:OffsetTimeOriginal=+02:00",), ("OffsetTimeOriginal",)),
    "camera": (("-IFD0:Make=Canon", "-IFD0:Model=Canon Test"), ("Model",)),
    "lens": (("-ExifIFD:LensModel=RF 85mm",), ("LensModel",)),
    "exposure": (("-ExifIFD:ExposureTime=0.004", "-ExifIFD:FNumber=2.8"), ("ExposureTime",)),
    "ISO": (("-ExifIFD:ISO=400",), ("ISO",)),
    "resolution": (("-IFD0:XResolution=300", "-IFD0:YResolution=300"), ("XResolution",)),
    "rating": (("-XMP-xmp:Rating=4",), ("Rating",)),
    "label": (("-XMP-xmp:Label=Red",), ("Label",)),
    "contact": (("-XMP-iptcCore:CreatorWorkEmail=a@example.org",), ("CreatorWorkEmail",)),
    "credit": (("-XMP-photoshop:Credit=Agency",), ("Credit",)),
}
"""What is written into the source, and the names under which ExifTool may find it."""

TURNED = ("-IFD0:Orientation#=6", "-XMP-tiff:Orientation#=6")
"""How a source says that its picture lies on its side."""

ORIENTATION, PROFILE = "orientation", "profile"
"""Facts that are no tags of metadata: that a picture is as high as it is seen and no tag turns it
once more, and how its colour profile calls itself.
"""

IPTC = {"title": "ObjectName", "city": "City", "keywords": "Keywords", "credit": "Credit"}
"""Facts that one of the sources tells in IPTC alone."""

OWNER = ("maker note", "OwnerName", "Ada Example")


def told(paths: list[Path]) -> list[dict[str, list[str]]]:
    """Every tag that ExifTool reads in each file, by its name without the group; resolutions also
    as dots per inch. Of an OpenRaster it reads the picture in it, of an OpenEXR also the EXIF and
    XMP in it, which it does not look into itself. A JPEG XL keeps its profile where ExifTool does
    not look; Safelight tells its name.
    """
    parts = [_parts(path) for path in paths]
    answer = subprocess.run(
        ["exiftool", "-j", "-n", "-a", "-G4", "-all", *map(str, sum(parts, []))],
        capture_output=True,
        check=True,
        timeout=300,
    )
    found = iter(json.loads(answer.stdout))
    rows = []
    for path, files in zip(paths, parts, strict=True):
        tags: dict[str, list[str]] = {}
        for _ in files:
            for name, values in _tags(next(found)).items():
                tags.setdefault(name, []).extend(values)
        if path.suffix == ".jxl":
            tags["ProfileDescription"] = [open_picture(path).document.profile.name]
        rows.append(tags)
    return rows


def _parts(path: Path) -> list[Path]:
    """What ExifTool reads of a file."""
    if path.suffix == ".ora":
        with zipfile.ZipFile(path) as archive:
            picture = path.with_suffix(".ora.png")
            picture.write_bytes(archive.read("mergedimage.png"))
        return [picture]
    if path.suffix == ".exr":
        header = OpenEXR.File(str(path)).header()
        block, packet = path.with_suffix(".exr.exif"), path.with_suffix(".exr.xmp")
        if "exif" in header:
            block.write_bytes(bytes(header["exif"].data)[4:])
        if "xmp" in header:
            packet.write_text(header["xmp"])
        return [each for each in (path, block, packet) if each.exists()]
    return [path]


def _tags(told: dict[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in told.items():
        found.setdefault(name.split(":")[-1], []).append(str(value))
    for name, per_inch in _PER_INCH.items():
        dots = [str(round(float(value) * per_inch)) for value in found.get(name, [])]
        found.setdefault("XResolution", []).extend(dots)
    return found


_PER_INCH = {"PixelsPerUnitX": 0.0254, "CaptureXResolution": 0.0254}
"""Where PNG and JPEG 2000 state a resolution, and what makes dots per inch of it."""


def sources(folder: Path) -> Iterator[tuple[str, Path, dict[str, tuple[str, ...]]]]:
    """A name, a file, and what has to be found of it: names of tags by fact."""
    note = Path(__file__).parent.parent / "files" / "cases" / "canon_makernote.jpg"
    facts = {fact: names for fact, (_, names) in WRITTEN.items()}
    facts |= {ORIENTATION: ("Orientation",), PROFILE: ("ProfileDescription",)}
    first = folder / "source.jpg"
    first.write_bytes(note.read_bytes())
    # The case has no date; ExifTool itself moves the maker note when it writes.
    words = [word for group, _ in WRITTEN.values() for word in group] + [*TURNED]
    profile = folder / "wide.icc"
    profile.write_bytes(pictures.display_p3_profile())
    _write(first, [*words, f"-icc_profile<={profile}"])
    yield "JPEG", first, facts | {OWNER[0]: (OWNER[1],)}
    document = open_picture(first).document
    for codec in exported_formats():
        if codec.name != "JPEG" and {"exif", "xmp"} <= codec.holds:
            path = folder / f"source{codec.suffixes[0]}"
            export(document, path)
            yield codec.name, path, facts | {OWNER[0]: (OWNER[1],)}
    # ExifTool adds what it writes to a picture that other programs have made.
    still = folder / "source.heic"
    still.write_bytes((note.parent / "photograph.heic").read_bytes())
    _write(still, words)
    yield "HEIC", still, facts
    record = folder / "record.jpg"
    record.write_bytes(pictures.jpeg_file(pictures.quarters()))
    _write(record, ["-IPTC:ObjectName=The hall", "-IPTC:City=Ulm", "-IPTC:Credit=Agency"])
    _write(record, ["-IPTC:Keywords=hall", "-IPTC:Keywords=evening"])
    yield "JPEG, IPTC", record, {fact: facts[fact] for fact in IPTC}
    texts = folder / "texts.png"
    with Image.new("RGB", (8, 8)) as image:
        image.save(texts)
    _write(texts, ["-PNG:Title=The hall", "-PNG:Author=Ada Example", "-PNG:Comment=remark"])
    names = {"title": facts["title"], "creator": (*facts["creator"], "Author")}
    yield "PNG, texts", texts, names | {"comment": ("Comment", "UserComment")}


def _write(path: Path, words: list[str]) -> None:
    subprocess.run(
        ["exiftool", "-q", "-m", "-overwrite_original", *words, str(path)], check=True, timeout=300
    )


ALL = ("JPEG", "JPEG, IPTC", "PNG, texts", "HEIC")
"""Sources from which all the others come, and those that tell of themselves in other ways."""


def lost(folder: Path, wanted: tuple[str, ...] = ()) -> dict[tuple[str, str], list[str]]:
    """The facts that did not survive, by source and target, of all sources or those ``wanted``;
    only to targets that hold metadata.
    """
    found: dict[tuple[str, str], list[str]] = {}
    targets = [codec for codec in exported_formats() if {"exif", "xmp"} <= codec.holds]
    for number, (source, path, facts) in enumerate(sources(folder)):
        if wanted and source not in wanted:
            continue
        document = open_picture(path).document
        written = [folder / f"written{number}{codec.suffixes[0]}" for codec in targets]
        for target in written:
            export(document, target, overwrite=True)
        before, *behind = told([path, *written])
        if path.suffix == ".exr":
            before["ProfileDescription"] = [document.profile.name]
        for codec, after in zip(targets, behind, strict=True):
            found[source, codec.name] = [
                fact
                for fact, names in facts.items()
                if not (
                    _upright(after, document)
                    if fact == ORIENTATION
                    else fact == PROFILE and not codec.profiles or _same(before, after, names)
                )
            ]
    return found


def _upright(after: dict[str, list[str]], document: Document) -> bool:
    """Whether a file has the size of the picture as it is seen, and nothing turns it again."""
    size = str(document.width) in after["ImageWidth"], str(document.height) in after["ImageHeight"]
    return all(size) and set(after.get("Orientation", ())) <= {"1"}


def _same(
    before: dict[str, list[str]], after: dict[str, list[str]], names: tuple[str, ...]
) -> bool:
    """Whether what stood under some of the names is found under one of them."""
    said = {value for name in names for value in before.get(name, [])}
    return bool(said & {value for name in names for value in after.get(name, [])})


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        table = lost(Path(folder))
    rows = list(dict.fromkeys(source for source, _ in table))
    columns = list(dict.fromkeys(target for _, target in table))
    print("Lost on the way from the left to the top ('-': nothing)")
    print(" | ".join(["", *columns, ""]).strip())
    for row in rows:
        cells = [", ".join(table[row, column]) or "-" for column in columns]
        print(" | ".join([row, *cells]))
    return int(any(table.values()))


if __name__ == "__main__":
    sys.exit(main())

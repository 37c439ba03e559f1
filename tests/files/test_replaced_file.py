"""What was opened stays what it was, whatever becomes of its file."""

from __future__ import annotations

import pytest

from safelight.document import Document, Metadata
from safelight.files import export, open_picture
from safelight.files.codecs import tiff
from safelight.files.exports.export_formats import exported_formats
from safelight.files.metadata.descriptive_changes import stating
from safelight.pixels import Raster, known_profile
from tests import pictures

FORMATS = [codec for codec in exported_formats() if codec.holds - {"dpi"}]


def document(word, seed):
    """One that says ``word`` wherever a file can say something."""
    said = {"title": [word], "caption": [word], "rights": [word]}
    exif = stating(Metadata(pictures.exif_block(artist=word)), said)
    return Document.from_raster(
        Raster.from_array(pictures.noise(64, 48, seed=seed)),
        profile=known_profile("Display_P3" if seed else "Adobe_RGB"),
        metadata=stating(Metadata(exif.exif, exif.xmp, texts=(("Comment", word),)), said),
        name="a",
    )


@pytest.mark.parametrize(
    ("codec", "how"),
    [
        *((codec, "written over") for codec in FORMATS),
        (tiff.CODEC, "replaced"),
        (tiff.CODEC, "gone"),
    ],
    ids=lambda given: getattr(given, "name", given),
)
def test_an_export_carries_what_was_opened(tmp_path, codec, how):
    """Pixels, profile and metadata; also where the same file has been written over in place, which
    whoever had it mapped would see.
    """
    path, other = (tmp_path / f"{name}{codec.suffixes[0]}" for name in ("a", "b"))
    export(document("Evening", 0), path)
    export(document("Morning", 1), other)
    opened = open_picture(path).document
    before = export(opened, tmp_path / "before.tif").path.read_bytes()
    if how == "written over":
        with open(path, "r+b") as file:
            file.write(other.read_bytes())
            file.truncate()
    elif how == "replaced":
        other.replace(path)
    else:
        path.unlink()
    assert export(opened, tmp_path / "after.tif").path.read_bytes() == before
    assert b"Evening" in before
    assert b"Morning" not in before

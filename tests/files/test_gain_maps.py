"""Gain maps and animations: what is in a file beside its picture is said, and nothing made of the
picture claims to have it.
"""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight.files import export, open_picture
from safelight.files.colours.gain_map import LEFT_OUT
from tests import pictures
from tests.files.test_export import pixels_of


def ultra_hdr_file():
    light = np.ones((64, 96, 4), np.float16)
    light[..., :3] = pictures.gradient(96, 64, 3, "float32") * 4
    return bytes(imagecodecs.ultrahdr_encode(light))


CLAIM = (
    b'<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
    b' hdrgm:Version="1.0">'
    b"<hdrgm:GainMapMin><rdf:Seq><rdf:li>0</rdf:li></rdf:Seq></hdrgm:GainMapMin>"
    b'<c:Directory xmlns:c="http://ns.google.com/photos/1.0/container/">'
    b'<rdf:Seq><rdf:li c:Item="GainMap"/></rdf:Seq></c:Directory>'
    b"</rdf:Description>"
)


def marked_file():
    """A claim in XMP of a map that was lost on the way."""
    packet = pictures.XMP.replace(b"</rdf:RDF>", CLAIM + b"</rdf:RDF>")
    return pictures.jpeg_file(pictures.quarters(), xmp=packet)


@pytest.mark.parametrize(
    ("made", "notes"), [(ultra_hdr_file, (LEFT_OUT,)), (marked_file, ())], ids=["map", "claim"]
)
def test_a_jpeg_opens_as_its_picture_and_exports_claim_no_gain_map(tmp_path, made, notes):
    path = tmp_path / "a.jpg"
    path.write_bytes(made())
    assert b"21496" in path.read_bytes() or b"GainMap" in path.read_bytes()
    found = open_picture(path)
    assert found.notes == notes
    assert pixels_of(found).dtype == np.uint8
    for suffix in (".jpg", ".tif", ".avif"):
        again = export(found.document, tmp_path / f"b{suffix}").path
        data = again.read_bytes()
        assert b"hdrgm:" not in data.replace(b"xmlns:hdrgm", b"")
        assert b"GainMap" not in data
        assert b"21496" not in data
        assert open_picture(again).notes == ()


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_of_an_animation_the_first_picture_opens_and_the_others_are_counted(tmp_path, format):
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "lime", "blue")]
    stream = io.BytesIO()
    options = {"lossless": True} if format == "WEBP" else {}
    frames[0].save(stream, format, save_all=True, append_images=frames[1:], **options)
    path = tmp_path / "a.dat"
    path.write_bytes(stream.getvalue())
    found = open_picture(path)
    assert (pixels_of(found)[..., :3] == (255, 0, 0)).all()
    holds = "holds 3 pictures" if format == "GIF" else "is an animation of 3 pictures"
    assert found.notes == (f"The file {holds}; the first one was opened.",)

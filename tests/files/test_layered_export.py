"""Layers are exported with what is asked for, as far as they can have it; the rest is said."""

import numpy as np
import pytest

from safelight.document import Document, Layer, Metadata, whole
from safelight.files import ExportError, ExportOptions, export, open_picture, profile_of
from safelight.files.exports.export_size import resized
from safelight.pixels import Profile, Raster, to_float
from tests import pictures

FILES = "a.ora", "a.psd"


def smooth(channels, turn=0.0):
    """A colourful picture without edges, well within every gamut."""
    y, x = np.mgrid[0:40, 0:60].astype(np.float32)
    waves = [0.5 + 0.2 * np.sin(x / 20 + y / 15 + turn + phase) for phase in (0, 2, 4)]
    planes = [*waves, 0.5 + 0.4 * np.sin(y / 9)][:channels]
    return Raster.from_array(np.rint(255 * np.stack(planes, axis=2)).astype(np.uint8))


def document(*more, **facts):
    layers = Layer("Ground", smooth(3)), *more
    return Document(60, 40, "uint8", layers, **facts)


@pytest.mark.parametrize("name", FILES)
def test_layers_are_converted_to_the_profile_that_is_asked_for(tmp_path, name):
    wanted = profile_of("Display P3")
    before = document(Layer("Up", smooth(4, 1.0)))
    options = ExportOptions(profile=wanted, depth=16)
    exported = export(before, tmp_path / name, options)
    after = open_picture(tmp_path / name).document
    assert after.profile.icc == wanted
    assert [layer.name for layer in after.layers] == ["Ground", "Up"]
    for old, new in zip(before.layers, after.layers, strict=True):
        found, meant = (to_float(x.raster.to_array()) for x in (new, old))
        assert np.abs(found[..., :3] - meant[..., :3]).max() > 0.01  # other numbers
        seen = Profile.from_icc(wanted).to_srgb(found[..., :3])
        assert np.abs(seen - meant[..., :3]).max() < 0.002  # the same colours
    (note,) = exported.notes
    assert note.startswith(
        "The layers were converted from sRGB to Display P3; where they are mixed"
    )


@pytest.mark.parametrize("name", FILES)
def test_layers_refuse_a_profile_that_they_cannot_be_kept_in(tmp_path, name):
    with pytest.raises(ExportError, match="layers of .* cannot be converted to Test profile"):
        export(document(), tmp_path / name, ExportOptions(profile=pictures.press_profile()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_layers_have_the_size_that_is_asked_for(tmp_path, name):
    before = document(Layer("Up", smooth(4, 1.0)))
    options = ExportOptions(resize="longest", size=30)
    export(before, tmp_path / name, options)
    after = open_picture(tmp_path / name).document
    assert (after.width, after.height, len(after.layers)) == (30, 20, 2)
    flat = whole(resized(before, options, None, "uint8")).to_array()
    difference = np.abs(whole(after).to_array().astype(int) - flat.astype(int))
    assert difference.mean() < 2


@pytest.mark.parametrize("name", FILES)
def test_what_is_kept_of_the_metadata_is_chosen_for_layers_too(tmp_path, name):
    told = document(metadata=Metadata(exif=pictures.exif_block(), xmp=pictures.XMP))
    for choice, town, creator in (("all", True, True), ("copyright", False, True)):
        export(told, tmp_path / name, ExportOptions(metadata=choice), overwrite=True)
        xmp = open_picture(tmp_path / name).document.metadata.xmp
        assert (b"Secret Town" in xmp, b"Ada Example" in xmp) == (town, creator)
    export(told, tmp_path / name, ExportOptions(metadata="none"), overwrite=True)
    again = open_picture(tmp_path / name).document.metadata
    assert (again.exif, again.xmp) == (None, None)


@pytest.mark.parametrize("name", FILES)
def test_what_layers_cannot_have_is_said(tmp_path, name):
    options = ExportOptions(sharpen="print", kilobytes=500)
    notes = " ".join(export(document(), tmp_path / name, options).notes)
    assert "It was not sharpened" in notes
    assert "may be larger than 500 kB" in notes


class Enough(Exception):
    """Nobody wants the file any more."""


@pytest.mark.parametrize("name", FILES)
def test_how_far_layers_are_is_told_and_they_can_be_cancelled_anywhere(tmp_path, name):
    before = document(*(Layer(f"Up {number}", smooth(4, number)) for number in range(4)))
    told = []
    export(before, tmp_path / name, hear=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1], len(set(told)) >= 8) == (0.0, 1.0, True)
    (tmp_path / name).write_bytes(b"mine")
    for limit in sorted(set(told)):

        def hear(done, limit=limit):
            if done >= limit:
                raise Enough

        with pytest.raises(Enough):
            export(before, tmp_path / name, overwrite=True, hear=hear)
        assert list(tmp_path.iterdir()) == [tmp_path / name]
        assert (tmp_path / name).read_bytes() == b"mine"

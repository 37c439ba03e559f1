"""export: what was in the document is in the file, in all four formats, or a note says why not."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.document import Document, Group, Kept, Layer, LiveFilter, Metadata, edits, render
from safelight.files import (
    ExportError,
    ExportOptions,
    FileExists,
    WriteError,
    describe,
    export,
    exported_formats,
    open_picture,
)
from safelight.files.codecs import png as png_module
from safelight.files.codecs import png_rows
from safelight.files.metadata import descriptive_metadata as facts
from safelight.files.metadata import xmp_for_export
from safelight.files.metadata.iptc import datasets as iptc_datasets
from safelight.files.provenance.provenance import TERMS, marked
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile, Raster, from_float
from tests import pictures
from tests.document.strategies import DEPTHS, FakeLive
from tests.files.ordinary_user import as_ordinary_user

SUFFIX = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WebP": ".webp"}
LOSSLESS = ExportOptions(lossless=True)


def document_of(pixels, **facts):
    return Document.from_raster(Raster.from_array(pixels), **facts)


def pixels_of(opened):
    return opened.document.layers[0].raster.to_array()


def there_and_back(folder, document, format, options=LOSSLESS):
    """What is opened again, and the export's notes."""
    exported = export(document, folder / f"picture{SUFFIX[format]}", options, overwrite=True)
    assert exported.bytes == exported.path.stat().st_size
    return open_picture(exported.path), exported.notes


def test_every_suffix_names_its_format(tmp_path):
    document = document_of(pictures.quarters())
    for format, suffixes in ((x.name, x.suffixes) for x in exported_formats()):
        for suffix in suffixes:
            path = tmp_path / f"picture{suffix.upper()}"
            assert open_picture(export(document, path).path).format == format


def test_the_format_asked_for_counts_more_than_the_suffix(tmp_path):
    path = tmp_path / "picture.jpg"
    export(document_of(pictures.quarters()), path, ExportOptions(format="png"))
    assert open_picture(path).format == "PNG"


@pytest.mark.parametrize("name", ["picture.gif", "picture", "picture.jpg.bak", "picture.xcf"])
def test_an_unknown_suffix_lists_the_formats(tmp_path, name):
    with pytest.raises(ExportError, match=r"JPEG \(.jpg .*PNG .*TIFF .*WebP"):
        export(document_of(pictures.quarters()), tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "wrong",
    [{"quality": 0}, {"quality": 101}, {"depth": 12}, {"metadata": "some"}],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ExportError):
        ExportOptions(**wrong)


def test_an_unknown_format_lists_those_there_are(tmp_path):
    with pytest.raises(ExportError, match=r"no export to gif; the formats are JPEG \(.jpg "):
        export(document_of(pictures.quarters()), tmp_path / "a.png", ExportOptions(format="gif"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_all_65536_levels_go_through_open_and_export_unchanged(tmp_path, format):
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.stack([levels, levels[::-1], levels.T], axis=-1)
    make = {"PNG": pictures.png_file, "TIFF": pictures.tiff_file}[format]
    source = tmp_path / "source"
    source.write_bytes(make(pixels))
    opened, notes = there_and_back(tmp_path, open_picture(source).document, format)
    assert notes == opened.notes == ()
    assert np.array_equal(pixels_of(opened), pixels)
    # A reader that has nothing to do with ours sees the same.
    import imagecodecs
    import tifffile

    path = tmp_path / f"picture{SUFFIX[format]}"
    read = imagecodecs.png_decode if format == "PNG" else None
    other = read(path.read_bytes()) if read else tifffile.imread(path)
    assert np.array_equal(other, pixels)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_keeps_every_depth_bit_for_bit(tmp_path, depth, channels, order):
    pixels = pictures.noise(300, 270, channels, depth)
    if depth == "float32":
        pixels = pixels * 5 - 2
    document = document_of(pixels, metadata=Metadata(exif=pictures.exif_block(1, order)))
    opened, notes = there_and_back(tmp_path, document, "TIFF")
    assert notes == opened.notes == ()
    assert pixels_of(opened).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_no_number_is_made_up_on_export_with_a_note(tmp_path, channels):
    pixels = pictures.noise(40, 30, channels, "float32")
    pixels[3, 4, 1] = np.nan
    opened, (note,) = there_and_back(tmp_path, document_of(pixels), "TIFF")
    assert note.startswith("1 pixel was no number")
    assert opened.notes == ()
    assert np.isfinite(pixels_of(opened)).all()
    path = tmp_path / "nothing.tif"
    pixels[...] = np.nan
    with pytest.raises(ExportError, match="no pixel that is a number"):
        export(document_of(pixels), path)
    assert not path.exists()


@pytest.mark.parametrize(("format", "depth"), [("PNG", 16), ("TIFF", 16), ("TIFF", 32)])
def test_layers_over_an_8_bit_photograph_fill_the_bits_of_a_deeper_file(tmp_path, format, depth):
    below, above = (Raster.from_array(pictures.noise(90, 70, seed=seed)) for seed in (1, 2))
    mask = Raster.from_array(pictures.noise(90, 70, 1, seed=3))
    inside = Group((Layer("Light", above, opacity=0.61, mode="soft-light", mask=mask),))
    warm = LiveFilter("warm", settings={"amount": 0.21})
    layers = Layer("Photograph", below), Layer("Group", inside, opacity=0.9), Layer("Warm", warm)
    document = Document(90, 70, "uint8", layers)
    path = tmp_path / f"deep{SUFFIX[format]}"
    export(document, path, ExportOptions(depth=depth), live=FakeLive())
    found = pixels_of(open_picture(path))
    exact = render(document, document.region, FakeLive(), "float32")
    np.testing.assert_array_equal(found, from_float(exact[..., :3], found.dtype.name))
    if depth == 16:
        assert (found % 257 != 0).mean() > 0.9  # of chance numbers 256 of 257 are no multiple


def test_a_kept_result_with_fewer_bits_than_the_file_is_named(tmp_path):
    below, kept = (Raster.from_array(pictures.noise(90, 70, seed=seed)) for seed in (1, 2))
    costly = Layer("Clean", LiveFilter("costly", kept=Kept(kept, "key")), opacity=0.5)
    inside = Layer("Soft", LiveFilter("costly", kept=Kept(below, "key")))
    warm = Layer("Warm", LiveFilter("warm", settings={"amount": 0.1}, kept=Kept(kept, "key")))
    layers = Layer("Photograph", below), costly, Layer("Group", Group((inside,))), warm
    document = Document(90, 70, "uint8", layers)

    def notes(document, depth):
        options = ExportOptions(depth=depth)
        path = tmp_path / "deep.tif"
        return export(document, path, options, overwrite=True, live=FakeLive()).notes

    both = "Clean and Soft were computed in 8-bit: what was kept of them has no finer steps."
    assert notes(document, 16) == (both,)
    assert notes(document, "same") == ()
    hidden = document.with_layer(dataclasses.replace(inside, visible=False))
    one = "Clean was computed in 8-bit: what was kept of it has no finer steps."
    assert notes(hidden, 32) == (one,)


def test_a_plain_photograph_is_the_same_in_a_deeper_file(tmp_path):
    pixels = pictures.noise(90, 70)
    options = ExportOptions(depth=16)
    opened, _ = there_and_back(tmp_path, document_of(pixels), "TIFF", options)
    np.testing.assert_array_equal(pixels_of(opened), pixels.astype(np.uint16) * 257)


GREY_FILES = [
    *(("JPEG", depth, channels) for depth, channels in [("uint8", 1), ("uint16", 2)]),
    *(("PNG", depth, channels) for depth in ("uint8", "uint16") for channels in (1, 2)),
    *(("TIFF", depth, channels) for depth in DEPTHS for channels in (1, 2)),
]


@pytest.mark.parametrize(("format", "depth", "channels"), GREY_FILES)
@pytest.mark.parametrize("size", [(40, 30), (1, 1)])
def test_a_grey_picture_is_written_in_one_channel_again(tmp_path, format, depth, channels, size):
    pixels = pictures.noise(*size, channels, depth)
    source = tmp_path / "source"
    if depth == "float32":
        extra = {"extrasamples": ["unassalpha"], "planarconfig": "contig"} if channels == 2 else {}
        plain = pixels if channels == 2 else pixels[..., 0]
        data = pictures.tiff_file(plain, photometric="minisblack", **extra)
    else:
        data = pictures.png_file(pixels)
    source.write_bytes(data)
    opened, notes = there_and_back(tmp_path, open_picture(source).document, format)
    assert opened.document.grey
    assert not [note for note in notes if "channel" in note]
    content, _ = read_photograph(tmp_path / f"picture{SUFFIX[format]}", None)
    alpha = channels == 2 and format != "JPEG"
    assert (content.space, content.alpha) == ("grey", alpha)
    if format != "JPEG":
        np.testing.assert_array_equal(content.pixels, pixels)


def test_a_grey_picture_that_stays_in_three_channels_says_why(tmp_path):
    pixels = np.repeat(pictures.noise(40, 30, 1), 3, axis=2)
    grey = document_of(pixels, grey=True)
    opened, (note,) = there_and_back(tmp_path, grey, "WebP")
    assert "WebP has no fewer" in note
    wide = dataclasses.replace(grey, profile=Profile.from_icc(pictures.wide_profile()))
    opened, (note,) = there_and_back(tmp_path, wide, "PNG")
    assert "its profile, Test profile, is for three" in note
    np.testing.assert_array_equal(pixels_of(opened), pixels)


def test_what_has_colour_or_came_in_three_channels_is_written_in_three(tmp_path):
    grey = np.repeat(pictures.noise(40, 30, 1), 3, axis=2)
    tinted = grey.copy()
    tinted[29, 39, 2] ^= 1
    for document in (document_of(grey), document_of(tinted, grey=True)):
        opened, notes = there_and_back(tmp_path, document, "PNG")
        assert notes == ()
        assert not opened.document.grey
        np.testing.assert_array_equal(pixels_of(opened), document.layers[0].raster.to_array())


@pytest.mark.parametrize("format", SUFFIX)
def test_a_picture_of_one_pixel_is_written_in_every_format(tmp_path, format):
    for channels in (3, 4):
        pixels = np.full((1, 1, channels), 255, np.uint8)
        opened, _ = there_and_back(tmp_path, document_of(pixels), format)
        assert (pixels_of(opened)[..., :3] > 250).all()


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WebP"])
def test_colour_under_alpha_0_is_kept(tmp_path, format):
    pixels = pictures.noise(40, 30, 4)
    pixels[:10, :, 3] = 0
    opened, _ = there_and_back(tmp_path, document_of(pixels), format)
    assert np.array_equal(pixels_of(opened), pixels)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WebP"])
def test_an_alpha_channel_that_is_full_everywhere_does_not_fail_the_check(tmp_path, format):
    pixels = pictures.noise(40, 30, 4)
    pixels[..., 3] = 255
    opened, _ = there_and_back(tmp_path, document_of(pixels), format)
    assert np.array_equal(pixels_of(opened)[..., :3], pixels[..., :3])


def test_transparency_becomes_white_in_a_jpeg_and_a_note_says_so(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[16:, :, 3] = 255
    opened, notes = there_and_back(tmp_path, document_of(pixels), "JPEG")
    assert "became white" in notes[0]
    got = pixels_of(opened)
    assert got[:8].min() > 250
    assert got[24:].max() < 5


@pytest.mark.parametrize(
    ("depth", "format", "wanted", "result", "words"),
    [
        ("uint16", "JPEG", "same", "uint8", "16-bit was reduced to 8-bit: JPEG holds no more."),
        ("uint16", "WebP", "same", "uint8", "16-bit was reduced to 8-bit: WebP holds no more."),
        ("float32", "PNG", "same", "uint16", "32-bit float was reduced to 16-bit: PNG"),
        ("float32", "TIFF", 16, "uint16", "32-bit float was reduced to 16-bit."),
        ("uint16", "TIFF", 8, "uint8", "16-bit was reduced to 8-bit."),
        ("uint8", "TIFF", 16, "uint16", None),
        ("uint8", "PNG", 16, "uint16", None),
        ("uint8", "TIFF", 32, "float32", None),
    ],
)
def test_another_depth_is_rounded_to_the_nearest(tmp_path, depth, format, wanted, result, words):
    exact = np.linspace(0, 1, 5000).reshape(50, 100, 1).repeat(3, 2)
    scale = {"uint8": 255, "uint16": 65535, "float32": 1}
    pixels = exact * scale[depth]
    pixels = (pixels if depth == "float32" else np.rint(pixels)).astype(depth)
    options = ExportOptions(depth=wanted, lossless=True, quality=100)
    opened, notes = there_and_back(tmp_path, document_of(pixels), format, options)
    assert opened.document.depth == result
    assert notes == () if words is None else words in notes[0]
    expected = pixels.astype(np.float64) / scale[depth] * scale[result]
    error = np.abs(pixels_of(opened).astype(np.float64) - expected).max()
    assert error <= (0.501 if format != "JPEG" else 3)


def test_light_beyond_white_is_cut_off_with_a_note(tmp_path):
    pixels = pictures.noise(20, 20, 3, "float32") * 3 - 1
    opened, notes = there_and_back(tmp_path, document_of(pixels), "PNG")
    assert "were cut off" in notes[1]
    assert pixels_of(opened).max() == 65535


@pytest.mark.parametrize("format", SUFFIX)
def test_the_profile_is_embedded_byte_for_byte_whatever_metadata_is_kept(tmp_path, format):
    for icc in (pictures.srgb_profile(), pictures.wide_profile(padding=200_001)):
        for choice in ("all", "none"):
            document = document_of(pictures.quarters(), profile=Profile.from_icc(icc))
            options = ExportOptions(metadata=choice)
            opened, notes = there_and_back(tmp_path, document, format, options)
            assert notes == ()
            assert opened.document.profile.icc == icc
            path = tmp_path / f"picture{SUFFIX[format]}"
            with Image.open(path) as image:
                assert image.info["icc_profile"] == icc


@pytest.mark.parametrize("format", SUFFIX)
def test_plain_srgb_gets_no_profile(tmp_path, format):
    opened, _ = there_and_back(tmp_path, document_of(pictures.quarters()), format)
    assert opened.document.profile.icc is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_kept_byte_for_byte(tmp_path, format, order):
    exif = pictures.exif_block(1, order)
    document = document_of(pictures.quarters(), metadata=Metadata(exif=exif))
    opened, notes = there_and_back(tmp_path, document, format)
    assert notes == ()
    assert opened.document.metadata.exif == exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_open_and_export_keep_exif_apart_from_the_orientation(tmp_path, orientation):
    upright = pictures.quarters()
    source = tmp_path / "source.jpg"
    exif = pictures.exif_block(orientation, size=(96, 64))
    stored = pictures.stored_turned(upright, orientation)
    source.write_bytes(pictures.jpeg_file(stored, exif=exif))
    document = open_picture(source).document
    opened, _ = there_and_back(tmp_path, document, "JPEG")
    assert opened.document.metadata.exif == pictures.exif_block(1, size=(96, 64))
    assert np.abs(pixels_of(opened).astype(int) - upright).max() <= 8


def test_pixels_that_became_srgb_are_not_marked_adobe_rgb(tmp_path):
    metadata = Metadata(exif=pictures.exif_block(adobe_rgb=True))
    plain = document_of(pictures.quarters(), metadata=metadata)
    wide = dataclasses.replace(plain, profile=Profile.from_icc(pictures.wide_profile()))
    for format in SUFFIX:
        opened, _ = there_and_back(tmp_path, plain, format)
        assert opened.notes == ()
        assert opened.document.profile.icc is None
        assert describe(opened.document) == describe(plain)
        opened, _ = there_and_back(tmp_path, wide, format)
        assert opened.document.profile == wide.profile


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_keeps_the_exif_and_gps_directories(tmp_path, order):
    exif = pictures.exif_block(1, order)
    document = document_of(pictures.quarters(), metadata=Metadata(exif=exif))
    opened, notes = there_and_back(tmp_path, document, "TIFF")
    assert notes == ()
    assert describe(opened.document) == describe(document)
    with Image.open(tmp_path / "picture.tif") as image:
        found = image.getexif()
        expected = Image.Exif()
        expected.load(b"Exif\0\0" + exif)
        assert found.get_ifd(34665) == expected.get_ifd(34665)
        assert found.get_ifd(34665)[36867] == "2026:05:04 03:02:01"
        assert found.get_ifd(34665)[37500] == b"MAKER\0" + bytes(range(200))
        assert found.get_ifd(34853) == expected.get_ifd(34853)
        assert found[271] == "Example"
        assert np.array_equal(np.asarray(image), pictures.quarters())


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_goes_from_jpeg_to_tiff_to_jpeg_and_says_the_same(tmp_path, order):
    metadata = Metadata(exif=pictures.exif_block(1, order))
    document = document_of(pictures.quarters(), metadata=metadata)
    tiff, _ = there_and_back(tmp_path, document, "TIFF")
    jpeg, _ = there_and_back(tmp_path, tiff.document, "JPEG")
    assert describe(jpeg.document) == describe(document)
    second, _ = there_and_back(tmp_path, jpeg.document, "TIFF")
    assert second.document.metadata.exif == tiff.document.metadata.exif


@pytest.mark.parametrize("format", SUFFIX)
def test_xmp_is_kept_byte_for_byte(tmp_path, format):
    document = document_of(pictures.quarters(), metadata=Metadata(xmp=pictures.XMP))
    opened, notes = there_and_back(tmp_path, document, format)
    assert notes == ()
    assert opened.document.metadata.xmp == pictures.XMP
    with Image.open(tmp_path / f"picture{SUFFIX[format]}") as image:
        stated = image.info.get("xmp") or image.tag_v2[700]
        assert stated == pictures.XMP


@pytest.mark.parametrize("format", SUFFIX)
def test_iptc_is_kept_or_said_in_xmp(tmp_path, format):
    document = document_of(pictures.quarters(), metadata=Metadata(iptc=pictures.IPTC))
    opened, notes = there_and_back(tmp_path, document, format)
    if format in ("JPEG", "TIFF"):
        assert opened.document.metadata.iptc == pictures.IPTC
        assert notes == ()
        from PIL import IptcImagePlugin

        with Image.open(tmp_path / f"picture{SUFFIX[format]}") as image:
            assert IptcImagePlugin.getiptcinfo(image)[(2, 80)] == b"Ada Example"
    else:
        said = facts.facts(Metadata(xmp=opened.document.metadata.xmp))
        assert notes == ()
        assert opened.document.metadata.iptc is None
        assert said == facts.facts(Metadata(iptc=pictures.IPTC))


def test_an_iptc_record_larger_than_a_segment_is_split(tmp_path):
    long = b"\x1c\x02\x78\x7f\xff" + bytes(32767)
    document = document_of(pictures.quarters(), metadata=Metadata(iptc=long * 3))
    opened, _ = there_and_back(tmp_path, document, "JPEG")
    assert len(list(iptc_datasets(opened.document.metadata.iptc))) == 3


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_the_resolution_is_kept(tmp_path, format):
    document = document_of(pictures.quarters(), metadata=Metadata(dpi=(300.0, 240.0)))
    opened, _ = there_and_back(tmp_path, document, format)
    assert opened.document.metadata.dpi == (300.0, 240.0)


def test_the_room_of_a_small_picture_that_is_gone_and_padding_are_not_written_into_a_jpeg(tmp_path):
    xmp = pictures.XMP + b" " * 70_000
    exif = pictures.exif_block(thumbnail=bytes(70_000))
    document = document_of(pictures.quarters(), metadata=Metadata(exif=exif, xmp=xmp))
    opened, notes = there_and_back(tmp_path, document, "JPEG")
    assert notes == ()
    assert opened.document.metadata.xmp == pictures.XMP
    assert describe(opened.document) == describe(document)
    for format in ("PNG", "TIFF", "WebP"):
        opened, notes = there_and_back(tmp_path, document, format)
        assert notes == ()
        assert opened.document.metadata.xmp == xmp


@pytest.mark.parametrize("format", SUFFIX)
def test_stripped_files_hold_nothing_personal(tmp_path, format):
    small = pictures.jpeg_file(pictures.quarters(16, 16))
    metadata = Metadata(
        pictures.exif_block(1, thumbnail=small), pictures.XMP, pictures.IPTC, (300.0, 300.0)
    )
    document = document_of(pictures.quarters(), metadata=metadata)
    for choice, kept in (("none", False), ("copyright", True)):
        opened, _ = there_and_back(tmp_path, document, format, ExportOptions(metadata=choice))
        data = (tmp_path / f"picture{SUFFIX[format]}").read_bytes()
        for secret in (b"Secret Town", b"MAKER", b"Example One", b"Example 35", small, b"3:02:01"):
            assert secret not in data
        assert (b"Ada Example" in data) is kept
        assert describe(opened.document)["gps"] == "no"
        assert describe(opened.document).get("copyright") == (
            "(c) 2026 Ada Example" if kept else None
        )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP"])
def test_an_edited_picture_loses_its_old_thumbnail_and_an_unedited_one_does_not(tmp_path, format):
    small = pictures.jpeg_file(pictures.quarters(16, 16))
    exif = pictures.exif_block(1, size=(96, 64), thumbnail=small)
    source = tmp_path / "source.jpg"
    source.write_bytes(pictures.jpeg_file(pictures.quarters(), exif=exif))
    document = open_picture(source).document
    opened, _ = there_and_back(tmp_path, document, format)
    assert opened.document.metadata.exif == exif
    edited = dataclasses.replace(
        document, layers=(Layer("Background", Raster.from_array(pictures.noise(96, 64))),)
    )
    opened, _ = there_and_back(tmp_path, edited, format)
    assert small not in opened.document.metadata.exif
    assert describe(opened.document) == describe(document)


def test_quality_means_size_and_high_quality_keeps_full_colour(tmp_path):
    document = document_of(pictures.gradient(200, 200))
    sizes = []
    for quality in (20, 60, 89, 90, 100):
        path = tmp_path / f"{quality}.jpg"
        sizes.append(export(document, path, ExportOptions(quality=quality)).bytes)
        with Image.open(path) as image:
            assert (image.layer[0][1:3] == (1, 1)) is (quality >= 90)
    assert sizes == sorted(sizes)


def test_a_picture_too_wide_for_a_format_says_which_to_use(tmp_path):
    document = document_of(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(ExportError, match="at most 16383 pixels a side.*use PNG or TIFF"):
        export(document, tmp_path / "picture.webp")
    export(document, tmp_path / "picture.jpg")


@pytest.mark.parametrize("format", SUFFIX)
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (257, 255)])
def test_any_size_goes_through(tmp_path, format, size):
    opened, _ = there_and_back(tmp_path, document_of(pictures.noise(*size)), format)
    assert (opened.document.width, opened.document.height) == size


def test_several_layers_are_exported_as_they_are_seen(tmp_path):
    below, above = pictures.noise(40, 30), pictures.noise(40, 30, seed=9)
    document = dataclasses.replace(
        document_of(below),
        layers=(
            Layer("Below", Raster.from_array(below)),
            Layer("Above", Raster.from_array(above), opacity=0.5),
        ),
    )
    opened, _ = there_and_back(tmp_path, document, "PNG")
    mean = (below.astype(int) + above) / 2
    assert np.abs(pixels_of(opened) - mean).max() <= 1


def test_nothing_is_overwritten_unasked_and_the_source_only_when_asked(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.jpeg_file(pictures.quarters()))
    before = path.read_bytes()
    document = open_picture(path).document
    with pytest.raises(FileExists, match="photo.jpg exists already"):
        export(document, path)
    assert path.read_bytes() == before
    export(document, path, overwrite=True)
    assert open_picture(path).document.width == 96


def test_the_document_stays_whole_when_its_own_file_is_replaced(tmp_path):
    pixels = pictures.noise(300, 200, 3, "uint16")
    path = tmp_path / "photo.tif"
    path.write_bytes(pictures.tiff_file(pixels, photometric="rgb"))
    document = open_picture(path).document
    for _ in range(3):
        export(document, path, overwrite=True)
    assert np.array_equal(document.layers[0].raster.to_array(), pixels)
    assert np.array_equal(pixels_of(open_picture(path)), pixels)


def test_an_export_over_a_link_replaces_the_file_it_leads_to(tmp_path):
    real = tmp_path / "real.png"
    real.write_bytes(pictures.png_file(pictures.noise()))
    real.chmod(0o640)
    (tmp_path / "link.png").symlink_to(real)
    exported = export(document_of(pictures.quarters()), tmp_path / "link.png", overwrite=True)
    assert exported.path == real
    assert (tmp_path / "link.png").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert np.array_equal(pixels_of(open_picture(real)), pictures.quarters())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(WriteError, match="nowhere does not exist"):
        export(document_of(pictures.quarters()), tmp_path / "nowhere" / "picture.png")


def test_a_read_only_folder_says_so():
    document = document_of(pictures.quarters())

    def attempt(folder):
        folder.chmod(0o555)
        try:
            export(document, folder / "picture.png")
        except WriteError as error:
            return str(error)

    said = as_ordinary_user(attempt)
    assert said.startswith("picture.png was not saved: you have no permission")


@pytest.mark.parametrize("format", SUFFIX)
@pytest.mark.parametrize("choice", ["all", "copyright", "none"])
@pytest.mark.parametrize("word", ["partly", "wholly"])
def test_what_a_generator_has_made_says_so_whatever_metadata_is_kept(
    tmp_path, format, choice, word
):
    document = document_of(pictures.quarters(), metadata=Metadata(xmp=pictures.XMP), synthetic=word)
    options = ExportOptions(metadata=choice)
    opened, notes = there_and_back(tmp_path, document, format, options)
    assert notes == ()
    assert opened.document.synthetic == word
    assert describe(opened.document)["synthesised"] == f"{word} (IPTC digital source type)"
    xmp = opened.document.metadata.xmp
    assert TERMS[word].encode() in xmp
    assert (b"Secret Town" in xmp) == (choice == "all")
    assert (b"Ada Example" in xmp) == (choice != "none")


@pytest.mark.parametrize("format", SUFFIX)
def test_what_a_photograph_says_of_itself_goes_from_file_to_file(tmp_path, format):
    said = Metadata(xmp=marked(pictures.XMP, "partly"))
    source, _ = there_and_back(tmp_path, document_of(pictures.quarters(), metadata=said), format)
    assert source.document.layers[0].synthetic == "partly"
    assert source.document.metadata.xmp == said.xmp
    bare = ExportOptions(metadata="none")
    opened, _ = there_and_back(tmp_path, source.document, format, bare)
    assert opened.document.synthetic == "partly"


@pytest.mark.parametrize("format", SUFFIX)
def test_what_no_generator_has_touched_says_nothing(tmp_path, format):
    opened, _ = there_and_back(tmp_path, document_of(pictures.quarters()), format)
    assert opened.document.metadata.xmp is None
    assert "synthesised" not in describe(opened.document)


def test_a_mark_that_the_metadata_had_no_place_for_is_missed_in_a_note(tmp_path):
    damaged = Metadata(xmp=pictures.XMP[:-40])
    document = document_of(pictures.quarters(), metadata=damaged, synthetic="wholly")
    opened, notes = there_and_back(tmp_path, document, "PNG")
    assert opened.document.metadata.xmp == damaged.xmp
    assert len(notes) == 1
    assert notes[0].startswith("It is not marked as synthesised")
    opened, notes = there_and_back(tmp_path, document, "PNG", ExportOptions(metadata="none"))
    assert opened.document.synthetic == "wholly"
    assert notes == ()


def test_metadata_too_large_for_a_jpeg_leave_the_mark_behind(tmp_path):
    remark = b"<!--" + b"x" * 70_000 + b"--></rdf:RDF>"
    large = Metadata(xmp=pictures.XMP.replace(b"</rdf:RDF>", remark))
    document = document_of(pictures.quarters(), metadata=large, synthetic="wholly")
    opened, notes = there_and_back(tmp_path, document, "JPEG")
    assert opened.document.synthetic == "wholly"
    assert b"Ada" not in opened.document.metadata.xmp
    assert len(notes) == 1
    assert "left out: a JPEG holds 64 KB" in notes[0]


def test_a_file_that_lost_its_mark_never_takes_the_name(tmp_path, monkeypatch):
    document = document_of(pictures.quarters(), synthetic="wholly")
    monkeypatch.setattr(png_module, "_texts", lambda *_: ((), {}))
    with pytest.raises(WriteError, match="it read back differently"):
        export(document, tmp_path / "picture.png")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("format", SUFFIX)
def test_a_file_that_does_not_read_back_right_never_takes_the_name(tmp_path, format, monkeypatch):
    import imagecodecs
    import tifffile

    path = tmp_path / f"picture{SUFFIX[format]}"
    export(document_of(pictures.quarters()), path)
    before = path.read_bytes()
    wrong = pictures.quarters(96, 62)
    if format == "TIFF":
        real = tifffile.TiffWriter.write
        monkeypatch.setattr(
            tifffile.TiffWriter, "write", lambda self, _, **more: real(self, wrong, **more)
        )
    elif format == "PNG":
        filtered = png_rows.filtered
        monkeypatch.setattr(png_rows, "filtered", lambda _, level: filtered(wrong, level))
    else:
        name = {"JPEG": "jpeg8_encode", "WebP": "webp_encode"}[format]
        encode = getattr(imagecodecs, name)
        monkeypatch.setattr(
            imagecodecs, name, lambda _, *rest, **more: encode(wrong, *rest, **more)
        )
    with pytest.raises(WriteError, match="not saved"):
        export(document_of(pictures.quarters()), path, overwrite=True)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("height", [64, 1500])  # one band of rows, and several
def test_one_wrong_pixel_is_found_when_reading_back(tmp_path, monkeypatch, height):
    filtered = png_rows.filtered

    def flipped(pixels, level):
        pixels = pixels.copy()
        pixels[-1, -1, -1] ^= 1
        return filtered(pixels, level)

    monkeypatch.setattr(png_rows, "filtered", flipped)
    with pytest.raises(WriteError, match="pixels read back wrong"):
        export(document_of(pictures.quarters(height, 500)), tmp_path / "picture.png")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_byte_that_changes_on_the_way_to_the_disk_is_found(tmp_path, monkeypatch, format, place):
    pixels = np.random.default_rng(3).integers(0, 256, (1500, 1400, 3), np.uint8)
    read = Path.read_bytes

    def hurt(path):
        data = bytearray(read(path))
        at = int(len(data) * place)
        data[at : at + 40] = bytes(40)
        return bytes(data)

    monkeypatch.setattr(Path, "read_bytes", hurt)
    with pytest.raises(WriteError, match="not saved"):
        export(document_of(pixels), tmp_path / f"picture{SUFFIX[format]}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("height", [64, 1500])  # one band of rows, and several
@pytest.mark.parametrize("space", [1, 3])
def test_a_jpeg_of_another_picture_is_found_when_reading_back(tmp_path, monkeypatch, height, space):
    import imagecodecs

    encode = imagecodecs.jpeg8_encode

    def darker(rows, *rest, **more):
        rows = rows.copy()
        rows[-16:, -16:] //= 2
        return encode(rows, *rest, **more)

    pixels = np.repeat(pictures.quarters(height, 1400)[..., :1] // 2 + 100, 3, axis=2)
    document = dataclasses.replace(document_of(pixels), grey=space == 1)
    path = tmp_path / "picture.jpg"
    export(document, path)
    assert read_photograph(path, None)[0].pixels.shape[2] == space
    monkeypatch.setattr(imagecodecs, "jpeg8_encode", darker)
    with pytest.raises(WriteError, match="pixels read back wrong"):
        export(document, path, overwrite=True)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_each_band_is_read_back_once_and_while_the_next_ones_are_written(
    tmp_path, monkeypatch, format
):
    from safelight.files.codecs import codec
    from safelight.files.codecs.row_bands import Band

    known, made, events = codec(format), Band.__init__, []

    def watched(band, rows, coded, alone):
        def read():
            events.append(("read", rows.start))
            return alone()

        made(band, rows, coded, read)

    real = Path.read_bytes
    monkeypatch.setattr(Band, "__init__", watched)
    monkeypatch.setattr(Path, "read_bytes", lambda path: events.append(("file", 0)) or real(path))
    export(document_of(pictures.noise(2100, 1400, 3, "uint8")), tmp_path / f"a{SUFFIX[format]}")
    data = (tmp_path / f"a{SUFFIX[format]}").read_bytes()
    starts = [band.rows.start for band in known.in_bands(data)]
    assert len(starts) > 2
    file = events.index(("file", 0))
    assert sorted(start for _, start in events[:file]) == starts
    # The first is read again, with all that describes the picture.
    assert [start for what, start in events[file:] if what == "read"] == [0]


@pytest.mark.parametrize(
    ("suffix", "encoder"), [(".avif", "avif_encode"), (".jxl", "jpegxl_encode")]
)
def test_an_encoder_that_can_is_given_all_cores(tmp_path, monkeypatch, suffix, encoder):
    import imagecodecs

    encode, told = getattr(imagecodecs, encoder), []

    def watched(*given, **more):
        told.append(more["numthreads"])
        return encode(*given, **more)

    monkeypatch.setattr(imagecodecs, encoder, watched)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    export(document_of(pictures.quarters()), tmp_path / f"picture{suffix}")
    assert told == [3]


def test_an_encoder_that_fails_is_an_export_error(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr(png_rows, "filtered", broken)
    with pytest.raises(ExportError, match="could not be encoded as PNG: no"):
        export(document_of(pictures.quarters()), tmp_path / "picture.png")
    assert os.listdir(tmp_path) == []


def test_the_real_photographs_keep_exif_and_profile_in_every_format(data, tmp_path):
    folder = data / "eval" / "large"
    photographs = sorted(folder.glob("*exif*.jpg")) if folder.is_dir() else []
    if not photographs:
        pytest.skip("the large photographs are not here")
    for source in photographs:
        opened = open_picture(source)
        assert opened.notes == ()
        original = opened.document
        # A corner is enough for the metadata and saves the time.
        corner = Raster.from_array(original.layers[0].raster.to_array()[:200, :300])
        document = dataclasses.replace(
            document_of(corner.to_array()), profile=original.profile, metadata=original.metadata
        )
        with Image.open(source) as image:
            icc = image.info.get("icc_profile")
        for format in SUFFIX:
            again, _ = there_and_back(tmp_path, document, format)
            assert describe(again.document) == describe(original)
            assert again.document.profile.icc == icc
            xmp = original.metadata.xmp
            if xmp is not None:
                xmp = xmp_for_export.xmp_for_pixels(xmp, 300, 200, same_picture=False)
            assert again.document.metadata.xmp == xmp
    export(original, tmp_path / "whole.jpg")
    whole = open_picture(tmp_path / "whole.jpg").document.metadata
    assert whole.exif == original.metadata.exif


def test_a_document_of_ten_thousand_layers_is_exported_as_it_is_drawn(tmp_path):
    spot = Raster.filled(6, 5, (255, 0, 0, 9), "uint8")
    base = Layer("Base", Raster.filled(6, 5, (90, 90, 90), "uint8"), id="base")
    layers = (base, *(Layer(f"{n}", spot, opacity=0.1, id=f"{n}") for n in range(9_999)))
    document = Document(6, 5, "uint8", layers)
    export(document, tmp_path / "many.png")
    written = open_picture(tmp_path / "many.png").document
    shown = render(document, document.region)
    np.testing.assert_array_equal(render(written, written.region), shown)
    assert (shown != base.raster.to_array()).any()


def test_the_dots_per_inch_of_a_resize_are_those_of_the_files_exif(tmp_path):
    exif = Image.Exif()
    exif[0x011A] = exif[0x011B] = 72.0
    exif[0x0128] = 2
    Image.new("RGB", (60, 40)).save(tmp_path / "a.jpg", exif=exif, dpi=(72, 72))
    opened = open_picture(tmp_path / "a.jpg").document
    export(edits.resize(width=30, height=20, dpi=300).apply(opened), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as made:
        told = made.getexif()
        assert made.info["dpi"] == (300, 300)
    assert (told[0x011A], told[0x011B], told[0x0128]) == (300, 300, 2)

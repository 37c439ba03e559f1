"""BMP, ICO, PNM, QOI, TGA and Radiance: exact pixels in and out, or a note of what is lost."""

from __future__ import annotations

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight import api
from safelight.document import Metadata
from safelight.files import ExportError, ExportOptions, OpenError, export, open_picture
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile
from tests import pictures
from tests.files.test_export import document_of, pixels_of

SUFFIX = {"BMP": ".bmp", "PNM": ".ppm", "QOI": ".qoi"}


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data, name="picture.dat", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_bytes


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("format", "depth"), [("BMP", "uint8"), ("PNM", "uint8"), ("PNM", "uint16"), ("QOI", "uint8")]
)
def test_pixels_come_back_exact(tmp_path, format, depth, channels):
    pixels = pictures.noise(37, 21, channels, depth)
    exported = export(document_of(pixels), tmp_path / f"a{SUFFIX[format]}")
    found = open_picture(exported.path)
    assert found.format == format
    assert pixels_of(found).dtype == pixels.dtype
    assert np.array_equal(pixels_of(found), pixels)
    named = format == "PNM" and channels == 4
    assert exported.notes == (
        ("It was written as a PAM, the portable map with transparency.",) if named else ()
    )
    if depth == "uint8" and not named:
        with Image.open(exported.path) as other:
            assert np.array_equal(np.asarray(other), pixels)


@pytest.mark.parametrize("format", ["BMP", "PNM"])
def test_a_grey_picture_is_written_in_one_channel(tmp_path, format):
    grey = pictures.noise(21, 13, 1)
    path = tmp_path / "grey.png"
    path.write_bytes(pictures.png_file(grey))
    exported = export(open_picture(path).document, tmp_path / f"a{SUFFIX[format]}")
    content, _ = read_photograph(exported.path, None)
    assert (content.space, exported.notes) == ("grey", ())
    assert np.array_equal(content.pixels, grey)


def test_a_bmp_keeps_profile_and_resolution_and_names_what_it_does_not(tmp_path):
    wide = Profile.from_icc(pictures.wide_profile())
    kept = Metadata(exif=pictures.exif_block(1), dpi=(300.0, 300.0))
    document = document_of(pictures.quarters(), profile=wide, metadata=kept)
    exported = export(document, tmp_path / "a.bmp")
    found = open_picture(exported.path).document
    assert exported.notes == ("The metadata were left out: BMP holds none.",)
    assert found.profile.icc == wide.icc
    assert found.metadata == Metadata(dpi=(300.0, 300.0))


def test_what_holds_no_profile_gets_srgb_and_a_note(tmp_path):
    wide = Profile.from_icc(pictures.wide_profile())
    pixels = pictures.gradient(64, 48)
    document = document_of(pixels, profile=wide)
    exported = export(document, tmp_path / "a.qoi")
    found = pixels_of(open_picture(exported.path))
    wanted = np.clip(wide.to_srgb(pixels.astype(np.float32) / 255), 0, 1) * 255
    assert np.abs(found - wanted).max() <= 0.51
    (note,) = exported.notes
    assert "to sRGB, because QOI holds no profile; what lies outside sRGB was cut off" in note
    with pytest.raises(ExportError, match="QOI holds no colour profile"):
        export(
            document,
            tmp_path / "b.qoi",
            ExportOptions(profile=pictures.display_p3_profile()),
        )


def test_a_synthesised_picture_in_a_format_without_metadata_is_said_to_be_unmarked(tmp_path):
    document = document_of(pictures.quarters(), synthetic="wholly")
    exported = export(document, tmp_path / "a.bmp")
    assert exported.notes == ("It is not marked as synthesised: BMP holds no such mark.",)


def bmp_file(bits, rows, *, masks=(), palette=b"", size=(5, 3), packing=None, header=40):
    """A BMP of rows as they are, the lowest first."""
    packing = (3 if masks else 0) if packing is None else packing
    held = struct.pack(f"<{len(masks)}I", *masks) + palette
    start = 14 + header + len(held)
    head = struct.pack("<2sIII", b"BM", start + len(rows), 0, start)
    colours = len(palette) // 4
    head += struct.pack("<IiiHHIIiiII", header, *size, 1, bits, packing, 0, 0, 0, colours, 0)
    return head + bytes(header - 40) + held + rows


def test_a_bmp_that_forgets_its_table_of_colours_is_not_shifted_by_it(opened):
    ramp = bytes(value for index in range(252) for value in (index, index // 2, 9, 0))
    rows = np.zeros((3, 8), np.uint8)
    rows[:, :5] = np.arange(15).reshape(3, 5)
    data = bmp_file(8, rows.tobytes(), palette=ramp)
    wanted = pixels_of(opened(data))
    assert np.array_equal(wanted[::-1, :, 2].ravel(), np.arange(15))
    for start in (54, 0):
        stated = data[:10] + struct.pack("<I", start) + data[14:]
        assert np.array_equal(pixels_of(opened(stated)), wanted)


def test_bit_fields_of_every_width_fill_the_scale(opened):
    words = np.arange(15, dtype=np.uint16).reshape(3, 5) * 4369
    rows = np.zeros((3, 6), "<u2")
    rows[:, :5] = words[::-1]
    found = pixels_of(opened(bmp_file(16, rows.tobytes(), masks=(0xF800, 0x07E0, 0x001F))))
    for channel, (shift, full) in enumerate(((11, 31), (5, 63), (0, 31))):
        wanted = np.rint((words >> shift & full) * 255 / full)
        assert np.array_equal(found[..., channel], wanted)
    deep = np.full((3, 5), 1023 << 20 | 512 << 10, "<u4")
    found = pixels_of(
        opened(bmp_file(32, deep.tobytes(), masks=(0x3FF00000, 0x000FFC00, 0x000003FF)))
    )
    assert found.dtype == np.uint16
    assert tuple(found[0, 0]) == (65535, round(512 * 65535 / 1023), 0)


def test_the_fourth_byte_of_a_bmp_is_transparency_only_where_it_says_so(opened):
    rows = np.arange(60, dtype=np.uint8).tobytes()
    assert pixels_of(opened(bmp_file(32, rows))).shape[2] == 3
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    found = pixels_of(opened(bmp_file(32, rows, masks=masks, packing=6)))
    assert found.shape[2] == 4
    assert found[-1, 0, 3] == 3


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_palettes_of_a_bmp_come_in_as_another_reader_sees_them(opened, bits):
    picture = Image.fromarray(pictures.quarters(21, 13)).quantize(2**bits)
    if bits == 1:
        picture = picture.convert("1")
    stream = io.BytesIO()
    picture.save(stream, "BMP")
    found = pixels_of(opened(stream.getvalue()))
    assert np.array_equal(found, np.asarray(picture.convert("RGB")))


def test_a_bmp_of_runs_and_one_from_the_top_down_come_in(opened):
    table = bytes((0, 0, 255, 0, 0, 255, 0, 0))
    runs = b"\5\0\0\0" + b"\5\1\0\0" + b"\2\0\3\1\0\0" + b"\0\1"
    found = pixels_of(opened(bmp_file(8, runs, palette=table, packing=1)))
    assert tuple(found[2, 0]) == (255, 0, 0)
    assert tuple(found[0, 4]) == (0, 255, 0)
    rows = np.arange(48, dtype=np.uint8).tobytes()
    found = pixels_of(opened(bmp_file(24, rows, size=(5, -3))))
    assert tuple(found[0, 0]) == (2, 1, 0)


def test_the_largest_picture_of_an_icon_opens_with_its_transparency(opened):
    picture = Image.fromarray(pictures.noise(64, 64, 4))
    for kind in ("png", "bmp"):
        stream = io.BytesIO()
        picture.save(stream, "ICO", sizes=[(16, 16), (64, 64), (32, 32)], bitmap_format=kind)
        found = opened(stream.getvalue())
        assert found.notes == ("The file holds 3 pictures; the largest one was opened.",)
        assert np.array_equal(pixels_of(found), np.asarray(picture))


def test_maps_of_text_of_bits_and_of_other_whites_come_in(opened):
    for data, wanted in (
        (b"P1 # two\n2 2\n1 0\n0 1\n", [[0, 255], [255, 0]]),
        (b"P4 2 2\n" + bytes((0b10 << 6, 0b01 << 6)), [[0, 255], [255, 0]]),
        (b"P2\n2 1 # white\n15\n 15 3", [[255, 51]]),
        (b"P5 2 1 1023\n" + struct.pack(">HH", 1023, 512), [[65535, 32800]]),
    ):
        content = opened(data)
        assert content.format == "PNM"
        assert np.array_equal(pixels_of(content)[..., 1], wanted)
    colours = opened(b"P3 1 1 255 10 20 30")
    assert tuple(pixels_of(colours)[0, 0]) == (10, 20, 30)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("packing", [None, "tga_rle"])
def test_a_tga_comes_in_exact_and_is_told_by_its_content(opened, mode, packing):
    picture = Image.fromarray(pictures.noise(21, 13, 4))
    picture = picture.convert("RGB") if mode == "P" else picture
    picture = picture.convert(mode)
    stream = io.BytesIO()
    picture.save(stream, "TGA", compression=packing)
    found = opened(stream.getvalue())
    assert found.format == "TGA"
    wanted = picture.convert("RGBA" if mode == "RGBA" else "RGB")
    assert np.array_equal(pixels_of(found), np.asarray(wanted))


@pytest.mark.parametrize("packing", [None, "tga_rle"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_tga_that_ends_early_opens_as_far_as_it_goes(opened, mode, packing):
    picture = Image.fromarray(pictures.noise(40, 30, 4)).convert(mode)
    stream = io.BytesIO()
    picture.save(stream, "TGA", compression=packing, orientation=1)
    data = stream.getvalue()
    footer = 26 if data.endswith(b"TRUEVISION-XFILE.\0") else 0
    found = opened(data[: 18 + (len(data) - 18 - footer) * 3 // 4])
    (note,) = found.notes
    share = int(note.removeprefix("The file ends early; ").split()[0])
    assert 60 <= share <= 75
    rows = 30 * share // 100
    wanted = np.asarray(picture.convert("RGBA" if mode == "RGBA" else "RGB"))
    assert np.array_equal(pixels_of(found)[:rows], wanted[:rows])
    with pytest.raises(OpenError, match="nothing of the picture is left in it"):
        opened(data[:30])


def light_file(light, head=b""):
    coded = imagecodecs.rgbe_encode(light, header=False, rle=True)
    size = b"\n\n-Y %d +X %d\n" % light.shape[:2]
    return b"#?RADIANCE" + head + b"\nFORMAT=32-bit_rle_rgbe" + size + coded


def test_light_beyond_white_comes_in_and_goes_out(opened, tmp_path):
    light = pictures.noise(40, 30, 3, "float32") * 8
    found = opened(light_file(light))
    pixels = pixels_of(found)
    assert pixels.dtype == np.float32
    assert pixels.max() > 1
    # A shared exponent leaves 8 bits to the brightest channel.
    assert np.abs(api.to_linear(pixels) - light).max() <= light.max() / 128
    again = open_picture(export(found.document, tmp_path / "a.hdr").path)
    assert np.allclose(pixels_of(again), pixels, atol=1e-5)
    brighter = pixels_of(opened(light_file(light, b"\nEXPOSURE=2.0")))
    assert np.allclose(api.to_linear(brighter) * 2, api.to_linear(pixels), rtol=1e-4, atol=1e-5)


def test_a_picture_of_light_lies_as_its_file_says(opened):
    light = np.zeros((8, 16, 3), np.float32)
    light[0, 0] = 1
    data = light_file(light)
    for stated, place, shape in (
        (b"-Y 8 +X 16", (0, 0), (8, 16)),
        (b"+Y 8 +X 16", (7, 0), (8, 16)),
        (b"-Y 8 -X 16", (0, 15), (8, 16)),
        (b"+X 8 -Y 16", (0, 0), (16, 8)),
        (b"-X 8 -Y 16", (0, 7), (16, 8)),
    ):
        found = pixels_of(opened(data.replace(b"-Y 8 +X 16", stated)))
        assert found.shape[:2] == shape
        assert found[place].min() > 0.9


BOMBS = {
    "BMP": bmp_file(24, bytes(100), size=(30000, 30000)),
    "QOI": b"qoif" + struct.pack(">IIBB", 60000, 60000, 3, 0) + bytes(100),
    "PNM": b"P6 60000 60000 255\n" + bytes(100),
    "TGA": b"\0\0\2" + bytes(9) + struct.pack("<HHBB", 60000, 60000, 24, 0) + bytes(100),
    "Radiance": b"#?RADIANCE\n\n-Y 60000 +X 60000\n" + bytes(100),
    "ICO": struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, 140, 22)
    + bmp_file(32, bytes(100), size=(30000, 60000))[14:],
}


@pytest.mark.parametrize("format", BOMBS)
def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded(opened, format):
    with pytest.raises(OpenError, match=r"[36]0000 x [36]0000 pixels.*limit of 200 megapixels"):
        opened(BOMBS[format], pixel_limit=200_000_000)


@pytest.mark.parametrize("format", ["QOI", "TGA", "Radiance"])
def test_few_bytes_that_state_many_pixels_are_refused(opened, format):
    data = BOMBS[format]
    for old, new in ((b"60000", b"14000"), (struct.pack(">I", 60000), struct.pack(">I", 14000))):
        data = data.replace(old, new)
    data = data.replace(struct.pack("<H", 60000), struct.pack("<H", 14000))
    with pytest.raises(OpenError, match="cannot become the"):
        opened(data, pixel_limit=200_000_000)

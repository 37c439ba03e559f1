"""JPEG XL, JPEG 2000, JPEG XR and OpenEXR: depth, light, colours and metadata in and out."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import imagecodecs
import numpy as np
import OpenEXR
import pytest

from safelight import api
from safelight.document import Metadata
from safelight.files import ExportOptions, OpenError, export, open_picture
from safelight.files.codecs import jxl
from safelight.files.codecs.heif_boxes import box
from safelight.files.codecs.jxl_header import Head
from safelight.files.colours import stated_colours
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile
from tests import pictures
from tests.files.boxes import put_together
from tests.files.test_export import document_of, pixels_of

LOSSLESS = ExportOptions(lossless=True)
SUFFIX = {"JPEG XL": ".jxl", "JPEG 2000": ".jp2", "OpenEXR": ".exr"}


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data, **options):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_bytes


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("format", "depth"),
    [
        *[("JPEG XL", depth) for depth in ("uint8", "uint16", "float32")],
        *[("JPEG 2000", depth) for depth in ("uint8", "uint16")],
    ],
)
def test_without_loss_pixels_and_metadata_come_back_as_they_were(tmp_path, format, depth, channels):
    pixels = pictures.noise(61, 43, channels, depth)
    if depth == "float32":
        pixels[..., :3] = pixels[..., :3] * 4 - 1
    kept = Metadata(exif=pictures.exif_block(1), xmp=pictures.XMP)
    document = document_of(pixels, metadata=kept)
    exported = export(document, tmp_path / f"a{SUFFIX[format]}", LOSSLESS)
    found = open_picture(exported.path)
    assert exported.notes == found.notes == ()
    assert pixels_of(found).tobytes() == pixels.tobytes()
    assert found.document.metadata == kept
    assert found.document.profile.is_srgb


def test_what_is_packed_around_a_jpeg_xl_is_unpacked_once_for_each_kind(opened, monkeypatch):
    packed = b"xml " + imagecodecs.brotli_encode(pictures.XMP)
    other = b"junk" + imagecodecs.brotli_encode(bytes(1 << 20))
    data = jxl_file(pictures.noise(40, 30), usecontainer=True)
    boxes = put_together([(b"brob", other)] * 20 + [(b"brob", packed)] * 20)
    decode, unpacked = imagecodecs.brotli_decode, []

    def counted(body, **options):
        unpacked.append(body)
        return decode(body, **options)

    monkeypatch.setattr(imagecodecs, "brotli_decode", counted)
    result = opened(data + boxes)
    assert b"Secret Town" in result.document.metadata.xmp
    assert len(unpacked) == 1


def test_tiles_of_an_openexr_that_are_far_larger_than_its_picture_are_refused(opened):
    stream = io.BytesIO()
    told = {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}
    OpenEXR.File(told, {"RGB": pictures.noise(40, 30, 3, "float32")}).write(stream)
    data = stream.getvalue()
    assert opened(data).format == "OpenEXR"
    at = data.index(b"tiles\0tiledesc\0") + 19
    for across, down in ((1 << 24, 1 << 23), (2048, 2048), (0xFFFFFFFF, 0xFFFFFFFF)):
        changed = data[:at] + struct.pack("<II", across, down) + data[at + 8 :]
        words = f"it states tiles of {across} x {down} pixels for a picture of 40 x 30"
        with pytest.raises(OpenError, match=words):
            opened(changed)


@pytest.mark.parametrize("format", ["JPEG XL", "JPEG 2000"])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_a_grey_picture_stays_in_one_channel(tmp_path, format, depth):
    grey = pictures.noise(61, 43, 1, depth)
    path = tmp_path / "grey.png"
    path.write_bytes(pictures.png_file(grey))
    exported = export(open_picture(path).document, tmp_path / f"a{SUFFIX[format]}", LOSSLESS)
    content, _ = read_photograph(exported.path, None)
    assert (content.space, exported.notes) == ("grey", ())
    assert np.array_equal(content.pixels, grey)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_jpeg_xl_with_loss_looks_as_it_did_and_quality_means_size(tmp_path, depth):
    """In more than 8 bits the encoder takes numbers for light, which they are not."""
    pixels = pictures.gradient(128, 96, 3, depth)
    document = document_of(pixels)
    scale = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    sizes = []
    for quality in (40, 90):
        settings = {"quality": quality}
        exported = export(
            document, tmp_path / "a.jxl", ExportOptions(settings=settings), overwrite=True
        )
        sizes.append(exported.bytes)
    found = pixels_of(open_picture(exported.path))
    assert found.dtype == pixels.dtype
    assert np.abs(found / scale - pixels / scale).mean() < 0.01
    assert sizes[0] < sizes[1]


def test_quality_of_a_jpeg_2000_means_size(tmp_path):
    document = document_of(pictures.noise(64, 64))
    sizes = []
    for quality in (10, 60, 100):
        options = ExportOptions(quality=quality)
        sizes.append(export(document, tmp_path / "a.jp2", options, overwrite=True).bytes)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_a_jpeg_2000_keeps_profile_resolution_and_iptc(tmp_path):
    wide = Profile.from_icc(pictures.wide_profile())
    kept = Metadata(iptc=pictures.IPTC, dpi=(300.0, 150.0))
    document = document_of(pictures.noise(40, 30, 4), profile=wide, metadata=kept)
    exported = export(document, tmp_path / "a.jp2", LOSSLESS)
    found = open_picture(exported.path).document
    assert exported.notes == ()
    assert found.profile.icc == wide.icc
    assert found.metadata.iptc == pictures.IPTC
    assert np.allclose(found.metadata.dpi, (300, 150), atol=0.02)


@pytest.mark.parametrize("bits", [1, 4, 10, 12])
def test_a_jpeg_2000_of_other_bits_fills_the_scale(opened, bits):
    full = 2**bits - 1
    levels = (np.arange(64 * 64) % (full + 1)).reshape(64, 64)
    held = levels.astype(np.uint8 if bits <= 8 else np.uint16)
    data = imagecodecs.jpeg2k_encode(held, 0, reversible=True, bitspersample=bits)
    found = pixels_of(opened(bytes(data)))[..., 0]
    white = 255 if bits <= 8 else 65535
    assert np.array_equal(found, np.floor(levels * white / full + 0.5))


def jxl_file(pixels, **options):
    return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=1, **options))


def test_a_jpeg_xl_of_light_is_seen_as_light(opened):
    """The encoder marks 16 bits as having no curve."""
    found = opened(jxl_file(np.full((8, 8, 3), 32768, np.uint16)))
    assert found.document.profile.name == "sRGB, gamma 1"
    assert found.notes == (stated_colours.ADDED,)
    seen = found.document.profile.to_srgb(np.full((1, 1, 3), 0.5, np.float32))
    assert np.allclose(seen, 0.7354, atol=0.001)


def test_what_surrounds_a_jpeg_xl_is_read_packed_and_in_parts(opened):
    coded = jxl_file(pictures.noise(40, 30))
    exif = b"\0\0\0\6Exif\0\0" + pictures.exif_block(6)
    packed = b"xml " + imagecodecs.brotli_encode(pictures.XMP)
    half = len(coded) // 2
    data = b"".join(
        (
            b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl "),
            box(b"Exif", exif) + box(b"brob", packed),
            box(b"jxlp", b"\0\0\0\0" + coded[:half]),
            box(b"jxlp", b"\x80\0\0\1" + coded[half:]),
        )
    )
    found = opened(data).document
    # How a JPEG XL lies is said in its header, whatever EXIF says.
    assert (found.width, found.height) == (40, 30)
    assert found.metadata == Metadata(exif=pictures.exif_block(1), xmp=pictures.XMP)


def test_a_packed_bomb_around_a_jpeg_xl_costs_no_memory(opened):
    packed = imagecodecs.brotli_encode(bytes(1 << 28))
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    bomb = box(b"brob", b"xml " + packed)
    data = head + bomb + box(b"jxlc", jxl_file(pictures.noise(40, 30)))
    assert opened(data).document.metadata == Metadata()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_jpeg_xr_comes_in_exact(opened, channels, depth):
    pixels = pictures.noise(40, 30, channels, depth)
    if depth == "float32":
        if channels != 3:
            pytest.skip("its encoder knows three channels")
        pixels = pixels.astype(np.float16)
    data = bytes(imagecodecs.jpegxr_encode(pixels.squeeze(), 1.0))
    found = opened(data)
    assert found.format == "JPEG XR"
    seen = pixels_of(found)[..., :channels] if channels < 4 else pixels_of(found)
    if depth == "float32":
        assert np.allclose(api.to_linear(seen), pixels.astype(np.float32), atol=1e-5)
    else:
        assert np.array_equal(seen, pixels)


def exr_file(header=None, **channels):
    stream = io.BytesIO()
    facts = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(facts | (header or {}), channels).write(stream)
    return stream.getvalue()


def planes(channels, depth=np.float32):
    light = pictures.noise(40, 30, channels, "float32") * 3
    return light, {
        name: np.ascontiguousarray(light[..., at]).astype(depth)
        for at, name in enumerate("RGBA"[:channels])
    }


@pytest.mark.parametrize("depth", [np.float16, np.float32])
def test_light_of_an_openexr_gets_the_curve_of_srgb(opened, depth):
    light, held = planes(3, depth)
    found = opened(exr_file(**held))
    pixels = pixels_of(found)
    assert (found.format, found.notes, pixels.dtype) == ("OpenEXR", (), np.float32)
    assert pixels.max() > 1
    assert np.allclose(api.to_linear(pixels), light, rtol=2e-3 if depth == np.float16 else 1e-5)
    assert found.document.profile.is_srgb


def test_transparency_of_an_openexr_is_divided_out(opened):
    light = np.full((30, 40), 0.25, np.float32)
    half = np.full((30, 40), 0.5, np.float32)
    found = pixels_of(opened(exr_file(R=light, G=light, B=light, A=half)))
    assert np.allclose(api.to_linear(found[..., :3]), 0.5, atol=1e-5)
    assert (found[..., 3] == 0.5).all()


def test_a_grey_openexr_and_one_with_more_channels_come_in(opened):
    light, held = planes(3)
    grey = opened(exr_file(Y=held["R"]))
    assert grey.document.grey
    more = opened(exr_file(**held, Z=held["R"]))
    assert more.notes == ("1 other channel was left out.",)
    layer = opened(exr_file(**{f"beauty.{name}": plane for name, plane in held.items()}))
    assert np.allclose(api.to_linear(pixels_of(layer)), light, rtol=1e-5)


def raw_exr(width, height, planes, header=()):
    """An uncompressed OpenEXR of float32 planes, each (step, pixels) with every ``step``th pixel of
    the picture: which the library reads, and does not write.
    """

    def attribute(name, kind, body):
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(body)) + body

    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(
        name.encode() + b"\0" + struct.pack("<iIii", 2, 0, step, step)
        for name, (step, _) in sorted(planes.items())
    )
    head = b"\x76\x2f\x31\x01\x02\0\0\0" + b"".join(
        attribute(*row)
        for row in (
            (b"channels", b"chlist", channels + b"\0"),
            (b"compression", b"compression", b"\0"),
            (b"dataWindow", b"box2i", window),
            (b"displayWindow", b"box2i", window),
            (b"lineOrder", b"lineOrder", b"\0"),
            (b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
            (b"screenWindowCenter", b"v2f", bytes(8)),
            (b"screenWindowWidth", b"float", struct.pack("<f", 1)),
            *header,
        )
    )
    head += b"\0"
    rows = []
    for y in range(height):
        body = b"".join(
            plane[y // step].astype("<f4").tobytes()
            for _, (step, plane) in sorted(planes.items())
            if y % step == 0
        )
        rows.append(struct.pack("<ii", y, len(body)) + body)
    places = np.cumsum([len(head) + 8 * height, *map(len, rows[:-1])]).astype("<u8")
    return head + places.tobytes() + b"".join(rows)


@pytest.mark.parametrize("step", [1, 2])
def test_an_openexr_of_light_and_chroma_opens_in_its_colours(opened, step):
    down, across = np.mgrid[0:26, 0:34].astype(np.float32)
    wanted = np.stack([0.2 + across / 60, 0.3 + down / 50, 0.6 - across / 80], axis=-1)
    light = wanted @ np.array([0.2126, 0.7152, 0.0722])
    red, blue = ((wanted[..., at] - light) / light for at in (0, 2))
    held = {"Y": (1, light), "RY": (step, red[::step, ::step]), "BY": (step, blue[::step, ::step])}
    found = opened(raw_exr(34, 26, held))
    assert (found.document.grey, found.notes) == (False, ())
    seen = api.to_linear(pixels_of(found))
    # At the last of an even number of pixels there is nothing behind to go by.
    assert np.allclose(seen[:-1, :-1], wanted[:-1, :-1], atol=1e-3 if step == 1 else 0.01)


def test_the_first_part_of_an_openexr_that_has_colours_opens(opened):
    light, held = planes(3)
    facts = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    stream = io.BytesIO()
    OpenEXR.File(
        [
            OpenEXR.Part(facts | {"name": "depth"}, {"Z": held["R"]}),
            OpenEXR.Part(facts | {"name": "beauty"}, held),
        ]
    ).write(stream)
    found = opened(stream.getvalue())
    assert np.allclose(api.to_linear(pixels_of(found)), light, rtol=1e-5)
    assert found.notes == ("The file holds 2 pictures; the first one that has colours was opened.",)


def test_a_part_of_an_openexr_that_states_more_than_its_bytes_hold_is_refused(opened):
    """Also where another part is the picture: the library decodes them all."""
    _, held = planes(3)
    facts = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    stream = io.BytesIO()
    parts = [OpenEXR.Part(facts | {"name": name}, held) for name in ("first", "second")]
    OpenEXR.File(parts).write(stream)
    data = stream.getvalue()
    at = data.rindex(b"dataWindow\0box2i\0") + 21
    huge = data[:at] + struct.pack("<4i", 0, 0, 59999, 59999) + data[at + 16 :]
    with pytest.raises(OpenError, match="60000 x 60000 pixels.*limit of 200 megapixels"):
        opened(huge, pixel_limit=200_000_000)


@pytest.mark.parametrize("names", ["Z", "G", "GZ", "mask.V"])
def test_an_openexr_of_a_channel_that_is_no_picture_opens_in_grey(opened, names):
    light = pictures.noise(40, 30, 1, "float32")[..., 0]
    held = {"mask.V": light} if "." in names else dict.fromkeys(names, light)
    found = opened(exr_file(**held))
    assert found.document.grey
    assert np.allclose(api.to_linear(pixels_of(found))[..., 0], light, rtol=1e-5)
    name = names if "." in names else names[0]
    assert found.notes[0] == (
        f"The file holds too little for colours; its channel {name} opened in grey."
    )
    assert names != "GZ" or found.notes[1] == "1 other channel was left out."


def test_a_colour_that_an_openexr_lacks_is_black(opened):
    light = np.full((30, 40), 0.25, np.float32)
    found = opened(exr_file(R=light, B=light))
    assert found.notes == ("The file holds no channel G, which became black.",)
    assert np.allclose(api.to_linear(pixels_of(found)), (0.25, 0, 0.25), atol=1e-5)


def test_primaries_that_an_openexr_states_are_kept(opened):
    p3 = np.array((0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329), np.float32)
    found = opened(exr_file({"chromaticities": tuple(p3.tolist())}, **planes(3)[1]))
    assert (found.document.profile.name, found.notes) == ("Display P3", ())


@pytest.mark.parametrize("bits", ["16", "32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_an_openexr_goes_out_and_comes_back(tmp_path, bits, channels):
    pixels = pictures.noise(40, 30, channels, "float32")
    pixels[..., :3] *= 2
    for compression in ("zip", "piz", "none"):
        settings = {"bits": bits, "compression": compression}
        exported = export(
            document_of(pixels),
            tmp_path / "a.exr",
            ExportOptions(settings=settings),
            overwrite=True,
        )
        again = pixels_of(open_picture(exported.path))
        near = 1e-5 if bits == "32" else 4e-3
        assert np.allclose(again, pixels, rtol=near, atol=near)


def test_a_wide_profile_loses_nothing_in_an_openexr(tmp_path):
    wide = Profile.from_icc(pictures.wide_profile())
    green = np.zeros((8, 8, 3), np.float32)
    green[..., 1] = 1
    settings = {"bits": "32"}
    exported = export(
        document_of(green, profile=wide), tmp_path / "a.exr", ExportOptions(settings=settings)
    )
    found = open_picture(exported.path).document
    seen = found.profile.to_srgb(found.layers[0].raster.to_array())
    assert np.allclose(api.to_linear(seen), api.to_linear(wide.to_srgb(green)), atol=2e-3)
    assert exported.notes == ()


def _jp2_bomb():
    data = bytes(imagecodecs.jpeg2k_encode(pictures.noise(40, 30), 0, codecformat="jp2"))
    at = data.index(b"\xff\x4f\xff\x51")
    return data[: at + 8] + struct.pack(">II", 60000, 60000) + data[at + 16 :]


def _jxl_bomb():
    # 60,000 across and down, in 18 bits each.
    size = 0 | 2 << 1 | 59999 << 3 | 0 << 21 | 2 << 24 | 59999 << 26
    return b"\xff\x0a" + (size | 1 << 44).to_bytes(6, "little") + bytes(40)


def _exr_bomb():
    data = exr_file(**planes(3)[1])
    at = data.index(b"dataWindow\0box2i\0") + 21
    return data[:at] + struct.pack("<4i", 0, 0, 59999, 59999) + data[at + 16 :]


def _jxr_bomb():
    data = bytearray(imagecodecs.jpegxr_encode(pictures.noise(40, 30), 1.0))
    for tag in (0xBC80, 0xBC81):
        at = data.index(struct.pack("<HH", tag, 4))
        struct.pack_into("<I", data, at + 8, 60000)
    return bytes(data)


BOMBS = {"JPEG XL": _jxl_bomb, "JPEG 2000": _jp2_bomb, "OpenEXR": _exr_bomb, "JPEG XR": _jxr_bomb}


@pytest.mark.parametrize("format", BOMBS)
def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded(opened, format):
    with pytest.raises(OpenError, match="60000 x 60000 pixels.*limit of 200 megapixels"):
        opened(BOMBS[format](), pixel_limit=200_000_000)


def test_the_header_of_a_jpeg_xl_is_read_as_its_decoder_reads_it():
    for depth in ("uint8", "uint16", "float32"):
        for channels in (1, 3, 4):
            for size in ((256, 256), (300, 200), (320, 200), (37, 911), (64, 64), (1000, 750)):
                pixels = np.zeros((size[1], size[0], channels), depth)
                data = jxl_file(pixels.squeeze())
                found = Head.of(jxl._parts(data)[0])
                assert (found.width, found.height) == size
                assert found.channels + found.alpha == channels
                assert found.floating == (depth == "float32")
                assert found.bits == 8 * np.dtype(depth).itemsize


def test_none_of_the_libraries_is_imported_before_a_file_needs_it():
    program = (
        "import sys; from safelight import files;"
        "print(*sorted({'OpenEXR', 'pi_heif', 'imagecodecs'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=300, stdout=subprocess.PIPE
    )
    assert ran.stdout.strip() == b""

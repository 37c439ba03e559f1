"""HEIC and AVIF: pixels, depth, colours, metadata and orientation are those of the file."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight.document import Metadata
from safelight.files import ExportOptions, OpenError, export, open_picture
from safelight.files.codecs import heif_layout
from safelight.files.colours import stated_colours
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile, to_float
from tests import pictures
from tests.files.boxes import with_properties
from tests.files.test_export import document_of, pixels_of

CASES = Path(__file__).parent / "cases"
LOSSLESS = ExportOptions(lossless=True)


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data, **options):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_bytes


def avif_file(pixels, **options):
    """An AVIF without loss."""
    bits = options.pop("bits", 8)
    return bytes(imagecodecs.avif_encode(pixels, 100, speed=10, bitspersample=bits, **options))


def heic_file(name):
    return (CASES / f"{name}.heic").read_bytes()


@pytest.mark.parametrize("name", ["quarters", "quarters_alpha", "quarters_grey"])
def test_a_heic_opens_with_its_colours_and_transparency(name):
    found = open_picture(CASES / f"{name}.heic")
    pixels = pixels_of(found)
    wanted = pictures.quarters(64, 48)
    if name == "quarters_grey":
        wanted = wanted[..., :1].repeat(3, axis=2)
    assert (found.format, found.notes) == ("HEIC", ())
    assert pixels.dtype == np.uint8
    assert np.abs(pixels[..., :3].astype(int) - wanted).max() <= 2
    assert pixels.shape[2] == (4 if name == "quarters_alpha" else 3)
    assert name != "quarters_alpha" or (pixels[..., 3] == 128).all()
    assert found.document.grey == (name == "quarters_grey")


def test_a_heic_of_10_bits_opens_in_16_from_black_to_white():
    pixels = pixels_of(open_picture(CASES / "gradient_10_bit.heic"))
    wanted = pictures.gradient(64, 48, 3, "uint16")
    assert pixels.dtype == np.uint16
    assert pixels.max() == 65535
    assert len(np.unique(pixels)) > 256
    assert np.abs(pixels.astype(int) - wanted).mean() < 400


def test_a_heic_brings_its_profile_and_metadata():
    found = open_picture(CASES / "photograph.heic").document
    assert found.profile.icc == pictures.display_p3_profile()
    # What EXIF says of how it lies is for those who do not read the file's own word for it.
    assert found.metadata == Metadata(exif=pictures.exif_block(1), xmp=pictures.XMP)
    assert (found.width, found.height) == (64, 48)


TURNS = [
    *[[(b"irot", bytes([angle]))] for angle in range(4)],
    *[[(b"imir", bytes([axis]))] for axis in range(2)],
    [(b"irot", b"\1"), (b"imir", b"\1")],
    [(b"clap", struct.pack(">IIIIiIiI", 40, 1, 20, 1, -5, 1, 4, 1)), (b"irot", b"\3")],
]


def lying(upright, turns):
    """A picture as those properties say: how the standard words it."""
    for kind, body in turns:
        if kind == b"irot":
            for _ in range(body[0]):
                upright = np.stack([upright[:, -1 - x] for x in range(upright.shape[1])])
        elif kind == b"imir":
            upright = upright[:, ::-1] if body[0] else upright[::-1]
        else:
            # 40 x 20 about the middle of 64 x 48, 5 to the left of it and 4 further down.
            upright = upright[18:38, 7:47]
    return upright


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
@pytest.mark.parametrize("turns", TURNS, ids=lambda x: "+".join(f"{k.decode()}" for k, _ in x))
def test_a_picture_lies_once_as_its_properties_say(opened, format, turns):
    upright = pictures.quarters(64, 48)
    data = heic_file("quarters") if format == "HEIC" else avif_file(upright)
    found = pixels_of(opened(with_properties(data, *turns)))
    wanted = lying(upright, turns)
    assert found.shape == wanted.shape
    # The lossy one is soft at its edges.
    off = np.abs(found.astype(int) - wanted).max(axis=2)
    assert np.quantile(off, 0.9) <= 2
    assert format == "HEIC" or off.max() == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_of_another_writer_stands_upright_and_is_turned_once(opened, tmp_path, orientation):
    upright = pictures.quarters(64, 48)
    stream = io.BytesIO()
    exif = b"Exif\0\0" + pictures.exif_block(orientation)
    Image.fromarray(pictures.stored_turned(upright, orientation)).save(
        stream, "AVIF", quality=100, subsampling="4:4:4", exif=exif
    )
    found = opened(stream.getvalue())
    assert found.document.width == 64
    assert np.abs(pixels_of(found).astype(int) - upright).max() <= 6
    again = open_picture(export(found.document, tmp_path / "a.jpg").path)
    assert np.abs(pixels_of(again)[:8, :8].astype(int) - upright[:8, :8]).max() <= 6
    assert again.document.width == 64


@pytest.mark.parametrize("turns", [(), ((b"irot", b"\1"),)], ids=["upright", "turned"])
def test_a_thumbnail_that_lies_on_its_side_is_not_kept(opened, turns):
    exif = pictures.exif_block(1, thumbnail=b"\xff\xd8small\xff\xd9")
    data = heif_layout.with_metadata(avif_file(pictures.quarters()), None, exif, None)
    found = opened(with_properties(data, *turns)).document.metadata.exif
    assert (b"small" in found) == (not turns)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_avif_of_10_or_12_bits_fills_16(opened, bits, channels):
    full = 2**bits - 1
    levels = np.arange(full + 1, dtype=np.uint16).reshape(-1, 64)
    pixels = levels if channels == 1 else np.dstack([levels, levels[::-1], levels, levels[:, ::-1]])
    found = pixels_of(
        opened(
            avif_file(
                np.ascontiguousarray(pixels[..., :channels] if channels > 1 else pixels), bits=bits
            )
        )
    )
    wanted = np.rint(levels * (65535 / full))
    assert found.dtype == np.uint16
    assert np.array_equal(found[..., 0], wanted)
    assert (found.min(), found.max()) == (0, 65535)
    assert found.shape[2] == max(channels, 3)


@pytest.mark.parametrize(
    ("codes", "name", "note"),
    [
        ((1, 13), "sRGB", ()),
        ((2, 2), "sRGB", ()),
        ((12, 13), "Display P3", (stated_colours.ADDED,)),
        ((9, 1), "BT.2020, the video curve", (stated_colours.ADDED,)),
        ((22, 16), "sRGB", (stated_colours.UNKNOWN,)),
        ((9, 9), "sRGB", (stated_colours.UNKNOWN,)),
    ],
)
@pytest.mark.parametrize("written", ["box", "stream"])
def test_colours_by_numbers_are_obeyed_or_a_note_says_not(opened, codes, name, note, written):
    data = avif_file(pictures.quarters(), primaries=codes[0], transfer=codes[1])
    if written == "stream":
        # Without the box, what the coded picture says of itself counts.
        data = with_properties(data, instead=b"colr")
    found = opened(data)
    assert (found.document.profile.name, found.notes) == (name, note)


def test_a_profile_counts_more_than_numbers(opened):
    icc = pictures.wide_profile()
    data = avif_file(pictures.quarters(), primaries=12, transfer=13)
    found = opened(with_properties(data, (b"colr", b"prof" + icc)))
    assert (found.document.profile.icc, found.notes) == (icc, ())


def test_display_p3_by_numbers_is_seen_as_by_its_profile(opened):
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    by_numbers = opened(avif_file(red, primaries=12, transfer=13)).document
    by_profile = opened(pictures.jpeg_file(red, icc_profile=pictures.display_p3_profile())).document
    seen = [item.profile.to_srgb(to_float(red)) for item in (by_numbers, by_profile)]
    assert np.allclose(*seen, atol=0.005)
    assert seen[0].max() > 1


@pytest.mark.parametrize("channels", [3, 4])
def test_an_avif_without_loss_is_exact_and_keeps_profile_and_metadata(tmp_path, channels):
    pixels = pictures.noise(61, 43, channels)
    kept = Metadata(exif=pictures.exif_block(1), xmp=pictures.XMP)
    document = document_of(pixels, metadata=kept, profile=Profile.from_icc(pictures.wide_profile()))
    exported = export(document, tmp_path / "a.avif", LOSSLESS)
    found = open_picture(exported.path)
    assert exported.notes == found.notes == ()
    assert np.array_equal(pixels_of(found), pixels)
    assert found.document.metadata == kept
    assert found.document.profile.icc == pictures.wide_profile()
    # Another reader sees the same.
    with Image.open(exported.path) as other:
        assert np.array_equal(np.asarray(other), pixels)
        assert other.info["icc_profile"] == pictures.wide_profile()
        assert other.info["xmp"] == pictures.XMP
        assert other.info["exif"].removeprefix(b"Exif\0\0") == pictures.exif_block(1)


@pytest.mark.parametrize(("bits", "off", "note"), [("10", 32, 10), ("12", 8, 12), ("8", 129, 8)])
def test_16_bits_become_as_many_as_asked_and_a_note_says_so(tmp_path, bits, off, note):
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.dstack([levels, levels[::-1], levels.T])
    settings = {"bits": bits, "lossless": True, "speed": 10}
    exported = export(document_of(pixels), tmp_path / "a.avif", ExportOptions(settings=settings))
    found = pixels_of(open_picture(exported.path))
    assert exported.notes == (f"16 bits a channel became {note}.",)
    wide = found.astype(int) * (257 if found.dtype == np.uint8 else 1)
    assert np.abs(wide - pixels).max() <= off


def test_a_grey_picture_is_grey_in_an_avif(tmp_path):
    grey = pictures.noise(40, 30, 1)
    path = tmp_path / "grey.png"
    path.write_bytes(pictures.png_file(grey))
    exported = export(open_picture(path).document, tmp_path / "a.avif", LOSSLESS)
    content, _ = read_photograph(exported.path, None)
    assert (content.space, exported.notes) == ("grey", ())
    assert np.array_equal(content.pixels, grey)


def test_quality_and_fineness_of_an_avif_mean_size(tmp_path):
    document = document_of(pictures.noise(96, 96, 3))
    sizes = {}
    for settings in ({"quality": 30}, {"quality": 80}, {"quality": 80, "subsampling": "444"}):
        path = tmp_path / "a.avif"
        exported = export(document, path, ExportOptions(settings=settings), overwrite=True)
        sizes[str(settings)] = exported.bytes
    assert sorted(sizes.values()) == list(sizes.values())


def test_the_first_picture_of_an_animated_avif_opens_with_a_note(opened):
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "lime", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, "AVIF", save_all=True, append_images=frames[1:], quality=100)
    found = opened(stream.getvalue())
    assert np.abs(pixels_of(found).astype(int) - (255, 0, 0)).max() <= 3
    assert found.notes == ("The file is an animation; its first picture was opened.",)


def restated(data, kind, at, new):
    """The file with other bytes in its first box of a kind."""
    place = data.index(kind) + 4 + at
    return data[:place] + new + data[place + len(new) :]


HUGE = struct.pack(">II", 65000, 65000)


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded(opened, format):
    data = heic_file("quarters") if format == "HEIC" else avif_file(pictures.quarters())
    huge = data.replace(b"ispe\0\0\0\0", b"ispe\0\0\0\0" + HUGE)
    for place in [at for at in range(len(data)) if data.startswith(b"ispe", at)]:
        huge = data[: place + 8] + HUGE + data[place + 16 :]
    with pytest.raises(OpenError, match="65000 x 65000 pixels"):
        opened(huge, pixel_limit=200_000_000)


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_coded_picture_larger_than_the_file_says_is_refused_before_it_is_decoded(opened, format):
    """The boxes of a small picture around the coded one of a larger."""
    flat = np.zeros((150, 200, 3), np.uint8)
    small = data = heic_file("flat") if format == "HEIC" else avif_file(flat)
    for at in range(len(data)):
        if data.startswith(b"ispe", at):
            small = small[: at + 8] + struct.pack(">II", 32, 32) + small[at + 16 :]
    words = "states a picture of 32 x 32 pixels, and holds one of (200 x 150|256 x 192|200 x 152)"
    with pytest.raises(OpenError, match=words):
        opened(small)


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_cut_anywhere_it_opens_or_is_a_clear_error(opened, format):
    data = heic_file("photograph") if format == "HEIC" else avif_file(pictures.noise(60, 40))
    for length in [*range(1, 60), *range(60, len(data), len(data) // 40)]:
        try:
            assert opened(data[:length]).notes
        except OpenError:
            continue
    cut = data[: len(data) * 3 // 4]
    if format == "HEIC":
        # It is of tiles, and these are there: only what describes it is not.
        assert opened(cut).notes[0].startswith("The file ends early; ")
        return
    with pytest.raises(OpenError, match=r"ends early \(\d+ % .*an AVIF cannot be opened in part"):
        opened(cut)

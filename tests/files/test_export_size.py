"""What an export does to the picture: its size, sharpening, the bytes it may have, metadata."""

import os
import threading

import numpy as np
import pytest
from PIL import Image

from safelight.document import Document, Metadata
from safelight.files import (
    ExportError,
    ExportOptions,
    content_of,
    encoded,
    export,
    exported_formats,
    finishes,
    narrowed,
    open_picture,
    seen_in,
    sides,
)
from safelight.files.codecs import Codec, codec
from safelight.files.metadata.kept_metadata import kept
from safelight.pixels import Raster, from_float, known_profile, to_float


def picture(height=300, width=400, seed=0):
    """Gradients, edges and grain."""
    y, x = np.mgrid[:height, :width]
    grain = np.random.default_rng(seed).normal(0, 4, (height, width))
    planes = [128 + 70 * np.sin(x / wave) * np.cos(y / (wave + 9)) + grain for wave in (37, 61, 89)]
    pixels = np.clip(np.stack(planes, 2), 0, 255).astype(np.uint8)
    pixels[40:90, 50:120] = 240
    return pixels


def document(pixels=None, **facts):
    return Document.from_raster(Raster.from_array(picture() if pixels is None else pixels), **facts)


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ({"resize": "no", "size": 100}, (400, 300)),
        ({"resize": "longest", "size": 100}, (100, 75)),
        ({"resize": "width", "size": 200}, (200, 150)),
        ({"resize": "height", "size": 100}, (133, 100)),
        ({"resize": "percent", "size": 50}, (200, 150)),
        ({"resize": "longest", "size": 800}, (400, 300)),
        ({"resize": "longest", "size": 800, "enlarge": True}, (800, 600)),
    ],
)
def test_a_file_has_the_size_that_is_asked_for_and_is_never_larger_unasked(tmp_path, told, made):
    options = ExportOptions(**told)
    assert sides(document(), options) == made
    path = export(document(), tmp_path / "a.png", options).path
    assert Image.open(path).size == made


def test_what_is_resized_is_the_picture_that_was_there(tmp_path):
    path = export(document(), tmp_path / "a.png", ExportOptions(resize="percent", size=50)).path
    small = np.asarray(Image.open(path)).astype(int)
    mean = picture().reshape(150, 2, 200, 2, 3).mean((1, 3))
    assert np.abs(small - mean).mean() < 2.5


def test_sharpening_adds_to_edges_and_nothing_to_what_is_even_nor_any_colour(tmp_path):
    pixels = np.full((60, 80, 3), (90, 110, 70), np.uint8)
    pixels[:, 40:] = (150, 170, 130)
    steps = []
    for amount in ("low", "standard", "high"):
        options = ExportOptions(sharpen="print", sharpness=amount)
        path = export(document(pixels), tmp_path / f"{amount}.png", options).path
        made = np.asarray(Image.open(path)).astype(int)
        assert (made[:, :30] == pixels[:, :30]).all()
        assert (made[:, 50:] == pixels[:, 50:]).all()
        assert np.ptp(made - pixels.astype(int), axis=2).max() <= 1  # all channels alike
        steps.append(int(made[30, 40:44, 0].max() - made[30, 36:40, 0].min()))
    assert 60 < steps[0] < steps[1] < steps[2]


def test_sharpening_shows_no_seams(tmp_path):
    pixels = picture(700, 60)
    sharp = ExportOptions(sharpen="print", sharpness="high")
    whole = Image.open(export(document(pixels), tmp_path / "a.png", sharp).path)
    part = Image.open(export(document(pixels[200:320]), tmp_path / "b.png", sharp).path)
    assert (np.asarray(whole)[210:310] == np.asarray(part)[10:110]).all()


@pytest.mark.parametrize("kilobytes", [20, 60, 150])
def test_a_jpeg_is_made_as_large_as_it_may_be_within_three_per_cent(tmp_path, kilobytes):
    pixels = picture(600, 800)
    exported = export(document(pixels), tmp_path / "a.jpg", ExportOptions(kilobytes=kilobytes))
    assert 0.97 * kilobytes * 1000 <= exported.bytes <= kilobytes * 1000
    assert exported.notes == ()
    assert Image.open(exported.path).size == (800, 600)


@pytest.mark.parametrize("format", ["JPEG", "WebP", "JPEG XL"])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_a_file_of_some_size_takes_few_encodings(monkeypatch, format, share):
    known, made = codec(format), []
    content = content_of(document(picture(300, 400)), ExportOptions(format=format))
    largest = len(encoded(content, ExportOptions(format=format, quality=100)))
    encode = Codec.encode

    def counted(*given, **more):
        made.append(given)
        return encode(*given, **more)

    monkeypatch.setattr(Codec, "encode", counted)
    kilobytes = max(round(largest * share / 1000), 1)
    data = encoded(content, ExportOptions(format=format, kilobytes=kilobytes))
    assert 0.9 * kilobytes * 1000 <= len(data) <= kilobytes * 1000
    assert known.recognises(data[:64])
    assert len(made) <= 8


def test_a_size_that_cannot_be_reached_is_told(tmp_path):
    exported = export(document(), tmp_path / "a.jpg", ExportOptions(kilobytes=1))
    assert "that is the least" in exported.notes[0]
    exported = export(document(), tmp_path / "a.png", ExportOptions(kilobytes=1))
    assert "no quality here that could be lowered" in exported.notes[0]
    assert export(document(), tmp_path / "b.jpg", ExportOptions(kilobytes=9000)).notes == ()


def test_a_quality_between_two_is_between_them():
    content = content_of(document(picture(600, 800)), ExportOptions(format="JPEG"))

    def size(quality):
        settings = {"quality": quality, "subsampling": "444"}
        return len(encoded(content, ExportOptions(format="JPEG", settings=settings)))

    assert size(84) < size(84.5) < size(85)


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions(format="JPEG", quality=70, resize="longest", size=1300),
        ExportOptions(format="JPEG", kilobytes=80),
        ExportOptions(format="PNG", sharpen="screen"),
        ExportOptions(format="WebP", metadata="none"),
        ExportOptions(format="TIFF", depth=16),
    ],
)
def test_the_bytes_of_the_preview_are_those_of_the_file(tmp_path, options):
    shown = document(picture(1100, 1400))
    data = encoded(content_of(shown, options), options)
    path = export(shown, tmp_path / "file", options).path
    assert path.read_bytes() == data
    assert seen_in(data, options).pixels.shape[:2] == sides(shown, options)[::-1]


class Enough(Exception):
    """Somebody wants no more."""


@pytest.mark.parametrize("format", [item.name for item in exported_formats() if item.write])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.7, 0.9])
def test_an_export_that_is_cancelled_leaves_no_file_and_no_thread(tmp_path, format, share):
    threads = threading.active_count()

    def hear(done):
        if done >= share:
            raise Enough

    shown = document(picture(1100, 1400))
    with pytest.raises(Enough):
        export(shown, tmp_path / "a", ExportOptions(format=format), hear=hear)
    assert os.listdir(tmp_path) == []
    assert threading.active_count() <= threads


def test_a_cancelled_export_leaves_the_old_file_as_it_was(tmp_path):
    (tmp_path / "a.png").write_bytes(b"mine")

    def hear(done):
        if done > 0.6:
            raise Enough

    with pytest.raises(Enough):
        export(document(picture(900, 900)), tmp_path / "a.png", overwrite=True, hear=hear)
    assert (tmp_path / "a.png").read_bytes() == b"mine"


def test_how_far_an_export_is_only_grows(tmp_path):
    heard = []
    export(document(picture(900, 900)), tmp_path / "a.png", hear=heard.append)
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] == 1


def test_what_an_export_does_to_the_picture_is_declared_and_checked():
    names = [item.name for item in finishes()]
    assert {"resize", "size", "sharpen", "kilobytes"} <= set(names)
    for wrong in ({"resize": "wide"}, {"size": 0}, {"kilobytes": -1}, {"sharpness": "much"}):
        with pytest.raises(ExportError):
            ExportOptions(**wrong)


def exif_with_place():
    exif = Image.Exif()
    exif[271], exif[315], exif[33432] = "Maker", "Ada", "(c) Ada"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 34.5), 3: "E", 4: (11.0, 34.0, 56.5)})
    exif.get_ifd(0x8769).update({0x927C: b"Panasonic Zugspitze", 37386: 50.0})
    return exif.tobytes().removeprefix(b"Exif\0\0")


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    b' xmlns:e="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" e:GPSLatitude="48,12.575N"'
    b" photoshop:City='Garmisch' dc:format=\"image/jpeg\">"
    b"<e:GPSLongitude>11,34.94E</e:GPSLongitude><photoshop:Country>Bavaria</photoshop:Country>"
    b"<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
IPTC = b"\x1c\x02\x50\x00\x03Ada\x1c\x02\x5a\x00\x08Garmisch\x1c\x02\x65\x00\x07Bavaria"
PLACES = b"Garmisch", b"Bavaria", b"48,12", b"11,34", b"Zugspitze", b"GPS"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_without_the_location_nothing_of_it_is_in_the_file_and_all_else_is(tmp_path, suffix):
    metadata = Metadata(exif=exif_with_place(), xmp=XMP, iptc=IPTC)
    shown = document(metadata=metadata)
    options = ExportOptions(metadata="without location")
    data = export(shown, tmp_path / f"a{suffix}", options).path.read_bytes()
    assert not [word for word in PLACES if word in data]
    told = open_picture(tmp_path / f"a{suffix}").document.metadata
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + told.exif)
    assert exif[315] == "Ada"
    assert exif.get_ifd(0x8769)[37386] == 50
    assert 0x8825 not in exif
    assert b"Ada" in told.xmp
    assert b'dc:format="image/jpeg"' in told.xmp


def test_a_block_that_cannot_be_read_might_name_the_place_and_goes():
    hurt = Metadata(exif=exif_with_place()[:40], xmp=XMP.decode().encode("utf-16"))
    assert kept(hurt, "without location") == Metadata()


@pytest.mark.parametrize("choice", ["copyright", "none"])
def test_with_less_metadata_nothing_of_the_place_is_left_either(tmp_path, choice):
    metadata = Metadata(exif=exif_with_place(), xmp=XMP, iptc=IPTC)
    shown, options = document(metadata=metadata), ExportOptions(metadata=choice)
    data = export(shown, tmp_path / "a.jpg", options).path.read_bytes()
    assert not [word for word in PLACES if word in data]
    assert (b"Ada" in data) == (choice == "copyright")


WIDE = ["ProPhoto_RGB", "Rec_2020", "linear_sRGB"]


def deep(profile, depth="uint16"):
    pixels = from_float(to_float(picture()), depth)
    return document(pixels, profile=known_profile(profile))


@pytest.mark.parametrize("profile", WIDE)
@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_where_8_bits_are_too_few_for_a_wide_profile_the_file_is_srgb_and_a_note_says_so(
    tmp_path, profile, suffix
):
    made = deep(profile)
    exported = export(made, tmp_path / f"a{suffix}")
    assert open_picture(exported.path).document.profile.name == "sRGB"
    (note,) = [note for note in exported.notes if "sRGB" in note]
    assert note == (
        f"Colours were converted from {made.profile.name} to sRGB: 8 bits are too few steps for so"
        " wide a space."
    )
    assert narrowed(made, ExportOptions(format=suffix[1:]))


@pytest.mark.parametrize(
    ("profile", "depth", "name", "told"),
    [
        ("ProPhoto_RGB", "uint16", "a.tif", {}),
        ("ProPhoto_RGB", "uint16", "a.png", {}),
        ("ProPhoto_RGB", "uint8", "a.jpg", {}),  # no finer steps are lost that it has not lost yet
        ("ProPhoto_RGB", "uint16", "a.jpg", {"keep_profile": True}),
        ("Adobe_RGB", "uint16", "a.jpg", {}),
        ("Display_P3", "uint16", "a.jpg", {}),
        ("grey_gamma_2.2", "uint16", "a.jpg", {}),
    ],
)
def test_what_the_file_carries_well_or_is_asked_for_keeps_its_profile(
    tmp_path, profile, depth, name, told
):
    made = deep(profile, depth)
    exported = export(made, tmp_path / name, ExportOptions(**told))
    assert open_picture(exported.path).document.profile.name == made.profile.name
    assert not any("converted" in note for note in exported.notes)


def test_a_wide_picture_of_8_bits_by_choice_is_srgb_in_every_format(tmp_path):
    for name in ("a.png", "a.tif"):
        exported = export(deep("ProPhoto_RGB"), tmp_path / name, ExportOptions(depth=8))
        assert open_picture(exported.path).document.profile.name == "sRGB"


def test_a_preset_that_keeps_the_profile_is_remembered():
    options = ExportOptions(keep_profile=True)
    assert ExportOptions.from_json(options.to_json()) == options

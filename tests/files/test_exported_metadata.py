"""Carried: a fact that stands in several places is read from all and corrected in all, and what a
format has no place for goes where it has one.
"""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from safelight.document import DECLARED, Metadata
from safelight.files import export, open_picture
from safelight.files.codecs import jpeg
from safelight.files.metadata import (
    descriptive_changes,
    exif_for_export,
    ifd,
    maker_notes,
    metadata,
    xmp,
    xmp_for_export,
)
from safelight.files.metadata.exported_metadata import for_file
from safelight.files.metadata.metadata_list import listed
from tests import pictures
from tests.files.test_export import document_of

CASES = Path(__file__).parent / "cases"
SUFFIXES = (".jpg", ".png", ".tif", ".webp")


@pytest.fixture
def exiftool():
    """What ExifTool reads in a file: {group and tag: text}."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")

    def read(path, *tags):
        told = subprocess.run(
            ["exiftool", "-j", "-G1", "-a", "-struct", "-n", *(tags or ["-all"]), str(path)],
            capture_output=True,
            check=True,
            timeout=120,
        )
        return json.loads(told.stdout)[0]

    return read


def exported(tmp_path, name, suffix, *commands):
    """A case, edited and exported: what was opened, the file, and the notes of the export."""
    document = open_picture(CASES / name).document
    for command, settings in commands:
        document = DECLARED[command](**settings).apply(document)
    path = tmp_path / f"written{suffix}"
    return document, path, export(document, path).notes


def test_exif_in_a_text_of_a_png_is_read(tmp_path, exiftool):
    document, path, _ = exported(tmp_path, "rawprofile.png", ".png")
    assert (document.width, document.height) == (8, 16)
    assert exiftool(path)["IFD0:Orientation"] == 1
    assert exiftool(path)["IFD0:Artist"] == "Nobody"


@pytest.mark.parametrize("kind", ["exif", "APP1", "xmp", "iptc", "8bim"])
def test_what_programs_pack_into_texts_of_a_png_is_read(tmp_path, kind):
    iptc = pictures.IPTC + bytes(len(pictures.IPTC) % 2)
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(pictures.IPTC)) + iptc
    data = {
        "exif": b"Exif\0\0" + pictures.exif_block(),
        "APP1": b"http://ns.adobe.com/xap/1.0/\0" + pictures.XMP,
        "xmp": pictures.XMP,
        "iptc": pictures.IPTC,
        "8bim": resource,
    }[kind]
    digits = data.hex()
    rows = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    name = f"Raw profile type {kind}\0\0".encode()
    text = f"\n{kind}\n{len(data):8}\n{rows}\n".encode()
    chunk = pictures.png_chunk(b"zTXt", name + zlib.compress(text))
    whole = pictures.png_file(pictures.quarters())
    (tmp_path / "raw.png").write_bytes(whole[:33] + chunk + whole[33:])
    held = open_picture(tmp_path / "raw.png").document.metadata
    expected = {
        "exif": Metadata(exif=pictures.exif_block()),
        "APP1": Metadata(xmp=pictures.XMP),
        "xmp": Metadata(xmp=pictures.XMP),
        "iptc": Metadata(iptc=pictures.IPTC),
        "8bim": Metadata(iptc=pictures.IPTC),
    }[kind]
    assert held == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_orientation_in_xmp_alone_is_obeyed_once(tmp_path, suffix):
    document, path, _ = exported(tmp_path, "xmp_orient6.png", suffix)
    assert (document.width, document.height) == (64, 96)
    again = open_picture(path).document
    assert (again.width, again.height) == (64, 96)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_texts_of_a_png_are_kept_or_said_elsewhere(tmp_path, suffix, exiftool):
    _, path, notes = exported(tmp_path, "text.png", suffix)
    told = " ".join(map(str, exiftool(path).values()))
    assert notes == ()
    for text in ("Test title", "Nobody", "(c) nobody", "seed 1", "a comment"):
        assert text in told


def test_a_text_that_contradicts_what_xmp_says_is_named(tmp_path):
    held = Metadata(xmp=pictures.XMP, texts=(("Author", "Somebody else"),))
    notes = export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.webp").notes
    assert notes == ("What the file says under Author was left out: WebP has no place for it.",)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_comment_of_a_jpeg_is_kept(tmp_path, suffix, exiftool):
    _, path, notes = exported(tmp_path, "comment.jpg", suffix)
    assert "hello comment" in exiftool(path).values()
    assert notes == ()


@pytest.mark.parametrize("text", ["plain", "größer — 見", "x" * 100_000])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_comment_comes_back_as_it_was(tmp_path, suffix, text):
    held = Metadata(texts=(("Comment", text),))
    export(document_of(pictures.quarters(), metadata=held), tmp_path / f"x{suffix}")
    again = open_picture(tmp_path / f"x{suffix}").document.metadata
    assert "".join(said for _, said in again.texts) == text


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["exif_only_300dpi.jpg", "exif300.webp"])
def test_a_resolution_in_exif_alone_is_stated_where_the_formats_readers_look(
    tmp_path, name, suffix, exiftool
):
    document, path, _ = exported(tmp_path, name, suffix)
    assert document.metadata.dpi == (300.0, 300.0)
    found = exiftool(path)
    place = {".jpg": "JFIF:XResolution", ".png": "PNG-pHYs:PixelsPerUnitX"}
    assert found[place.get(suffix, "IFD0:XResolution")] in (300, 11811)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_resolution_is_stated_in_every_place(tmp_path, suffix, exiftool):
    packet = pictures.XMP.replace(
        b" photoshop:City",
        b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:XResolution="300/1"'
        b' tiff:YResolution="300/1" tiff:ResolutionUnit="2" photoshop:City',
    )
    opened = open_picture(CASES / "exif_only_300dpi.jpg").document
    document = replace(opened, metadata=replace(opened.metadata, xmp=packet))
    document = DECLARED["resize"](dpi=240).apply(document)
    export(document, tmp_path / f"x{suffix}")
    found = exiftool(tmp_path / f"x{suffix}", "-XResolution", "-YResolution")
    assert {value for key, value in found.items() if "Resolution" in key} == {240}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_xmp_shows_nothing_of_the_picture_before_and_states_the_size_as_it_is(
    tmp_path, suffix, exiftool
):
    _, path, _ = exported(tmp_path, "xmp.jpg", suffix, ("resize", {"width": 128, "height": 96}))
    found = exiftool(path)
    names = ("XMP-tiff:ImageWidth", "XMP-tiff:ImageHeight")
    names += ("XMP-exif:ExifImageWidth", "XMP-exif:ExifImageHeight")
    assert [found[name] for name in names] == [128, 96, 128, 96]
    assert not any("Thumbnail" in name for name in found)
    assert b"xmpGImg:image" not in path.read_bytes()


def test_the_picture_as_it_was_opened_keeps_its_xmp_to_the_byte(tmp_path):
    document, path, _ = exported(tmp_path, "xmp.jpg", ".jpg")
    assert open_picture(path).document.metadata.xmp == document.metadata.xmp


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_maker_note_shows_nothing_of_the_picture_before(tmp_path, suffix):
    source = (CASES / "makernote_preview.jpg").read_bytes()
    inside = source[source.index(b"MLT0") : source.index(b"\xff\xdb")]
    at = source.index(b"\xff\xd8", 2)
    preview = source[at : source.index(b"\xff\xd9", at)]
    assert len(preview) > 500
    assert inside
    _, path, _ = exported(tmp_path, "makernote_preview.jpg", suffix, ("flip", {}))
    data = path.read_bytes()
    assert preview not in data
    assert preview[20:60] not in data[: len(data) // 2] + data[len(data) // 2 :]
    assert b"MLT0" in data


def test_a_cropped_picture_shows_nothing_of_what_was_cut_away(tmp_path):
    small = pictures.jpeg_file(pictures.quarters(16, 16))
    source = tmp_path / "source.jpg"
    source.write_bytes(
        pictures.jpeg_file(pictures.quarters(), exif=pictures.exif_block(1, thumbnail=small))
    )
    document = open_picture(source).document
    assert small in source.read_bytes()
    for command, settings in (("crop", {"box": (0, 0, 40, 40)}), ("turn", {})):
        edited = DECLARED[command](**settings).apply(document)
        export(edited, tmp_path / f"{command}.jpg")
        assert small not in (tmp_path / f"{command}.jpg").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_maker_note_keeps_its_offsets_in_every_format_and_back(tmp_path, suffix, exiftool):
    _, path, _ = exported(tmp_path, "canon_makernote.jpg", suffix)
    export(open_picture(path).document, tmp_path / "back.jpg")
    for each in (path, tmp_path / "back.jpg"):
        found = exiftool(each)
        assert found["Canon:OwnerName"] == "Ada Example"
        assert found["Canon:CanonFirmwareVersion"] == "Firmware Version 1.00"
        assert found["Canon:CanonImageType"] == "IMG:Test JPEG"
        assert "ExifTool:Warning" not in found


def test_a_maker_note_that_counts_from_its_own_beginning_is_not_changed():
    note = b"FUJIFILM" + struct.pack("<I", 12) + struct.pack("<HHHII", 1, 0x1000, 2, 8, 26)
    note += bytes(4) + b"NORMAL\0\0"
    assert maker_notes.moved(note, "<", 100, 5000) == note


def test_a_description_of_another_files_layout_is_not_carried_on(tmp_path, exiftool):
    size = ("resize", {"width": 128, "height": 96})
    _, path, notes = exported(tmp_path, "shaped.tif", ".tif", size)
    assert "IFD0:ImageDescription" not in exiftool(path)
    assert b'"shape"' not in path.read_bytes()
    assert notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "ImageJ=1.53\nimages=3\nslices=3",
        '<?xml version="1.0"?><!-- x --><OME xmlns="http://www.openmicroscopy.org/x"></OME>',
    ],
)
def test_the_layout_of_a_microscopes_file_is_left_out_with_a_note(tmp_path, text):
    entry = ifd.Entry(270, 2, len(text) + 1, text.encode() + b"\0")
    held = Metadata(exif=ifd.structure(ifd.Directory({270: entry}), "<"))
    notes = export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.tif").notes
    assert "lays its pixels out" in notes[0]
    assert text.encode() not in (tmp_path / "x.tif").read_bytes()


def test_what_people_wrote_in_a_description_stays(tmp_path, exiftool):
    text = b'ImageJ is nice, {"shape"} too\0'
    directory = ifd.Directory({270: ifd.Entry(270, 2, len(text), text)})
    held = Metadata(exif=ifd.structure(directory, "<"))
    export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.tif")
    assert exiftool(tmp_path / "x.tif")["IFD0:ImageDescription"] == text[:-1].decode()


def packet_of(inside, spaces=""):
    return xmp.packet(f'<rdf:Description rdf:about=""{spaces}>{inside}</rdf:Description>')


def test_a_file_claims_no_further_pictures_that_it_does_not_hold(tmp_path):
    spaces = (
        ' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'
        ' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
        ' xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"'
    )
    inside = "<Container:Directory><rdf:Seq><rdf:li>x</rdf:li></rdf:Seq></Container:Directory>"
    packet = xmp_for_export.xmp_for_pixels(packet_of(inside, spaces), 9, 9, same_picture=True)
    assert [node.path for node in xmp.read(packet).properties()] == ["dc:format"]


@pytest.mark.parametrize("name", ["GImage:Data", "GDepth:Data"])
def test_a_picture_from_before_an_edit_is_in_no_attribute_either(name):
    prefix = name.split(":")[0]
    space = {"GImage": "image", "GDepth": "depthmap"}[prefix]
    whole = base64.b64encode(bytes(5000)).decode()
    spaces = f' xmlns:{prefix}="http://ns.google.com/photos/1.0/{space}/" {name}="{whole}"'
    packet = packet_of("", spaces)
    assert xmp_for_export.xmp_for_pixels(packet, 9, 9, same_picture=True) == packet
    assert whole.encode() not in xmp_for_export.xmp_for_pixels(packet, 9, 9, same_picture=False)


def test_a_packet_that_cannot_be_read_and_may_show_the_picture_before_is_left_out(tmp_path):
    damaged = b"<x:xmpmeta><xmp:Thumbnails>/9j/</xmp:Thumb"
    held = Metadata(xmp=damaged)
    notes = export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.png").notes
    assert "XMP metadata was left out" in notes[0]
    assert damaged not in (tmp_path / "x.png").read_bytes()


AREAS = (
    '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="400"'
    ' stDim:h="300" stDim:unit="pixel"/></mwg-rs:Regions>'
)
AREA_SPACES = (
    ' xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
    ' xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
)


def test_marked_faces_stay_where_the_proportions_do_and_go_where_they_do_not():
    packet = packet_of(AREAS, AREA_SPACES)
    assert b"Regions" in xmp_for_export.xmp_for_pixels(packet, 800, 600, same_picture=False)
    assert b"Regions" not in xmp_for_export.xmp_for_pixels(packet, 400, 200, same_picture=False)


def test_a_panorama_states_its_pixels_as_they_are_now():
    spaces = ' xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
    inside = "".join(
        f"<GPano:{name}>{value}</GPano:{name}>"
        for name, value in {
            "CroppedAreaImageWidthPixels": 400,
            "CroppedAreaImageHeightPixels": 100,
            "FullPanoWidthPixels": 800,
            "CroppedAreaTopPixels": 50,
            "ProjectionType": "cylindrical",
        }.items()
    )
    packet = packet_of(inside, spaces)
    twice = xmp_for_export.xmp_for_pixels(packet, 800, 200, same_picture=False)
    assert [node.text for node in xmp.read(twice).properties()] == [
        *("800", "200", "1600", "100", "cylindrical")
    ]
    cut = xmp_for_export.xmp_for_pixels(packet, 300, 100, same_picture=False)
    assert list(xmp.read(cut).properties()) == []


# -- two parts of XMP -------------------------------------------------------------------------


def large_packet(count=3, each=50_000):
    spaces = ' xmlns:big="http://example.org/big/" xmlns:own="http://example.org/own/" big:note="n"'
    inside = "".join(
        f'<big:part{index} rdf:parseType="Resource"><own:text>{"abc" * each}</own:text>'
        f"</big:part{index}>"
        for index in range(count)
    )
    return packet_of(inside, spaces)


def test_xmp_larger_than_a_part_of_a_jpeg_comes_back_whole(tmp_path, exiftool):
    packet = large_packet()
    held = Metadata(
        xmp=descriptive_changes.stating(Metadata(xmp=packet), {"title": ["The title"]}).xmp
    )
    done = export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.jpg")
    assert done.notes == ()
    again = open_picture(tmp_path / "x.jpg")
    assert again.notes == ()
    said = {node.path: node.text for node in xmp.read(again.document.metadata.xmp).properties()}
    assert said == {node.path: node.text for node in xmp.read(held.xmp).properties()}
    found = exiftool(tmp_path / "x.jpg")
    assert found["XMP-dc:Title"] == "The title"
    assert "ExifTool:Warning" not in found
    assert sum("150000 bytes" in str(value) for value in found.values()) == 3


def test_a_second_part_that_is_damaged_is_left_out_with_a_note(tmp_path):
    held = Metadata(xmp=large_packet())
    export(document_of(pictures.quarters(), metadata=held), tmp_path / "x.jpg")
    data = (tmp_path / "x.jpg").read_bytes()
    mark = b"http://ns.adobe.com/xmp/extension/\0"
    at = data.rindex(mark)
    (tmp_path / "y.jpg").write_bytes(data[:at] + b"X" + data[at + 1 :])
    again = open_picture(tmp_path / "y.jpg")
    assert again.notes == ("The second part of its XMP metadata was left out: it is damaged.",)
    assert again.document.metadata.xmp is not None


# -- what is too large ------------------------------------------------------------------------


def test_of_exif_too_large_for_a_jpeg_the_largest_parts_are_left_out_and_named():
    block = pictures.exif_block(1)
    fetch = ifd.bytes_fetch(block)
    header = ifd.Header.read(fetch)
    directory = ifd.read_directory(fetch, header, header.first)
    inner = directory.children[ifd.EXIF_DIRECTORY]
    inner.entries[ifd.MAKER_NOTE] = ifd.Entry(ifd.MAKER_NOTE, 7, 70_000, bytes(70_000))
    notes: list[str] = []
    result = exif_for_export.shortened(ifd.structure(directory, "<"), 65_527, "JPEG", notes)
    assert notes == [
        "Of the EXIF metadata the maker note was left out: a JPEG holds 64 KB of EXIF metadata."
    ]
    assert metadata.describe(Metadata(result)) == metadata.describe(Metadata(block))


def test_iptc_in_the_resources_of_photoshop_in_a_tiff_is_read():
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, 3) + b"abc\0"
    other = b"8BIM" + struct.pack(">HHI", 0x0425, 0, 2) + b"xy"
    assert jpeg.resource(other + resource, jpeg.IPTC_RESOURCE) == b"abc"
    assert jpeg.resource(other, jpeg.IPTC_RESOURCE) is None


def test_a_text_finds_a_place_in_exif_that_has_no_directory_for_it_yet():
    exif = ifd.structure(ifd.Directory({315: ifd.Entry(315, 2, 4, b"Ada\0")}), "<")
    held = Metadata(exif=exif, texts=(("Warning", "hot"),))
    notes: list[str] = []
    kept = for_file(
        *(held, {"exif", "xmp"}, "JPEG", (8, 8)), same_picture=True, adobe_rgb=False, notes=notes
    )
    assert "hot" in str(listed(kept))
    assert notes == []

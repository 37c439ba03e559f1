"""Metadata: patched in place, kept as chosen, told as plain text."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import ExifTags, Image

from safelight.document import Metadata
from safelight.files import describe
from safelight.files.metadata import (
    exif_for_export,
    ifd,
    iptc,
    kept_metadata,
    metadata,
    stated_picture,
    xmp,
)
from tests import pictures

ORDERS = ["<", ">"]


def read_by_pillow(exif):
    block = Image.Exif()
    block.load(b"Exif\0\0" + exif)
    return block


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_setting_upright_changes_the_orientation_and_no_other_byte(order, orientation):
    exif = pictures.exif_block(orientation, order)
    assert stated_picture.orientation(exif) == orientation
    assert stated_picture.upright(exif) == pictures.exif_block(1, order)


@pytest.mark.parametrize("exif", [None, b"", b"II", b"rubbish" * 9, b"II*\0\xff\xff\xff\xff"])
def test_an_unreadable_block_counts_as_upright_and_stays_as_it_is(exif):
    assert stated_picture.orientation(exif) == 1
    if exif is not None:
        assert stated_picture.upright(exif) == exif
        assert exif_for_export.for_pixels(exif, 10, 10, same_picture=False) == exif


@pytest.mark.parametrize("number", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_counts_as_upright(number):
    assert stated_picture.orientation(pictures.exif_block(number)) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_another_size_is_stated_in_place(order):
    exif = pictures.exif_block(1, order, size=(64, 48))
    changed = exif_for_export.for_pixels(exif, 640, 480, same_picture=False)
    assert changed == pictures.exif_block(1, order, size=(640, 480))


def test_the_same_or_a_turned_size_changes_no_byte():
    exif = pictures.exif_block(1, size=(64, 48), thumbnail=b"\xff\xd8small\xff\xd9")
    assert exif_for_export.for_pixels(exif, 64, 48, same_picture=True) == exif
    assert exif_for_export.for_pixels(exif, 48, 64, same_picture=True) == exif


@pytest.mark.parametrize("order", ORDERS)
def test_the_thumbnail_of_an_edited_picture_is_blanked_and_nothing_moves(order):
    small = pictures.jpeg_file(pictures.quarters(16, 16))
    exif = pictures.exif_block(1, order, thumbnail=small)
    assert read_by_pillow(exif).get_ifd(ExifTags.IFD.IFD1)
    changed = exif_for_export.for_pixels(exif, 64, 48, same_picture=False)
    assert len(changed) == len(exif)
    assert small not in changed
    assert not read_by_pillow(changed).get_ifd(ExifTags.IFD.IFD1)
    assert read_by_pillow(changed).get_ifd(34665) == read_by_pillow(exif).get_ifd(34665)


def test_a_thumbnail_that_claims_to_lie_elsewhere_harms_nothing():
    exif = bytearray(pictures.exif_block(1, thumbnail=b"12345678"))
    place = exif.rindex(struct.pack("<HHI", 513, 4, 1)) + 8
    exif[place : place + 4] = struct.pack("<I", 0xFFFFFFF0)
    changed = exif_for_export.for_pixels(bytes(exif), 64, 48, same_picture=False)
    assert not read_by_pillow(changed).get_ifd(ExifTags.IFD.IFD1)


def whole():
    return Metadata(pictures.exif_block(), pictures.XMP, pictures.IPTC, (300.0, 300.0))


def test_all_keeps_everything():
    assert kept_metadata.kept(whole(), "all") == whole()


def test_none_keeps_nothing():
    assert kept_metadata.kept(whole(), "none") == Metadata()


def test_copyright_keeps_who_made_it_and_who_owns_it_and_nothing_else():
    kept = kept_metadata.kept(whole(), "copyright")
    block = read_by_pillow(kept.exif)
    assert dict(block) == {315: "Ada Example", 33432: "(c) 2026 Ada Example"}
    assert b"(c) Ada &amp; Co" in kept.xmp
    assert b"Ada Example" in kept.xmp
    assert list(iptc.datasets(kept.iptc)) == [
        (1, 90, b"\x1b%G"),
        (2, 80, b"Ada Example"),
        (2, 116, b"(c) Ada"),
    ]
    together = kept.exif + kept.xmp + kept.iptc
    for secret in (b"Secret Town", b"MAKER", b"Example One", b"2026:05:04"):
        assert secret not in together
    assert kept.dpi == (300.0, 300.0)


def test_copyright_of_nothing_is_nothing():
    assert kept_metadata.kept(Metadata(), "copyright") == Metadata()
    assert kept_metadata.kept(Metadata(b"x", b"x", b"x"), "copyright") == Metadata()


def test_another_choice_is_refused():
    with pytest.raises(ValueError, match="all, without location, copyright, none"):
        kept_metadata.kept(Metadata(), "some")  # type: ignore[arg-type]


def test_xml_that_defines_entities_is_not_read():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + pictures.XMP
    assert kept_metadata.kept(Metadata(xmp=bomb), "copyright").xmp is None
    deep = b"<x>" * 200_000
    assert kept_metadata.kept(Metadata(xmp=deep), "copyright").xmp is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_photograph_is_described_in_words(order):
    assert describe(Metadata(pictures.exif_block(1, order))) == {
        "camera": "Example One",
        "lens": "Example 35 mm",
        "exposure": "1/125 s",
        "aperture": "f/2.8",
        "iso": "200",
        "focal_length": "35 mm",
        "taken": "2026:05:04 03:02:01",
        "artist": "Ada Example",
        "copyright": "(c) 2026 Ada Example",
        "gps": "yes",
    }


def test_without_exif_the_description_is_short_and_xmp_names_the_artist():
    assert describe(Metadata()) == {"gps": "no"}
    assert describe(Metadata(xmp=pictures.XMP)) == {
        "place": "Secret Town",
        "artist": "Ada Example",
        "copyright": "(c) Ada & Co",
        "gps": "no",
    }


def test_text_from_a_file_is_plain_and_short():
    evil = "A\u202eB\x1b[31m\nC\u2066D\0" + "x" * 5000
    text = describe(Metadata(pictures.exif_block(artist=evil.replace("\0", " "))))["artist"]
    assert text.startswith("AB [31m CD")
    assert len(text) == 200
    assert text.isprintable()


@pytest.mark.parametrize("order", ORDERS)
def test_a_block_taken_apart_and_written_again_says_the_same(order):
    exif = pictures.exif_block(1, order)
    fetch = ifd.bytes_fetch(exif)
    header = ifd.Header.read(fetch)
    again = ifd.structure(ifd.read_directory(fetch, header, header.first), order)
    old, new = read_by_pillow(exif), read_by_pillow(again)
    for pointer in (34665, 34853):
        assert old.get_ifd(pointer) == new.get_ifd(pointer)
        assert len(new.get_ifd(pointer)) >= 4
    assert {k: v for k, v in old.items() if k not in (34665, 34853)} == {
        k: v for k, v in new.items() if k not in (34665, 34853)
    }


def test_a_big_tiff_directory_written_again_says_the_same():
    import tifffile

    data = pictures.tiff_file(
        pictures.gradient(), photometric="rgb", bigtiff=True, description="hello", rowsperstrip=4
    )
    fetch = ifd.bytes_fetch(data)
    header = ifd.Header.read(fetch)
    directory = ifd.read_directory(fetch, header, header.first)
    start = len(data) + len(data) % 2
    moved = data + bytes(len(data) % 2) + ifd.serialise(directory, header, start)
    moved = ifd.Header(header.order, True, start).bytes() + moved[16:]
    with tifffile.TiffFile(io.BytesIO(moved)) as file:
        assert file.pages[0].description == "hello"
        assert (file.asarray() == pictures.gradient()).all()


def test_a_directory_that_points_at_itself_ends():
    exif = bytearray(pictures.exif_block())
    place = exif.index(struct.pack("<HHI", 34665, 4, 1)) + 8
    exif[place : place + 4] = struct.pack("<I", 8)
    assert describe(Metadata(bytes(exif)))["camera"] == "Example One"


def test_a_packet_of_elements_in_each_other_is_not_gone_through_to_its_end():
    deep = b"<rdf:Seq>" * 1000 + b"</rdf:Seq>" * 1000
    packet = pictures.XMP.replace(b"<dc:creator>", deep + b"<dc:creator>")
    with pytest.raises(xmp.UnreadablePacket, match="too many parts"):
        xmp.read(packet)
    shallow = b"<rdf:Seq>" * 50 + b"</rdf:Seq>" * 50
    assert xmp.read(pictures.XMP.replace(b"<dc:creator>", shallow + b"<dc:creator>")).nodes


def test_all_that_is_asked_of_a_photographs_packet_is_answered_by_reading_it_once(monkeypatch):
    packet = pictures.XMP.replace(b"Secret Town", b"Another Town")
    read, calls = xmp.read, []

    def counted(data):
        calls.append(data)
        return read(data)

    monkeypatch.setattr(xmp, "read", counted)
    metadata.known(Metadata(xmp=packet))
    assert calls.count(packet) == 1

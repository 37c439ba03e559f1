"""Facts: what people say of a photograph is written in every place that tells it, and places of the
earth can be taken away from all of them.
"""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from dataclasses import replace
from datetime import datetime

import pytest
from PIL import Image

from safelight.document import DECLARED, EditError, Metadata
from safelight.files import export, open_picture
from safelight.files.metadata import (
    descriptive_metadata,
    ifd,
    iptc,
    maker_notes,
    moment_taken,
    place_removal,
    xmp,
)
from safelight.files.metadata.metadata_list import listed
from tests import pictures
from tests.files.test_export import document_of

SUFFIXES = (".jpg", ".png", ".tif", ".webp")

PLACES = (
    "48.137",
    "11.575",
    "Munich",
    "Bavaria",
    "Germany",
    "Marienplatz",
    "DEU",
    "Old town",
    "519",
)
"""What the photograph below says of its place."""


def full():
    """Metadata that tell everything in every place that can."""
    exif = pictures.exif_block()
    packet = xmp.packet(
        '<rdf:Description rdf:about="" xmp:Rating="4" xmp:Label="Red" tiff:Artist="Ada Example"'
        ' exif:GPSLatitude="48,8.22N" exif:GPSAreaInformation="Old town" photoshop:City="Munich"'
        ' drone:GpsLatitude="48.137" drone:GpsLongtitude="11.575" drone:AbsoluteAltitude="519">'
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">The hall</rdf:li>'
        '<rdf:li xml:lang="en">The hall</rdf:li><rdf:li xml:lang="de">Die Halle</rdf:li></rdf:Alt>'
        "</dc:title><dc:subject><rdf:Bag><rdf:li>hall</rdf:li><rdf:li>evening</rdf:li></rdf:Bag>"
        "</dc:subject><lr:hierarchicalSubject><rdf:Bag><rdf:li>light|evening</rdf:li>"
        "<rdf:li>building|hall</rdf:li></rdf:Bag></lr:hierarchicalSubject>"
        "<photoshop:State>Bavaria</photoshop:State><photoshop:Country>Germany</photoshop:Country>"
        "<Iptc4xmpCore:Location>Marienplatz</Iptc4xmpCore:Location>"
        "<Iptc4xmpCore:CountryCode>DEU</Iptc4xmpCore:CountryCode>"
        '<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<Iptc4xmpExt:City>Munich</Iptc4xmpExt:City>"
        "<Iptc4xmpExt:CountryName>Germany</Iptc4xmpExt:CountryName></rdf:li></rdf:Bag>"
        '</Iptc4xmpExt:LocationCreated><Iptc4xmpCore:CreatorContactInfo rdf:parseType="Resource">'
        "<Iptc4xmpCore:CiEmailWork>ada@example.org</Iptc4xmpCore:CiEmailWork>"
        "</Iptc4xmpCore:CreatorContactInfo></rdf:Description>",
        "".join(f' xmlns:{prefix}="{space}"' for prefix, space in xmp.NAMESPACES.items())
        + ' xmlns:drone="http://www.dji.com/drone-dji/1.0/"',
    )
    record = iptc.written(
        [
            (1, 90, b"\x1b%G"),
            (2, 0, b"\0\4"),
            *((2, number, text.encode()) for number, text in IPTC),
        ]
    )
    texts = (("Title", "The hall"), ("Comment", "x"), ("exif:GPSLatitude", "48/1, 8/1"))
    return Metadata(exif, packet, record, (300.0, 300.0), texts)


IPTC = [
    (5, "The hall"),
    (25, "hall"),
    (25, "evening"),
    (55, "20260504"),
    (80, "Ada Example"),
    (90, "Munich"),
    (92, "Marienplatz"),
    (95, "Bavaria"),
    (100, "DEU"),
    (101, "Germany"),
    (110, "Example Agency"),
]


@pytest.fixture
def exiftool():
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")

    def read(path):
        told = subprocess.run(
            ["exiftool", "-j", "-G1", "-a", "-n", "-all", str(path)],
            capture_output=True,
            check=True,
            timeout=120,
        )
        return json.loads(told.stdout)[0]

    return read


def described(metadata, fact, text):
    document = replace(document_of(pictures.quarters()), metadata=metadata)
    return DECLARED["describe"](fact=fact, text=text).apply(document)


@pytest.mark.parametrize(
    ("fact", "text", "places"),
    [
        (
            "title",
            "Größe",
            ("XMP-dc:Title", "IPTC:ObjectName"),
        ),
        (
            "caption",
            "Two words",
            ("XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription"),
        ),
        ("keywords", "one, two", ("XMP-dc:Subject", "IPTC:Keywords")),
        (
            "creator",
            "Bea; Cid",
            ("XMP-dc:Creator", "IPTC:By-line", "IFD0:Artist", "XMP-tiff:Artist"),
        ),
        ("rights", "© me", ("XMP-dc:Rights", "IPTC:CopyrightNotice", "IFD0:Copyright")),
        (
            "city",
            "Ulm & <Neu>",
            ("XMP-photoshop:City", "IPTC:City", "XMP-iptcExt:LocationCreatedCity"),
        ),
    ],
)
def test_what_is_said_is_said_in_every_place(tmp_path, exiftool, fact, text, places):
    document = described(full(), fact, text)
    export(document, tmp_path / "x.jpg")
    found = exiftool(tmp_path / "x.jpg")
    told = [found[place] for place in places]
    told = ["; ".join(each) if isinstance(each, list) else each for each in told]
    expected = text.replace(", ", "; ") if fact == "keywords" else text
    assert told == [expected] * len(places)
    assert descriptive_metadata.facts(document.metadata)[fact] == descriptive_metadata.items(
        fact, text
    )
    # The maker note is made up.
    assert found["ExifTool:Warning"] == "[minor] Unrecognized MakerNotes"


@pytest.mark.parametrize(
    ("fact", "trace"),
    [
        ("title", "The hall"),
        ("keywords", "evening"),
        ("creator", ""),
        ("rights", "(c) 2026"),
        ("city", "Munich"),
    ],
)
def test_what_is_said_no_more_is_nowhere(fact, trace):
    before = full()
    assert fact in descriptive_metadata.facts(before)
    assert trace in said_by(before)
    after = described(before, fact, "").metadata
    assert fact not in descriptive_metadata.facts(after)
    assert not trace or trace not in said_by(after)


def said_by(metadata):
    held = b"".join(filter(None, (metadata.exif, metadata.xmp, metadata.iptc)))
    return held.decode("latin-1") + repr(metadata.texts)


def test_a_title_in_another_language_stays_and_one_that_said_the_same_does_not():
    after = described(full(), "title", "New").metadata
    rows = [
        row for node in xmp.read(after.xmp).properties(xmp.name("dc:title")) for row in node.items
    ]
    assert rows == [("x-default", "New"), ("de", "Die Halle")]


def test_a_keyword_that_is_gone_is_gone_from_its_tree_too():
    after = described(full(), "keywords", "hall, morning").metadata
    trees = xmp.read(after.xmp).properties(xmp.name("lr:hierarchicalSubject"))
    assert [row for node in trees for row in node.items] == [("", "building|hall")]


def test_where_nothing_stood_exif_and_xmp_are_made(tmp_path, exiftool):
    document = described(Metadata(), "creator", "Ada")
    assert document.metadata.iptc is None
    for suffix in SUFFIXES:
        export(document, tmp_path / f"x{suffix}")
        found = exiftool(tmp_path / f"x{suffix}")
        assert (found["IFD0:Artist"], found["XMP-dc:Creator"]) == ("Ada", "Ada")


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_block_that_is_written_into_keeps_every_other_value_and_its_place(order):
    exif = pictures.exif_block(1, order, thumbnail=pictures.jpeg_file(pictures.quarters(16, 16)))
    note = exif.index(b"MAKER\0")
    for text in ("Bea", "A much longer name than there was before", ""):
        exif = described(Metadata(exif), "creator", text).metadata.exif
        assert exif.index(b"MAKER\0") == note
        block = Image.Exif()
        block.load(b"Exif\0\0" + exif)
        assert block.get(315, "") == text
        assert block[272] == "Example One"
        assert block.get_ifd(34665)[42036] == "Example 35 mm"
        assert block.get_ifd(34853)[1] == "N"
    assert b"Bea" not in exif
    assert b"longer name" not in exif


def test_a_block_that_is_written_into_often_does_not_grow():
    metadata = Metadata(pictures.exif_block())
    sizes = []
    for index in range(20):
        metadata = described(metadata, "caption", f"the caption number {index:02}").metadata
        sizes.append(len(metadata.exif))
    assert len(set(sizes[1:])) == 1


def test_one_edit_is_one_step_and_one_record():
    edit = DECLARED["describe"](fact="title", text="T")
    assert edit.label == "Title"
    assert edit.record.to_json() == {"command": "describe", "settings": {"text": "T"}}


def test_xmp_that_cannot_be_read_is_not_written_into():
    with pytest.raises(EditError, match="cannot be read"):
        described(Metadata(xmp=b"<x:xmpmeta"), "title", "T")


# -- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_after_strip_location_no_place_is_left_anywhere(tmp_path, exiftool, suffix):
    document = replace(document_of(pictures.quarters()), metadata=full())
    stripped = DECLARED["strip_location"]().apply(document)
    path = tmp_path / f"x{suffix}"
    export(stripped, path)
    data = path.read_bytes()
    for text in PLACES[2:8]:
        assert text.encode() not in data
    found = exiftool(path)
    assert not [name for name in found if "GPS" in name or "Altitude" in name or "Location" in name]
    assert not [name for name in found if "City" in name or "State" in name or "Country" in name]
    assert "The hall" in str(found)
    assert found["XMP-xmp:Rating"] == 4
    assert "ada@example.org" in str(found)
    # The numbers of the place on the earth, as EXIF holds them.
    held = stripped.metadata.exif
    for order in "<>":
        assert struct.pack(order + "6I", 51, 1, 30, 1, 0, 1) not in held
        assert struct.pack(order + "6I", 7, 1, 15, 1, 0, 1) not in held
    assert DECLARED["strip_location"]().apply(stripped).metadata == stripped.metadata


def test_strip_location_keeps_what_the_maker_note_of_a_known_camera_says_beside_places():
    head = b"Panasonic\0\0\0" + struct.pack("<H", 2)
    rows = struct.pack("<HHII", 0x25, 7, 16, 100 + 46) + struct.pack("<HHII", 0x6D, 7, 8, 100 + 62)
    note = head + rows + bytes(4) + bytes(4) + b"SERIAL0000000001" + b"Secretty"
    made = maker_notes.without_places(note, "<", 100, b"Panasonic\0")
    assert b"SERIAL" in made
    assert b"Secret" not in made
    assert len(made) == len(note)
    assert maker_notes.without_places(note, "<", 100, b"Somebody\0") is None


def test_a_maker_note_of_which_nobody_knows_where_it_tells_places_goes_with_them():
    exif = place_removal.without_places(Metadata(pictures.exif_block())).exif
    assert b"MAKER" not in exif
    assert b"Example 35 mm" in exif


def test_xmp_that_cannot_be_read_goes_with_the_places():
    assert place_removal.without_places(Metadata(xmp=b"<x:xmpmeta Munich")).xmp is None


def test_strip_all_leaves_the_resolution_and_the_mark_of_a_generator(tmp_path):
    document = document_of(pictures.quarters(), metadata=full(), synthetic="wholly")
    stripped = DECLARED["strip_metadata"]().apply(document)
    assert stripped.metadata == Metadata(dpi=(300.0, 300.0))
    export(stripped, tmp_path / "x.png")
    assert open_picture(tmp_path / "x.png").document.synthetic == "wholly"


def test_a_place_and_its_thumbnail_are_nowhere_in_the_file_of_a_stripped_photograph(tmp_path):
    small = pictures.jpeg_file(pictures.quarters(16, 16))
    source = io.BytesIO(
        pictures.jpeg_file(pictures.quarters(), exif=pictures.exif_block(thumbnail=small))
    )
    (tmp_path / "s.jpg").write_bytes(source.getvalue())
    document = open_picture(tmp_path / "s.jpg").document
    stripped = DECLARED["strip_location"]().apply(document)
    export(stripped, tmp_path / "x.jpg")
    assert small in (tmp_path / "x.jpg").read_bytes()  # the picture is the one that was opened


# -- everything that is said ------------------------------------------------------------------


def test_everything_is_listed_as_plain_words():
    groups = dict(listed(full()))
    assert ("Model", "Example One") in groups["EXIF: picture"]
    assert ("Exposure time", "1/125 s") in groups["EXIF: exposure"]
    assert ("Latitude", "51.500000° N") in groups["EXIF: place"]
    assert ("Keywords", "hall, evening") in groups["IPTC"]
    assert ("Subject", "hall, evening") in groups["XMP: dc"]
    assert ("Location created / city", "Munich") in groups["XMP: Iptc4xmpExt"]
    assert ("Comment", "x") in groups["Texts"]
    for rows in groups.values():
        for name, value in rows:
            assert name.isprintable()
            assert value.isprintable()


def test_nothing_is_listed_of_nothing_and_damage_is_told():
    assert listed(Metadata()) == []
    assert listed(Metadata(b"II", b"<x:xmpmeta")) == [
        ("EXIF", [("Damaged", "2 bytes")]),
        ("XMP", [("Unreadable", "10 bytes")]),
    ]


def test_a_packet_nested_very_deep_is_listed():
    deep = xmp.packet(
        f'<rdf:Description xmlns:a="a">{"<a:b>" * 5000}x{"</a:b>" * 5000}</rdf:Description>'
    )
    assert len(listed(Metadata(xmp=deep))) == 1


def test_iptc_in_latin_1_becomes_utf_8_when_it_is_written_into():
    record = iptc.written([(2, 80, "Jörg".encode("cp1252")), (2, 5, b"Old")])
    made = iptc.stating(record, {5: ["Größe"]})
    assert iptc.texts(made) == {5: ["Größe"], 80: ["Jörg"]}
    assert next(iptc.datasets(made)) == (1, 90, b"\x1b%G")


def test_the_directory_of_a_block_without_children_is_rewritten():
    exif = ifd.structure(ifd.Directory({315: ifd.Entry(315, 2, 4, b"Ada\0")}), ">")
    made = described(Metadata(exif), "creator", "").metadata.exif
    assert made is None


def dated(original=b"", changed=b""):
    inner = {36867: ifd.Entry(36867, 2, len(original), original)} if original else {}
    main = {306: ifd.Entry(306, 2, len(changed), changed)} if changed else {}
    return ifd.structure(ifd.Directory(main, {ifd.EXIF_DIRECTORY: ifd.Directory(inner)}), "<")


NONE: frozenset[str] = frozenset()
AT = datetime(2019, 3, 7, 6, 5, 4)


@pytest.mark.parametrize(
    "told",
    [
        {"exif": dated(b"2019:03:07 06:05:04\0", b"2024:01:01 00:00:00\0")},
        {"exif": dated(b"", b"2019:03:07 06:05:04\0")},
        {"xmp": xmp.stating(None, {"photoshop:DateCreated": "2019-03-07T06:05:04.12+02:00"}, NONE)},
        {
            "exif": dated(b"0000:00:00 00:00:00\0"),
            "xmp": xmp.stating(None, {"exif:DateTimeOriginal": "2019-03-07T06:05:04Z"}, NONE),
        },
        {"iptc": iptc.written([(2, 55, b"20190307"), (2, 60, b"060504+0200")])},
    ],
)
def test_when_a_photograph_was_taken_is_read_wherever_it_is_said(told):
    assert moment_taken.taken(Metadata(**told)) == AT


def test_a_day_alone_is_a_date_and_nonsense_is_none():
    day = Metadata(xmp=xmp.stating(None, {"photoshop:DateCreated": "2019-03-07"}, NONE))
    assert moment_taken.taken(day) == datetime(2019, 3, 7)
    for text in (b"soon\0", b"2019:13:07 06:05:04\0", b"\0", b"    :  :     :  :  \0"):
        assert moment_taken.taken(Metadata(dated(text))) is None
    assert moment_taken.taken(Metadata()) is None

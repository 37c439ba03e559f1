"""Coordinates: typed by people, stated in all places that tell them, read back by ExifTool."""

import json
import shutil
import subprocess

import pytest

from safelight.document import DECLARED, EditError, Metadata
from safelight.files import export, open_picture
from safelight.files.metadata import descriptive_metadata, ifd, xmp
from safelight.files.metadata.coordinates import (
    locate,
    place_of,
    place_text,
    stating_place,
    typed_place,
)
from safelight.files.metadata.metadata_list import listed
from tests import pictures
from tests.files.test_export import document_of

ZURICH = (47.360123, 8.540456)
CAPE = (-33.9258, 18.4232)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("47.36, 8.54", (47.36, 8.54)),
        ("47.36 8.54", (47.36, 8.54)),
        ("47.36,8.54", (47.36, 8.54)),
        ("-33.9258, +18.4232", CAPE),
        ("\u221233.9258; 18.4232", CAPE),
        ("33.9258 S, 18.4232 E", CAPE),
        ("S33.9258 E18.4232", CAPE),
        ("18.4232 E, 33.9258 S", CAPE),
        ("47°21′36″ N 8°32′24″ E", (47.36, 8.54)),
        ("47°21'36\"N, 8°32'24\"E", (47.36, 8.54)),
        ("47° 21' 36.00'' N, 8° 32' 24.00'' E", (47.36, 8.54)),
        ("47 21 36 N 8 32 24 E", (47.36, 8.54)),
        ("47°21.6' N, 8°32.4' E", (47.36, 8.54)),
        ("47°21’36” N 8°32’24” O", (47.36, 8.54)),
        ("0, 0", (0, 0)),
        ("90, 180", (90, 180)),
        ("-90, -180", (-90, -180)),
        ("", None),
        ("   ", None),
    ],
)
def test_a_place_is_typed_in_decimals_or_degrees(text, place):
    found = typed_place(text)
    assert found == (None if place is None else pytest.approx(place, abs=1e-9))
    if place is not None:
        assert typed_place(place_text(found)) == pytest.approx(place, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Zurich", "type"),
        ("47.36", "type it as 47.3601, 8.5400"),
        ("91, 8", "a latitude is -90 to 90 degrees, not 91"),
        ("47, 181", "a longitude is -180 to 180 degrees, not 181"),
        ("47°60'0\" N, 8° E", "below 60"),
        ("-47 N, 8 E", "takes the place of a sign"),
        ("47 N, 8 N", "N or S, and a longitude, E or W"),
        ("1, 2, 3", "no place"),
        ("47.36, ", "no place"),
        ("nan, nan", "no angle"),
        ("1e3, 2", "no angle"),
        ("47..3, 8", "no angle"),
        ("<b>, 8", "no angle"),
    ],
)
def test_what_is_no_place_is_told_and_nothing_is_stated(text, why):
    with pytest.raises(ValueError, match=why):
        typed_place(text)
    with pytest.raises(EditError, match=why):
        locate(place=text).apply(document_of(pictures.quarters()))


def test_a_place_stands_in_exif_and_where_xmp_told_one():
    packet = xmp.stating(
        None, {"exif:GPSLatitude": "48,8.22N", "exif:GPSLongitude": "11,34.5E"}, frozenset()
    )
    assert place_of(Metadata(xmp=packet)) == pytest.approx((48.137, 11.575))
    made = stating_place(Metadata(xmp=packet), CAPE)
    for half in (Metadata(exif=made.exif), Metadata(xmp=made.xmp)):
        assert place_of(half) == pytest.approx(CAPE, abs=1e-7)
    bare = stating_place(Metadata(), ZURICH)
    assert bare.xmp is None
    assert place_of(bare) == pytest.approx(ZURICH, abs=1e-8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_place_that_is_cleared_is_nowhere_and_the_rest_stays(order):
    directory = ifd.Directory({315: ifd.Entry(315, 2, 4, b"Ada\0")})
    held = stating_place(Metadata(ifd.structure(directory, order)), ZURICH)
    assert place_of(held) == pytest.approx(ZURICH, abs=1e-8)
    cleared = stating_place(held, None)
    assert place_of(cleared) is None
    assert "EXIF: place" not in dict(listed(cleared))
    assert descriptive_metadata.facts(cleared) == {"creator": ["Ada"]}
    assert stating_place(Metadata(), None) == Metadata()


def test_coordinates_are_a_command_that_histories_and_recipes_hold():
    document = locate(place="47°21′36″ N 8°32′24″ E").apply(document_of(pictures.quarters()))
    assert place_of(document.metadata) == pytest.approx((47.36, 8.54))
    assert DECLARED["locate"] is locate
    assert place_of(locate(place="").apply(document).metadata) is None


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".jxl", ".avif"])
def test_exiftool_reads_the_place_that_was_typed(tmp_path, suffix):
    document = locate(place="33.9258 S, 18.4232 E").apply(document_of(pictures.quarters()))
    path = export(document, tmp_path / f"a{suffix}").path
    words = ["exiftool", "-j", "-n", "-GPSLatitude", "-GPSLongitude", "-Warning", str(path)]
    answer = subprocess.run(words, capture_output=True, check=True, timeout=300)
    found = json.loads(answer.stdout)[0]
    assert "Warning" not in found
    assert (found["GPSLatitude"], found["GPSLongitude"]) == pytest.approx(CAPE, abs=1e-6)
    assert place_of(open_picture(path).document.metadata) == pytest.approx(CAPE, abs=1e-6)


def test_altitude_and_direction_are_told_in_words():
    def gps(below, north):
        places = {
            5: ifd.Entry(5, 1, 1, bytes([below])),
            6: ifd.Entry(6, 5, 1, (4085).to_bytes(4, "little") + (10).to_bytes(4, "little")),
            16: ifd.Entry(16, 2, 2, north + b"\0"),
            17: ifd.Entry(17, 5, 1, (1345).to_bytes(4, "little") + (10).to_bytes(4, "little")),
        }
        exif = ifd.structure(ifd.Directory({}, {ifd.GPS_DIRECTORY: ifd.Directory(places)}), "<")
        return dict(listed(Metadata(exif)))["EXIF: place"]

    assert gps(0, b"T") == [
        ("Altitude", "408.5 m above sea level"),
        ("Img direction", "134.5° from true north"),
    ]
    assert gps(1, b"M") == [
        ("Altitude", "408.5 m below sea level"),
        ("Img direction", "134.5° from magnetic north"),
    ]

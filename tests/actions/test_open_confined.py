"""Opening by way of a confined process gives what opening in this one gives."""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight import actions, files
from safelight.actions import open_confined
from safelight.document import Document, Group, Layer, Metadata, whole
from safelight.files.codecs import photograph_parcel
from safelight.files.codecs.photograph import DamagedError, PartLost
from safelight.files.exports.openraster_export import export_openraster
from safelight.files.provenance import provenance
from safelight.pixels import Raster
from safelight.workers.decoders import DecoderFailed, Decoders
from tests import pictures
from tests.bombs import BOMBS


@pytest.mark.parametrize("codec", files.exported_formats(), ids=lambda codec: codec.name)
def test_every_format_opens_the_same_in_the_confined_process(codec, tmp_path):
    document = Document.from_raster(Raster.from_array(pictures.quarters()))
    path = tmp_path / f"a{codec.suffixes[0]}"
    files.export(document, path)
    here, there = files.open_picture(path), actions.open_picture(path)
    assert (there.notes, there.format) == (here.notes, here.format)
    assert there.document.metadata == here.document.metadata
    assert there.document.profile == here.document.profile
    assert there.document.source == here.document.source
    pixels = [item.document.layers[0].raster.to_array() for item in (here, there)]
    assert np.array_equal(*pixels)


def test_layers_open_the_same_in_the_confined_process(tmp_path):
    raster = Raster.from_array(pictures.quarters())
    group = Group((Layer("Inner", raster, opacity=0.5, mode="multiply"),))
    layers = (Layer("Below", raster), Layer("Group", group))
    document = Document(raster.width, raster.height, raster.depth, layers)
    export_openraster(document, tmp_path / "a.ora")
    here, there = (x.open_picture(tmp_path / "a.ora") for x in (files, actions))
    assert there.notes == here.notes
    names = [[layer.name for layer in item.document.layers] for item in (here, there)]
    assert names == [["Below", "Group"]] * 2
    assert np.array_equal(*(whole(item.document).to_array() for item in (here, there)))


def test_a_decoder_that_ends_while_it_decodes_is_a_sentence_about_the_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(pictures.png_file(pictures.quarters()))

    def dying(*_):
        raise DecoderFailed("what decodes it crashed (SIGSEGV)")

    monkeypatch.setattr(open_confined.shared(), "decode", dying)
    with pytest.raises(actions.OpenError, match=r"a.png cannot be opened: .*SIGSEGV"):
        actions.open_picture(path)


def test_the_limit_holds_in_the_confined_process(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(pictures.png_file(pictures.quarters()))
    with pytest.raises(actions.OpenError, match="more than the limit"):
        actions.open_picture(path, pixel_limit=10)


def strangers(tmp_path):
    """Files with something to read beside their pixels."""
    ink = np.zeros((16, 12, 4), np.uint8)
    ink[:, :8] = 128
    cmyk, tables = pictures.table_profile(b"CMYK"), pictures.table_profile()
    grey = pictures.printer_profile(b"GRAY")
    turned = pictures.exif_block(6)
    marked = provenance.marked(pictures.XMP, "wholly")
    small = pictures.quarters()
    return {
        "cmyk.jpg": pictures.jpeg_file(ink, icc_profile=cmyk, exif=b"Exif\0\0" + turned),
        "cmyk.tif": pictures.tiff_file(ink, photometric="separated", iccprofile=cmyk),
        "no_profile.jpg": pictures.jpeg_file(ink),
        "tables.jpg": pictures.jpeg_file(small, icc_profile=tables, xmp=marked),
        "grey.tif": pictures.tiff_file(small[..., 0], photometric="minisblack", iccprofile=grey),
        "adobe.jpg": pictures.jpeg_file(
            small, exif=b"Exif\0\0" + pictures.exif_block(adobe_rgb=True)
        ),
        "turned.jpg": pictures.jpeg_file(small, exif=b"Exif\0\0" + turned, xmp=pictures.XMP),
    }


def test_colours_and_metadata_come_in_the_same_from_the_confined_process(tmp_path):
    for name, data in strangers(tmp_path).items():
        (tmp_path / name).write_bytes(data)
        here, there = (x.open_picture(tmp_path / name) for x in (files, actions))
        assert (there.notes, dict(there.facts)) == (here.notes, dict(here.facts)), name
        for what in ("metadata", "profile", "source", "synthetic", "grey"):
            assert getattr(there.document, what) == getattr(here.document, what), (name, what)
        pixels = [item.document.layers[0].raster.to_array() for item in (here, there)]
        assert np.array_equal(*pixels), name


def test_nothing_of_a_strangers_file_is_read_in_the_editors_process(tmp_path):
    paths = []
    for name, data in strangers(tmp_path).items():
        (tmp_path / name).write_bytes(data)
        paths.append(str(tmp_path / name))
    program = (
        "import sys; from xml.parsers import expat; from safelight import actions;"
        "from safelight.files.metadata import xmp;"
        "expat.ParserCreate = xmp.expat.ParserCreate = None;"
        "found = [actions.open_picture(path) for path in sys.argv[1:]];"
        "print(*sorted({'imagecodecs', 'xml.etree'} & set(sys.modules)));"
        "print([x.document.synthetic for x in found].count('wholly'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *paths], check=True, timeout=300, stdout=subprocess.PIPE
    )
    assert ran.stdout.split(b"\n") == [b"", b"1", b""]


FAULTS = {"CRASH": "crashed", "HANG": "did not answer for 3 s", "NONSENSE": "makes no sense"}


@pytest.fixture
def strange(tests_are_parts, tmp_path, monkeypatch):
    """Have everything decoded by what makes mistakes."""
    found = Decoders("tests.actions.strange_parcel", tmp_path / "scratch", patience=3.0)
    monkeypatch.setattr(open_confined, "shared", lambda: found)
    yield found
    found.pool.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_profile_that_breaks_what_reads_it_is_left_out_in_a_sentence(strange, fault, tmp_path):
    path = tmp_path / "a.jpg"
    icc = pictures.table_profile() + fault.encode()
    path.write_bytes(pictures.jpeg_file(pictures.quarters(), icc_profile=icc))
    opened = actions.open_picture(path)
    (note,) = opened.notes
    assert FAULTS[fault] in note
    assert "The colour profile cannot be used" in note
    assert "are taken as sRGB" in note
    assert opened.document.profile.icc is None
    assert opened.document.width == 96


@pytest.mark.parametrize("fault", FAULTS)
def test_metadata_that_break_what_reads_them_are_left_out_in_a_sentence(strange, fault, tmp_path):
    path = tmp_path / "a.jpg"
    xmp = pictures.XMP + fault.encode()
    path.write_bytes(pictures.jpeg_file(pictures.quarters(), xmp=xmp, dpi=(300, 300)))
    opened = actions.open_picture(path)
    (note,) = opened.notes
    assert note.startswith("The metadata were left out: ")
    assert FAULTS[fault] in note
    assert opened.document.metadata == Metadata(dpi=(300.0, 300.0))
    assert opened.document.width == 96


@pytest.mark.parametrize(
    "facts", [b"{}", b"[]", b'{"orientation": 9, "synthetic": "", "facts": {}, "upright": {}}']
)
def test_metadata_from_a_decoder_that_was_taken_over_are_lost(facts):
    with pytest.raises(PartLost):
        photograph_parcel.metadata_told([np.frombuffer(facts, np.uint8), np.zeros(0, np.uint8)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_states_far_more_than_it_holds_costs_the_decoder_little_memory(tmp_path):
    found = Decoders(photograph_parcel.__name__, tmp_path / "scratch")
    try:
        with found.pool.worker() as worker:
            pid = worker.pid
        before = _peak(pid)
        for name, (data, words) in BOMBS.items():
            codec = next(item for item in files.CODECS if item.recognises(data[:64]))
            arrays = found.decode(
                codec.name, io.BytesIO(data), len(data), 200_000_000, most=1 << 28
            )
            with pytest.raises(DamagedError, match=words):
                photograph_parcel.opened(arrays)
            assert _peak(pid) - before < 200 << 20, name
    finally:
        found.pool.close()


def _peak(pid):
    """The most bytes that a process has ever had in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) << 10


@pytest.mark.parametrize("change", [b"{}", b"[]", b"nothing", b'{"pixels": 5}', b'{"failed": 1}'])
def test_what_a_decoder_that_was_taken_over_sends_is_damage(change):
    pixels = np.zeros((2, 2, 3), np.uint8)
    arrays = [np.frombuffer(change, np.uint8), np.zeros(0, np.uint8), pixels]
    with pytest.raises(DamagedError):
        photograph_parcel.opened(arrays)

"""Stars, rejects and labels: other programs' sidecars are read, and lose nothing else."""

import io
import os

import pytest
from PIL import Image

from safelight.files import WriteError
from safelight.files.metadata import xmp
from safelight.files.metadata.picture_marks import (
    FolderNames,
    Marks,
    marks_of,
    read_marks,
    sidecars,
    write_marks,
)

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    exif:DateTimeOriginal="2021:05:01 10:11:12"
    xmp:Rating="2"
    xmpMM:DerivedFrom="IMG_1.CR2"
    darktable:xmp_version="5"
    darktable:history_end="1">
   <darktable:colorlabels>
    <rdf:Seq>
     <rdf:li>3</rdf:li>
    </rdf:Seq>
   </darktable:colorlabels>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:enabled="1"
      darktable:params="gz03eJxjYGiw&lt;"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

LIGHTROOM = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 5.6">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   xmp:Rating="4"
   xmp:Label="Yellow"
   photoshop:SidecarForExtension="CR2"
   crs:Exposure2012="+0.50">
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>a|b</rdf:li></rdf:Bag></lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

_MARKS = {xmp.name("xmp:Rating"), xmp.name("xmp:Label"), xmp.name("darktable:colorlabels")}


def said(packet):
    """Everything that a packet says but marks: where it stands, and what."""
    nodes = xmp.read(packet).nodes
    return [
        (node.path, node.text.strip(), node.language)
        for node in nodes
        if node.path and not any(upper.name in _MARKS for upper in _with_those_around(node))
    ]


def _with_those_around(node):
    while node is not None:
        yield node
        node = node.parent


def names(folder):
    return FolderNames.of(folder)


@pytest.fixture
def folder(tmp_path):
    for name in ("IMG_1.CR2", "IMG_1.jpg", "IMG_2.jpg"):
        (tmp_path / name).write_bytes(b"a picture")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "marks"),
    [(DARKTABLE, Marks(2, "Blue")), (LIGHTROOM, Marks(4, "Yellow"))],
    ids=["darktable", "Lightroom"],
)
@pytest.mark.parametrize("new", [Marks(5, "Green"), Marks(-1, ""), Marks(0, "To do")])
def test_a_mark_in_another_programs_sidecar_leaves_all_else_that_it_says(folder, text, marks, new):
    path, sidecar = folder / "IMG_1.CR2", folder / "IMG_1.CR2.xmp"
    sidecar.write_text(text)
    assert read_marks([sidecar]) == marks
    assert write_marks(path, new, names(folder)) == (sidecar,)
    assert read_marks([sidecar]) == new
    assert said(sidecar.read_bytes()) == said(text.encode())


def test_darktables_own_labels_follow_and_a_text_that_it_has_no_number_for_leaves_them(folder):
    path, sidecar = folder / "IMG_1.CR2", folder / "IMG_1.CR2.xmp"
    sidecar.write_text(DARKTABLE)
    write_marks(path, Marks(1, "Purple"), names(folder))
    packet = xmp.read(sidecar.read_bytes())
    (node,) = packet.properties(xmp.name("darktable:colorlabels"))
    assert node.items == [("", "4")]


def test_marks_of_windows_and_of_cameras_are_read():
    windows = xmp.stating(None, {"MicrosoftPhoto:Rating": "75"}, frozenset())
    assert marks_of(windows) == Marks(4)
    assert marks_of(xmp.stating(windows, {"xmp:Rating": "1.0"}, frozenset())) == Marks(1)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[18246] = 3
    Image.new("RGB", (1, 1)).save(file, "JPEG", exif=exif)
    assert marks_of(None, exif.tobytes().removeprefix(b"Exif\0\0")) == Marks(3)
    assert marks_of(xmp.packet("")) is None
    assert marks_of(xmp.stating(None, {"xmp:Rating": "99"}, frozenset())) == Marks(5)


def test_photo_xmp_is_of_the_file_whose_ending_it_tells_else_of_the_raw_file(folder):
    raw, jpeg, usual = folder / "IMG_1.CR2", folder / "IMG_1.jpg", folder / "IMG_1.xmp"
    usual.write_text(LIGHTROOM)
    assert sidecars(raw, names(folder)) == (usual,)
    assert sidecars(jpeg, names(folder)) == ()
    usual.write_text(LIGHTROOM.replace('"CR2"', '"JPG"'))
    assert sidecars(raw, names(folder)) == ()
    assert sidecars(jpeg, names(folder)) == (usual,)
    usual.write_text(LIGHTROOM.replace("SidecarForExtension", "Nothing"))
    assert sidecars(raw, names(folder)) == (usual,)
    assert sidecars(jpeg, names(folder)) == ()


def test_a_new_sidecar_is_called_as_adobes_are_unless_another_file_would_share_it(folder):
    assert write_marks(folder / "IMG_2.jpg", Marks(3), names(folder)) == (folder / "IMG_2.xmp",)
    made = write_marks(folder / "IMG_1.jpg", Marks(3), names(folder))
    assert made == (folder / "IMG_1.jpg.xmp",)
    assert read_marks(sidecars(folder / "IMG_1.CR2", names(folder))) is None


def test_a_new_sidecar_says_what_the_picture_says_of_itself(folder):
    own = xmp.stating(None, {"dc:title": {"x-default": "Evening"}}, frozenset())
    (made,) = write_marks(folder / "IMG_2.jpg", Marks(2, "Red"), names(folder), own)
    text = xmp.read(made.read_bytes())
    assert [node.text for node in text.properties(xmp.name("dc:title"))] == ["Evening"]
    assert marks_of(made.read_bytes()) == Marks(2, "Red")


def test_of_two_sidecars_the_one_written_last_counts_and_both_are_written(folder):
    path = folder / "IMG_2.jpg"
    full, usual = folder / "IMG_2.jpg.xmp", folder / "IMG_2.xmp"
    full.write_text(DARKTABLE)
    usual.write_text(LIGHTROOM.replace('photoshop:SidecarForExtension="CR2"', ""))
    os.utime(full, (2_000_000_000, 2_000_000_000))
    beside = sidecars(path, names(folder))
    assert read_marks(beside) == Marks(2, "Blue")
    assert set(write_marks(path, Marks(1, "Red"), names(folder))) == {full, usual}
    assert read_marks([full]) == read_marks([usual]) == Marks(1, "Red")


def test_a_sidecar_that_cannot_be_read_is_left_as_it_is_with_a_sentence(folder):
    sidecar = folder / "IMG_2.xmp"
    for text in (b"<x:xmpmeta", b"", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", b"not XML at all"):
        sidecar.write_bytes(text)
        if not text:
            continue
        with pytest.raises(WriteError, match=r"IMG_2.xmp is no sidecar that can be read"):
            write_marks(folder / "IMG_2.jpg", Marks(1), names(folder))
        assert sidecar.read_bytes() == text

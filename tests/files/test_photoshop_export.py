"""PSD: another reader finds what was exported, what others write opens with its layers, and what
Safelight has no like of is named.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from safelight.api import Region
from safelight.document import Document, Group, Layer, Metadata, geometry, whole
from safelight.document.contents.content import Fill
from safelight.document.placement import Place
from safelight.files import ExportError, OpenError, WriteError, open_picture
from safelight.files.codecs import CODECS, photograph_parcel, psd
from safelight.files.codecs import codec as codec_of
from safelight.files.exports import photoshop_export
from safelight.files.exports.photoshop_export import KEYS
from safelight.files.provenance.provenance import stated
from safelight.pixels import MODES, Profile, Raster, Transform
from tests import attack, pictures
from tests.files.test_openraster_export import HEIGHT, WIDTH, a_filter, document_of, noise, several

NAMES = ["Layer", "Слой 标题", "שכבה 🌅", "x" * 300]
FULL = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def exported(tmp_path, document, name="picture.psd", **how):
    return psd.CODEC.write_document(document, tmp_path / name, overwrite=True, **how)


def pixels_of(layer):
    """What psd-tools finds in a layer (height, width, channels), in its own numbers."""
    return layer.numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", FULL)
@pytest.mark.parametrize("suffix", [".psd", ".psb"])
def test_psd_tools_finds_every_pixel_of_a_layer_under_its_name(tmp_path, depth, name, suffix):
    pixels = noise(4, depth)
    document = document_of(Layer(name, pixels, opacity=0.6), depth=depth)
    path = exported(tmp_path, document, "picture" + suffix).path
    psd = PSDImage.open(path)
    assert psd.version == (2 if suffix == ".psb" else 1)
    (layer,) = psd
    assert layer.name == name
    assert layer.opacity == round(0.6 * 255)
    found = pixels_of(layer)
    expected = pixels.to_array() / np.float32(FULL[depth])
    x, y = layer.offset
    assert np.allclose(
        found, expected[y : y + found.shape[0], x : x + found.shape[1]], atol=1e-6, rtol=0
    )
    assert found.shape[0] >= HEIGHT - 4


@pytest.mark.parametrize("depth", FULL)
def test_psd_tools_finds_groups_modes_masks_and_what_is_clipped(tmp_path, depth):
    document = several(depth)
    notes = exported(tmp_path, document).notes
    assert notes == ("Filter became pixels: a Photoshop file holds no filters.",)
    psd = PSDImage.open(tmp_path / "picture.psd")
    below, filtered, hidden = psd
    assert (below.name, filtered.name, hidden.name) == ("Below", "Filter", "Hidden")
    assert (filtered.clipping, hidden.visible) == (True, False)
    ground, masked, group, base, clipped = below
    assert ground.name == "Ground"
    assert masked.mask.size == (WIDTH, HEIGHT)
    mask = np.asarray(masked.mask.topil())
    expected = document.layers[1].mask.to_array()[..., 0]
    assert mask.dtype != np.uint8 or np.array_equal(mask, expected)
    assert group.is_group()
    assert [layer.name for layer in group] == ["In", "Up"]
    assert group.blend_mode == BlendMode.MULTIPLY
    assert group.mask is not None
    assert base.blend_mode == BlendMode.SCREEN
    assert clipped.clipping


@pytest.mark.parametrize("depth", FULL)
def test_the_picture_as_a_whole_is_in_the_file(tmp_path, depth):
    opaque = document_of(
        Layer("Ground", noise(3, depth)), Layer("Up", noise(4, depth, 1)), depth=depth
    )
    exported(tmp_path, opaque)
    found = PSDImage.open(tmp_path / "picture.psd").numpy()
    assert np.allclose(found, whole(opaque).to_array() / np.float32(FULL[depth]), atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_every_blend_mode_goes_out_and_comes_back(tmp_path, mode):
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(4, seed=1), mode=mode))
    exported(tmp_path, document)
    psd = PSDImage.open(tmp_path / "picture.psd")
    assert psd[1].blend_mode == BlendMode(KEYS[mode])
    opened = open_picture(tmp_path / "picture.psd")
    assert opened.document.layers[1].mode == mode
    assert opened.notes == ()


def alike(found, document):
    """Whether layers are the same but for the pixels nobody sees."""
    assert len(found) == len(document)
    for one, other in zip(found, document, strict=True):
        assert one.name == other.name
        assert one.opacity == pytest.approx(other.opacity, abs=1 / 500)
        assert (one.mode, one.visible, one.locked, one.clipped) == (
            *(other.mode, other.visible, other.locked),
            other.clipped,
        )
        assert (one.mask is None) == (other.mask is None)
        alike(one.layers, other.layers)


@pytest.mark.parametrize("suffix", [".psd", ".psb"])
@pytest.mark.parametrize("depth", FULL)
def test_what_a_psd_can_hold_comes_back_as_it_was(tmp_path, depth, suffix):
    document = several(depth)
    without = [layer for layer in document.layers if layer.name != "Filter"]
    document = replace(document, layers=tuple(without))
    assert exported(tmp_path, document, "picture" + suffix).notes == ()
    opened = open_picture(tmp_path / ("picture" + suffix))
    assert opened.format == "Photoshop"
    assert opened.notes == ()
    assert opened.document.depth == depth
    alike(opened.document.layers, document.layers)
    ours, theirs = (whole(each).to_array().astype(float) for each in (document, opened.document))
    assert np.abs(ours - theirs).max() <= FULL[depth] / 255  # opacity has 8 bits


def test_what_a_crop_hides_is_written_with_its_offset_and_read_again(tmp_path):
    pixels = noise(3)
    document = geometry.crop(document_of(Layer("Ground", pixels)), Region(40, 30, 100, 90))
    exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd").document
    assert (opened.width, opened.height) == (100, 90)
    (layer,) = opened.layers
    assert np.array_equal(layer.raster.to_array(), pixels.to_array())
    assert layer.place == Place.offset(-40, -30)
    assert PSDImage.open(tmp_path / "picture.psd")[0].offset == (-40, -30)


def test_a_fill_and_masks_that_go_on_beyond_open(tmp_path):
    mask = Raster.from_array(np.full((20, 30, 1), 200, np.uint8))
    layer = Layer("Masked", noise(3), mask=mask, mask_place=Place.offset(5, 7), mask_beyond=1)
    document = document_of(Layer("Fill", Fill("#3366cc")), layer)
    exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd").document
    assert np.abs(whole(opened).to_array().astype(int) - whole(document).to_array()).max() <= 1


def test_a_live_filter_over_transparency_looks_the_same(tmp_path):
    document = document_of(
        Layer("Ground", noise(4)), Layer("Filter", a_filter(), opacity=0.5, mask=noise(1, seed=8))
    )
    exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd")
    ours, theirs = (whole(each).to_array().astype(int) for each in (document, opened.document))
    assert np.abs(ours[..., 3] - theirs[..., 3]).max() <= 1
    seen = ours[..., 3] > 16
    assert np.abs(ours - theirs)[seen].max() <= 2


# -- metadata ----------------------------------------------------------------------------------


def told(document):
    metadata = Metadata(
        exif=pictures.exif_block(), xmp=pictures.XMP, iptc=b"\x1c\x02\x78\0\5Ocean", dpi=(300, 240)
    )
    return replace(document, metadata=metadata, profile=Profile.from_icc(pictures.wide_profile()))


def test_profile_and_metadata_come_back_as_the_bytes_they_were(tmp_path):
    document = told(document_of(Layer("Ground", noise(3))))
    exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd").document
    assert opened.profile == document.profile
    assert opened.metadata == document.metadata


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_finds_what_a_psd_tells(tmp_path):
    path = exported(
        tmp_path, told(document_of(Layer("Слой", noise(3)), Layer("Up", noise(4))))
    ).path
    answer = subprocess.run(
        ["exiftool", "-j", "-G1", "-n", str(path)], capture_output=True, check=True, timeout=120
    )
    (found,) = json.loads(answer.stdout)
    assert found["Photoshop:XResolution"] == 300
    assert found["Photoshop:YResolution"] == 240
    assert found["IPTC:Caption-Abstract"] == "Ocean"
    assert found["IFD0:Artist"] == "Ada Example"
    assert found["Photoshop:LayerUnicodeNames"] == ["Слой", "Up"]
    assert found["Photoshop:LayerCount"] == 2
    assert found["Photoshop:HasRealMergedData"] == 1
    assert found["ICC-header:ColorSpaceData"] == "RGB "
    # Of its EXIF the maker note is of no maker.
    told_off = [value for key, value in found.items() if "Warning" in key or "Error" in key]
    assert all(value.startswith("[minor]") for value in told_off)


def test_what_a_generator_has_made_is_marked(tmp_path):
    exported(tmp_path, document_of(Layer("Made", noise(3), synthetic="wholly")))
    assert stated(open_picture(tmp_path / "picture.psd").document.metadata.xmp) == "wholly"


# -- what cannot be --------------------------------------------------------------------------


def test_a_picture_too_wide_for_a_psd_is_refused_and_a_psb_holds_it(tmp_path):
    wide = Raster.from_array(np.zeros((1, 30001, 3), np.uint8))
    document = Document.from_raster(wide)
    with pytest.raises(ExportError, match=r"at most 30000 pixels a side; let its name end in .psb"):
        exported(tmp_path, document)
    exported(tmp_path, document, "picture.psb")
    assert open_picture(tmp_path / "picture.psb").document.width == 30001


def test_what_does_not_read_back_does_not_take_the_name(tmp_path, monkeypatch):
    monkeypatch.setattr(
        photoshop_export._Writing, "_write_merged", lambda self, stream: stream.write(bytes(100))
    )
    with pytest.raises(WriteError, match="read back differently"):
        exported(tmp_path, document_of(Layer("Ground", noise(3))))
    assert not (tmp_path / "picture.psd").exists()


# -- in ----------------------------------------------------------------------------------------


def made_by_psd_tools(tmp_path, change=lambda psd: None, mode="RGB", layers=True):
    from PIL import Image

    pixels = pictures.noise(60, 40)
    image = Image.fromarray(pixels).convert(mode)
    psd = PSDImage.frompil(image)
    if layers:
        psd.create_pixel_layer(image, name="Ground")
        change(psd)
    path = tmp_path / "other.psd"
    psd.save(path)
    return path, np.asarray(image)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_pictures_without_layers_open(tmp_path, mode):
    path, pixels = made_by_psd_tools(tmp_path, mode=mode, layers=False)
    opened = open_picture(path)
    assert [layer.name for layer in opened.document.layers] == ["Background"]
    got = whole(opened.document).to_array()
    if mode == "CMYK":
        assert "from CMYK to sRGB" in opened.notes[0]
    else:
        assert np.array_equal(got, pixels if mode == "RGB" else np.repeat(pixels[..., None], 3, 2))
    assert opened.document.grey == (mode == "L")


def flat(mode, depth, planes, *, palette=b"", version=1, how=0, resources=b""):
    """A PSD without layers of planes as they are."""
    count, height, width = planes.shape
    head = struct.pack(">4sH6xHIIHH", b"8BPS", version, count, height, width, depth, mode)
    sections = struct.pack(">I", len(palette)) + palette
    sections += struct.pack(">I", len(resources)) + resources
    sections += bytes(4 if version == 1 else 8)
    return head + sections + struct.pack(">H", how) + planes.tobytes()


def test_layers_of_ink_keep_colours_that_srgb_does_not_have(tmp_path):
    """In 16 bits, which a wide space needs, in the file's own 8 as well."""
    icc = pictures.printer_profile()
    ink = np.zeros((4, 12, 16), np.uint8)
    ink[0] = 255
    resources = struct.pack(">4sHHI", b"8BIM", 1039, 0, len(icc)) + icc + bytes(len(icc) % 2)
    path = tmp_path / "ink.psd"
    path.write_bytes(flat(4, 8, 255 - ink, resources=resources))
    document = open_picture(path).document
    assert (document.profile.name, document.depth) == ("Rec. 2020", "uint16")
    expected = Transform(icc, document.profile.icc).apply(np.float32([[[1, 0, 0, 0]]]))[0, 0]
    assert np.abs(whole(document).to_array()[0, 0] / 65535 - expected).max() < 1e-4


def test_bitmaps_palettes_and_lab_open(tmp_path):
    path = tmp_path / "picture.psd"
    bits = np.array([[[0b10100000, 0]]], np.uint8)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 1, 1, 12, 1, 0) + bytes(12)
    path.write_bytes(head + bytes(2) + bits.tobytes())
    got = whole(open_picture(path).document).to_array()[0, :, 0]
    assert got.tolist() == [0, 255, 0, *[255] * 9]
    palette = np.zeros((3, 256), np.uint8)
    palette[:, 7] = 10, 20, 30
    path.write_bytes(flat(2, 8, np.full((1, 2, 3), 7, np.uint8), palette=palette.tobytes()))
    assert (whole(open_picture(path).document).to_array() == [10, 20, 30]).all()
    for depth, step in ((8, 1), (16, 257)):
        lab = np.empty((3, 2, 2), ">u2" if depth == 16 else "u1")
        lab[:] = np.array([128, 128, 128])[:, None, None] * step
        path.write_bytes(flat(9, depth, lab))
        opened = open_picture(path)
        assert opened.notes == ("Colours were converted from Lab to ProPhoto RGB.",)
        got = whole(opened.document).to_array()
        assert np.ptp(got) < 40
        assert got.mean() == pytest.approx(65535 * 0.1875 ** (1 / 1.8), rel=0.01)


def test_a_picture_of_inks_opens_as_what_it_was_most_likely_made_of(tmp_path):
    planes = np.moveaxis(pictures.noise(20, 10, 3), -1, 0)
    path = tmp_path / "inks.psd"
    for count, grey in ((1, True), (3, False)):
        path.write_bytes(flat(7, 8, planes[:count]))
        found = open_picture(path)
        assert found.document.grey == grey
        assert np.array_equal(whole(found.document).to_array()[..., 0], planes[0])
        assert found.notes == (psd._INKS,)
    path.write_bytes(flat(65, 8, planes))
    with pytest.raises(OpenError, match="colours of a kind that Safelight cannot open"):
        open_picture(path)


@pytest.mark.parametrize("depth", FULL)
def test_deep_pictures_without_layers_open_exactly(tmp_path, depth):
    pixels = pictures.noise(30, 20, 3, depth)
    stored = pixels.astype(pixels.dtype.newbyteorder(">")).transpose(2, 0, 1)
    path = tmp_path / "picture.psd"
    path.write_bytes(flat(3, {"uint8": 8, "uint16": 16, "float32": 32}[depth], stored))
    assert np.array_equal(whole(open_picture(path).document).to_array(), pixels)


@pytest.mark.parametrize("mode", [BlendMode.NORMAL, BlendMode.MULTIPLY])
def test_layers_of_another_program_open(tmp_path, mode):
    def change(psd):
        from PIL import Image

        group = psd.create_group(name="Group")  # which passes through what is in it
        pixels = pictures.noise(20, 10, 4)
        layer = psd.create_pixel_layer(Image.fromarray(pixels, "RGBA"), name="Up", top=5, left=8)
        layer.blend_mode = mode
        layer.opacity = 128
        group.append(layer)

    path, pixels = made_by_psd_tools(tmp_path, change)
    with open(path, "rb") as file:
        found = codec_of("Photoshop").read(file, path.stat().st_size, None, np.empty)
    ground, layer = found.layers
    assert np.array_equal(ground.photograph.pixels[..., :3], pixels)
    if mode == BlendMode.NORMAL:
        assert (layer.name, found.notes) == ("Group", [])
        (layer,) = layer.layers
    else:
        assert "The group Group was taken apart: its layers are blended" in found.notes[0]
    assert (layer.name, layer.visible) == ("Up", True)
    assert (layer.opacity, layer.x, layer.y) == (pytest.approx(128 / 255), 8, 5)
    # psd-tools takes the colours alone.
    assert np.array_equal(layer.photograph.pixels[..., :3], pictures.noise(20, 10, 4)[..., :3])


def test_where_layers_look_different_the_merged_picture_lies_on_top(tmp_path, monkeypatch):
    drawn = noise(3, seed=5)
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(4, seed=1)))
    with monkeypatch.context() as patch:
        patch.setattr(photoshop_export, "whole", lambda *_, hear: drawn)
        exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd")
    assert "looks different" in opened.notes[0]
    assert "hide that one and show the group Layers" in opened.notes[0]
    hidden, merged = opened.document.layers
    assert (hidden.name, hidden.visible, merged.name) == ("Layers", False, "Merged picture")
    assert [layer.name for layer in hidden.layers] == ["Ground", "Up"]
    assert np.array_equal(whole(opened.document).to_array()[..., :3], drawn.to_array())


def test_a_small_part_that_looks_different_is_enough(tmp_path, monkeypatch):
    document = document_of(Layer("Ground", noise(3)))
    pixels = noise(3).to_array().copy()
    pixels[100:120, 100:130] = 0
    with monkeypatch.context() as patch:
        patch.setattr(photoshop_export, "whole", lambda *_, hear: Raster.from_array(pixels))
        exported(tmp_path, document)
    opened = open_picture(tmp_path / "picture.psd").document
    assert np.array_equal(whole(opened).to_array(), pixels)


def test_layers_of_a_grey_file_are_grey(tmp_path):
    path, pixels = made_by_psd_tools(tmp_path, mode="L")
    document = open_picture(path).document
    assert document.grey
    assert np.array_equal(whole(document).to_array()[..., :3], np.repeat(pixels[..., None], 3, 2))


def test_layers_in_cmyk_become_srgb_and_one_note_says_so(tmp_path):
    def change(psd):
        from PIL import Image

        image = Image.fromarray(pictures.noise(20, 10)).convert("CMYK")
        psd.create_pixel_layer(image, name="Up", top=5, left=8)

    path, _ = made_by_psd_tools(tmp_path, change, mode="CMYK")
    notes = open_picture(path).notes
    assert notes.count("Colours were converted from CMYK to sRGB without a profile.") == 1
    assert not [note for note in notes if note.startswith(("Ground: ", "Up: "))]


def test_masks_that_are_off_or_thin_are_as_they_look(tmp_path):
    mask = Raster.from_array(np.zeros((HEIGHT, WIDTH, 1), np.uint8))
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(3, seed=1), mask=mask))
    path = exported(tmp_path, document).path
    data = bytearray(path.read_bytes())
    told = struct.pack(">I4iBB", 20, 0, 0, HEIGHT, WIDTH, 0, 0)
    at = data.index(told) + len(told) - 1
    data[at] = 2
    path.write_bytes(bytes(data))
    opened = open_picture(path)
    assert "Up: its mask, which is switched off, was left out." in opened.notes
    data[at] = 16  # with parameters: density 51 of 255 in the two bytes that follow
    data[at + 1 : at + 3] = 1, 51
    path.write_bytes(bytes(data))
    with open(path, "rb") as file:
        found = codec_of("Photoshop").read(file, path.stat().st_size, None, np.empty)
    assert (found.layers[1].mask.pixels == 204).all()
    assert found.layers[1].mask.beyond == 1


def extended(data, key, block, *, empty=False):
    """The last layer record with one more block; ``empty``: without pixels."""
    at = data.rindex(b"8BIMluni")
    added = b"8BIM" + key + struct.pack(">I", len(block)) + block
    made = bytearray(data[:at] + added + data[at:])
    blend = data.rindex(b"8BIMnorm", 0, at)
    (extra,) = struct.unpack_from(">I", made, blend + 12)
    struct.pack_into(">I", made, blend + 12, extra + len(added))
    if empty:
        channels = 4
        struct.pack_into(">4i", made, blend - 6 * channels - 18, 0, 0, 0, 0)
    lengths = 26 + 4
    (resources,) = struct.unpack_from(">I", made, lengths)
    section = lengths + 4 + resources
    for place in (section, section + 4):
        (length,) = struct.unpack_from(">I", made, place)
        struct.pack_into(">I", made, place, length + len(added))
    return bytes(made)


@pytest.mark.parametrize(
    ("key", "empty", "words"),
    [
        (b"curv", True, "Up was left out: Safelight has no like of Curves."),
        (b"hue2", True, "Up was left out: Safelight has no like of Hue/Saturation."),
        (b"GdFl", True, "Up was left out: Safelight has no like of a gradient."),
        (b"lfx2", False, "Up: its layer effects were left out."),
        (b"TySh", False, "Up: its text became pixels."),
        (b"SoLd", False, "Up: the picture that is embedded in it became pixels."),
        (b"vmsk", False, "Up: its shape became pixels."),
    ],
)
def test_what_safelight_has_no_like_of_is_named(tmp_path, key, empty, words):
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(4, seed=1)))
    path = exported(tmp_path, document).path
    path.write_bytes(extended(path.read_bytes(), key, bytes(8), empty=empty))
    opened = open_picture(path)
    assert words in opened.notes
    assert np.array_equal(whole(opened.document).to_array(), whole(document).to_array())


def test_a_layer_of_one_colour_opens_as_a_fill(tmp_path):
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(4, seed=1)))
    path = exported(tmp_path, document).path
    colours = zip((b"Rd  ", b"Grn ", b"Bl  "), (51.0, 102.0, 204.0), strict=True)
    block = b"".join(key + b"doub" + struct.pack(">d", value) for key, value in colours)
    path.write_bytes(extended(path.read_bytes(), b"SoCo", block, empty=True))
    layers = open_picture(path).document.layers
    assert Fill("#3366cc") in [layer.content for layer in layers[0].layers or layers]


def test_what_crosses_from_the_confined_process_is_the_same(tmp_path):
    path = exported(tmp_path, several()).path
    with open(path, "rb") as file:
        size = path.stat().st_size
        arrays = photograph_parcel.decode("Photoshop", file, size, 10_000_000, np.empty)
        file.seek(0)
        direct = codec_of("Photoshop").read(file, size, 10_000_000, np.empty)
    again = photograph_parcel.opened(arrays)

    def same(one, other):
        assert (one.name, one.role, one.fill) == (other.name, other.role, other.fill)
        assert (one.mask is None) == (other.mask is None)
        if one.mask is not None:
            assert np.array_equal(one.mask.pixels, other.mask.pixels)
            assert (one.mask.x, one.mask.beyond) == (other.mask.x, other.mask.beyond)
        for inner, outer in zip(one.layers, other.layers, strict=True):
            same(inner, outer)

    for one, other in zip(again.layers, direct.layers, strict=True):
        same(one, other)


# -- damage ------------------------------------------------------------------------------------


def test_a_psd_that_is_cut_off_gives_the_layers_that_are_there(tmp_path):
    document = document_of(Layer("Ground", noise(3)), Layer("Up", noise(4, seed=1)))
    path = exported(tmp_path, document).path
    data = path.read_bytes()
    psd = PSDImage.open(path)
    assert len(psd) == 2
    path.write_bytes(data[: len(data) * 4 // 10])
    opened = open_picture(path)
    assert "The file ends early; what is missing is empty." in opened.notes
    assert np.array_equal(opened.document.layers[0].raster.to_array(), noise(3).to_array())
    path.write_bytes(data[:100])
    with pytest.raises(OpenError, match="damaged or cut off"):
        open_picture(path)


def huge(**facts):
    """A small file that states a great deal."""
    yield (
        "size",
        flat(3, 8, np.zeros((3, 1, 1), np.uint8)).replace(
            struct.pack(">II", 1, 1), struct.pack(">II", 200_000, 200_000), 1
        ),
        "pixels",
    )
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 16, 16, 8, 3) + bytes(8)
    for name, box, count in (
        ("layer", (0, 0, 30000, 30000), 1),
        ("layers", (0, 0, 9000, 9000), 30),
    ):
        record = struct.pack(">4iH", *box, 3)
        record += b"".join(struct.pack(">hI", number, 2 + 10) for number in range(3))
        record += struct.pack(">4s4sBBBx", b"8BIM", b"norm", 255, 0, 0) + struct.pack(">I", 12)
        record += bytes(12)
        layers = struct.pack(">h", count) + record * count + (b"\0\1" + bytes(10)) * 3 * count
        section = struct.pack(">I", len(layers)) + layers + bytes(4)
        yield name, head + struct.pack(">I", len(section)) + section, "large|cannot become"


@pytest.mark.parametrize(("data", "words"), [item[1:] for item in huge()], ids=["a", "b", "c"])
def test_what_states_far_more_than_it_holds_is_refused(tmp_path, data, words):
    path = tmp_path / "picture.psd"
    path.write_bytes(data)
    with pytest.raises(OpenError, match=words):
        open_picture(path, pixel_limit=50_000_000)


@pytest.mark.attack
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_a_psd_changed_at_random_opens_or_is_a_clear_error(tmp_path, depth):
    small = Raster.from_array(pictures.noise(20, 16, 4, depth))
    mask = Raster.from_array(pictures.noise(20, 16, 1, depth))
    document = Document(
        *(20, 16, depth),
        (
            Layer("Ground", small),
            Layer("Group", Group((Layer("In", small, mask=mask),)), mode="multiply"),
            Layer("Clipped", small, clipped=True),
        ),
    )
    path = exported(tmp_path, told(document)).path
    data = path.read_bytes()
    chance = np.random.default_rng(20261129)
    outcomes = {"opened": 0, "refused": 0}
    for _ in range(attack.times(1500, 120)):
        changed = bytearray(
            data[: len(data) if chance.random() < 0.8 else chance.integers(len(data))]
        )
        for place in chance.integers(0, len(changed), chance.integers(1, 8)):
            changed[place] = chance.integers(256)
        path.write_bytes(bytes(changed))
        try:
            open_picture(path, pixel_limit=1_000_000)
            outcomes["opened"] += 1
        except OpenError:
            outcomes["refused"] += 1
    assert outcomes["opened"]
    assert outcomes["refused"]


def test_photoshop_is_in_the_list_of_formats():
    assert "Photoshop" in [codec.name for codec in CODECS]

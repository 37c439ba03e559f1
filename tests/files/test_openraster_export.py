"""OpenRaster: another reader finds what was exported; what others write opens; bombs do not."""

import io
import random
import struct
import zipfile
import zlib
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from safelight.api import Region
from safelight.document import (
    Document,
    Group,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    Metadata,
    geometry,
    whole,
)
from safelight.document.placement import Place
from safelight.files import FileExists, OpenError, WriteError, open_picture
from safelight.files import open_picture as open_openraster
from safelight.files.exports import openraster_export as module
from safelight.files.exports.openraster_export import export_openraster
from safelight.files.provenance.provenance import marked, stated
from safelight.pixels import MODES, Profile, Raster, to_float
from tests import attack, pictures
from tests.document.strategies import computable

WIDTH, HEIGHT = 300, 280


def noise(channels, depth="uint8", seed=0, width=WIDTH, height=HEIGHT):
    """Smooth enough to look like a picture, with every value of alpha."""
    return Raster.from_array(pictures.noise(width, height, channels, depth, seed))


def a_filter(depth="uint8", kept=True, seed=9):
    result = Kept(noise(3, depth, seed), "key") if kept else None
    return LiveFilter("some.filter", "Some filter", "some", "1", kept=result)


def document_of(*layers, depth="uint8", **facts):
    return Document(WIDTH, HEIGHT, depth, layers, **facts)


def several(depth="uint8"):
    """A document with something of everything that OpenRaster can and cannot hold."""
    return document_of(
        Layer("Ground", noise(4, depth), locked=True),
        Layer("Masked", noise(4, depth, 1), opacity=0.7, mask=noise(1, seed=2)),
        Layer(
            "Group",
            Group((Layer("In", noise(4, depth, 3)), Layer("Up", noise(3, depth, 4), opacity=0.4))),
            mode="multiply",
            mask=noise(1, seed=5),
        ),
        Layer("Base", noise(4, depth, 6), mode="screen", opacity=0.8),
        Layer("Clipped", noise(4, depth, 7), clipped=True),
        Layer("Filter", a_filter(depth), opacity=0.5, mask=noise(1, seed=8)),
        Layer("Hidden", noise(3, depth, 10), visible=False),
        depth=depth,
    )


# -- another reader, that knows the standard and nothing of Safelight --------------------------


BLENDS = {
    "svg:src-over": lambda b, s: s,
    "svg:multiply": lambda b, s: b * s,
    "svg:screen": lambda b, s: b + s - b * s,
    "svg:difference": lambda b, s: abs(b - s),
    "svg:darken": np.minimum,
    "svg:lighten": np.maximum,
}


def over(below, above, operation):
    """W3C Compositing, general formula: (height, width, 4), premultiplied, both and the result."""
    ab, as_ = below[..., 3:], above[..., 3:]
    if operation == "svg:dst-in":
        return below * as_
    if operation == "svg:src-atop":
        return np.concatenate([above[..., :3] * ab + below[..., :3] * (1 - as_), ab], axis=2)
    cb = below[..., :3] / np.maximum(ab, 1e-9)
    cs = above[..., :3] / np.maximum(as_, 1e-9)
    mixed = (1 - ab) * cs + ab * BLENDS[operation](cb, cs)
    colour = as_ * mixed + (1 - as_) * below[..., :3]
    return np.concatenate([colour, as_ + ab * (1 - as_)], axis=2)


def drawn(archive, stack, size):
    picture = np.zeros((size[1], size[0], 4))
    for element in reversed(stack):
        if element.get("visibility") == "hidden":
            continue
        if element.tag == "stack":
            assert element.get("isolation") == "isolate"
            layer = drawn(archive, element, size)
        else:
            with Image.open(io.BytesIO(archive.read(element.get("src")))) as image:
                layer = np.asarray(image.convert("RGBA"), float) / 255
            assert (element.get("x"), element.get("y")) == ("0", "0")
            layer[..., :3] *= layer[..., 3:]
        layer = layer * float(element.get("opacity", 1))
        picture = over(picture, layer, element.get("composite-op"))
    return picture


def drawn_from(path):
    """The picture as another program draws it: (height, width, 4) of 0 to 1, premultiplied."""
    with zipfile.ZipFile(path) as archive:
        image = ElementTree.fromstring(archive.read("stack.xml"))
        (stack,) = image
        return drawn(archive, stack, (int(image.get("w")), int(image.get("h"))))


def seen(document):
    pixels = whole(document).to_array()
    pixels = pixels / (1.0 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max)
    if pixels.shape[2] == 3:
        return np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=2)
    return np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], axis=2)


def exported(tmp_path, document, **how):
    return export_openraster(document, tmp_path / "picture.ora", overwrite=True, **how)


# -- out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_another_reader_draws_what_safelight_shows(tmp_path, depth):
    document = several(depth)
    path = exported(tmp_path, document).path
    assert abs(drawn_from(path) - seen(document)).max() < 3 / 255


@pytest.mark.attack
@pytest.mark.parametrize("seed", range(attack.times(12, 4)))
def test_another_reader_draws_any_stack_of_layers(tmp_path, seed):
    dice = random.Random(seed)

    def layers(depth):
        for number in range(dice.randint(1, 4)):
            kind = dice.choice(["pixels", "pixels", "group" if depth < 2 else "pixels", "filter"])
            content = noise(dice.choice([3, 4]), seed=dice.randrange(99), width=40, height=30)
            if kind == "group":
                content = Group(tuple(layers(depth + 1)))
            elif kind == "filter":
                kept = Kept(noise(3, seed=dice.randrange(99), width=40, height=30), "")
                content = LiveFilter("a.filter", kept=dice.choice([kept, kept, None]))
            mask = noise(1, seed=dice.randrange(99), width=40, height=30)
            yield Layer(
                f"{depth}.{number}",
                content,
                opacity=dice.choice([1, 1, 0.5]),
                mode=dice.choice(["normal", "normal", "multiply", "screen", "lighten"]),
                visible=dice.random() > 0.1,
                clipped=dice.random() < 0.3,
                mask=dice.choice([None, None, mask]),
            )

    document = computable(Document(40, 30, "uint8", tuple(layers(0))))
    path = exported(tmp_path, document).path
    assert abs(drawn_from(path) - seen(document)).max() < 4 / 255
    again = open_openraster(path)
    assert abs(seen(again.document) - seen(document)).max() < 4 / 255


def test_the_file_begins_as_the_standard_has_it(tmp_path):
    path = exported(tmp_path, several()).path
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(path) as archive:
        first, *others = archive.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        names = {member.filename for member in others}
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} < names
        image = ElementTree.fromstring(archive.read("stack.xml"))
        sources = {layer.get("src") for layer in image.iter("layer")}
        assert sources == {name for name in names if name.startswith("data/")}


def test_the_merged_image_is_what_is_seen_and_carries_the_metadata(tmp_path):
    metadata = Metadata(
        pictures.exif_block(), b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", None, (300.0, 300.0)
    )
    icc = pictures.wide_profile()
    document = document_of(
        *several().layers, metadata=metadata, profile=Profile.from_icc(icc), name="a"
    )
    path = exported(tmp_path, document).path
    with zipfile.ZipFile(path) as archive:
        data = archive.read("mergedimage.png")
        names = [name for name in archive.namelist() if name.endswith(".png")]
        for name in set(names) - {"Thumbnails/thumbnail.png"}:
            assert Image.open(io.BytesIO(archive.read(name))).info["icc_profile"] == icc
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), whole(document).to_array())
    again = open_openraster(path).document
    assert again.metadata == metadata
    assert again.profile == document.profile


@pytest.mark.parametrize(
    ("size", "expected"), [((300, 280), (256, 239)), ((100, 50), (100, 50)), ((3000, 9), (256, 1))]
)
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_the_thumbnail_is_as_large_as_it_may_be(tmp_path, size, expected, depth):
    pixels = pictures.gradient(*size, 4, depth)
    document = Document.from_raster(Raster.from_array(pixels))
    with zipfile.ZipFile(exported(tmp_path, document).path) as archive:
        image = Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png")))
    assert (image.size, image.mode) == (expected, "RGBA")
    if size == expected:
        assert (
            abs(np.asarray(image).astype(int) - pixels // (257 if depth == "uint16" else 1)).max()
            < 2
        )


def test_depths_are_kept_as_far_as_png_goes(tmp_path):
    for depth, bits in (("uint8", 8), ("uint16", 16), ("float32", 16)):
        done = exported(tmp_path, several(depth))
        with zipfile.ZipFile(done.path) as archive:
            for name in ("data/layer0.png", "mergedimage.png"):
                assert archive.read(name)[24] == bits
        assert any("reduced to 16-bit" in note for note in done.notes) == (depth == "float32")


def test_what_a_generator_has_made_is_marked_in_each_layer_and_in_the_whole(tmp_path):
    held = replace(a_filter(), generates=True)
    layers = (
        Layer("Ground", noise(3)),
        Layer("Group", Group((Layer("Flower", noise(4, seed=1), synthetic="wholly"),))),
        Layer("Both", noise(4, seed=2), synthetic="partly"),
        Layer("Made", held, opacity=0.5),
        Layer("Filter", a_filter(), opacity=0.5),
    )
    done = exported(tmp_path, document_of(*layers, metadata=Metadata(xmp=pictures.XMP)))
    opened = open_openraster(done.path).document
    words = {layer.name: layer.synthetic for layer in opened.walk()}
    assert words == {
        **{"Ground": "", "Flower": "wholly", "Group": "", "Both": "partly", "Made": "wholly"},
        "Filter": "partly",
    }
    assert stated(opened.metadata.xmp) == opened.synthetic == "partly"
    assert b"Secret Town" in opened.metadata.xmp
    assert "Made became pixels: OpenRaster holds no filters." in done.notes


def test_a_layer_whose_picture_says_what_made_it_is_believed(tmp_path):
    png = png_of(SQUARE, pnginfo=pnginfo_of(marked(pictures.XMP, "wholly")))
    opened = open_openraster(simple(tmp_path, '<layer src="a.png"/>', members=[("a.png", png)]))
    assert opened.document.layers[0].synthetic == "wholly"


def test_layers_that_are_merged_for_openraster_say_what_made_them(tmp_path):
    layers = (
        Layer("Base", noise(4)),
        Layer("Flower", noise(4, seed=1), clipped=True, mode="multiply", synthetic="wholly"),
    )
    opened = open_openraster(exported(tmp_path, document_of(*layers)).path).document
    assert [(layer.name, layer.synthetic) for layer in opened.layers] == [("Base", "partly")]


def test_notes_say_what_was_lost(tmp_path):
    layers = (*several().layers, Layer("Asleep", a_filter(kept=False), visible=False))
    odd = Layer("Odd", noise(4), mode="vivid-light")
    text = " ".join(exported(tmp_path, document_of(*layers, odd)).notes)
    for words in (
        "Filter became pixels",
        "mask of Masked became its transparency",
        "Asleep, which is hidden, was left out. Asleep could not be computed",
        "Vivid light is a blend mode that Krita knows",
    ):
        assert words in text
    assert "mask of Filter" not in text
    assert exported(tmp_path, document_of(Layer("Plain", noise(3)))).notes == ()


def test_names_that_xml_cannot_hold_become_names_that_it_can(tmp_path):
    name = '<a & "b">\0\x1f\ud800 – 地 \U0001f33b'
    path = exported(tmp_path, document_of(Layer(name, noise(3)))).path
    (layer,) = open_openraster(path).document.layers
    assert layer.name == '<a & "b">��� – 地 \U0001f33b'


def test_a_cheap_filter_runs_while_it_is_exported(tmp_path):
    class Negative:
        def reach(self, filter, level):
            return 0

        def run(self, filter, image, region, canvas):
            return 1 - image

        def keeps_channels(self, filters):
            return False

        def failure(self, filter):
            return ""

    document = document_of(Layer("Ground", noise(3)), Layer("Negative", a_filter(kept=False)))
    path = exported(tmp_path, document, live=Negative()).path
    assert (
        abs(drawn_from(path)[..., :3] - (1 - seen(computable(document))[..., :3])).max() < 1 / 255
    )


def test_a_layer_that_is_shown_and_cannot_be_computed_is_not_left_out(tmp_path):
    document = document_of(Layer("Ground", noise(3)), Layer("Asleep", a_filter(kept=False)))
    with pytest.raises(LayerFailed, match="Asleep could not be computed"):
        exported(tmp_path, document)
    assert list(tmp_path.iterdir()) == []
    inside = Group(document.layers)
    exported(tmp_path, document_of(Layer("Ground", noise(3)), Layer("Off", inside, visible=False)))


def test_a_file_that_is_there_stays_unless_it_may_go(tmp_path):
    path = tmp_path / "a.ora"
    path.write_bytes(b"mine")
    with pytest.raises(FileExists):
        export_openraster(several(), path)
    assert path.read_bytes() == b"mine"
    export_openraster(several(), path, overwrite=True)
    assert open_openraster(path).format == "OpenRaster"


def test_what_does_not_read_back_does_not_take_the_name(tmp_path, monkeypatch):
    whole_write = module._Writing._png

    def wrong(self, raster, metadata):
        if metadata is not None:
            raster = Raster.from_array(255 - raster.to_array())
        return whole_write(self, raster, metadata)

    monkeypatch.setattr(module._Writing, "_png", wrong)
    with pytest.raises(WriteError, match="read back differently"):
        exported(tmp_path, several())
    assert list(tmp_path.iterdir()) == []


def test_equal_documents_make_equal_files(tmp_path):
    one = export_openraster(several(), tmp_path / "one.ora").path
    other = export_openraster(several(), tmp_path / "other.ora").path
    assert one.read_bytes() == other.read_bytes()


# -- in ----------------------------------------------------------------------------------------


def plain(layer):
    """A layer as values; ids are new after every opening."""
    content = layer.content
    inside = tuple(map(plain, content.layers)) if isinstance(content, Group) else content.digest()
    mask = layer.mask and layer.mask.digest()
    own = (layer.name, layer.opacity, layer.mode, layer.visible, layer.locked, layer.clipped)
    return own, mask, inside


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("mode", MODES)
def test_what_openraster_can_hold_comes_back_as_it_was(tmp_path, depth, mode):
    layers = (
        Layer("Ground", noise(3, depth), locked=True),
        Layer(
            "Group",
            Group((Layer("One", noise(4, depth, 1), mode=mode, opacity=1 / 3, visible=False),)),
            opacity=0.1,
            mask=noise(1, depth, 2),
        ),
        Layer("Two", noise(4, depth, 3), mode=mode),
    )
    opened = open_openraster(exported(tmp_path, document_of(*layers, depth=depth)).path)
    assert [plain(layer) for layer in opened.document.layers] == [plain(layer) for layer in layers]
    assert opened.notes == ()
    assert (opened.document.depth, opened.document.name) == (depth, "picture.ora")


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_what_a_crop_hides_is_written_with_its_offset_and_read_again(tmp_path, depth):
    mask = noise(1, depth, 2)
    layers = (
        Layer("Ground", noise(3, depth)),
        Layer("Moved", noise(4, depth, 1), place=Place.offset(13, -7), mask=mask, id="moved"),
        Layer("Clipped", noise(4, depth, 3), clipped=True),
    )
    whole_one = document_of(*layers, depth=depth)
    region = Region(5, 9, whole_one.width - 20, whole_one.height - 15)
    cropped = geometry.crop(whole_one, region)
    opened = open_openraster(exported(tmp_path, cropped).path).document
    assert (opened.width, opened.height) == (region.width, region.height)
    assert np.abs(shown(opened) - shown(cropped)).max() < 0.01
    again, expected = geometry.reveal_all(opened), geometry.reveal_all(whole_one)
    assert np.abs(shown(again) - shown(expected)).max() < 0.01


def shown(document):
    pixels = to_float(whole(document).to_array())
    return pixels[..., :3] * pixels[..., 3:] if pixels.shape[2] == 4 else pixels


def pnginfo_of(xmp):
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return info


def png_of(pixels, **how):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **how)
    return stream.getvalue()


def archive_of(path, xml, members=(), mimetype=b"image/openraster", how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("stack.xml", xml)
        for name, data in members:
            archive.writestr(name, data)
    return path


SQUARE = np.full((20, 20, 4), (200, 100, 50, 255), np.uint8)


def simple(tmp_path, layers, w=60, h=40, members=None, before=""):
    xml = f'{before}<image version="0.0.3" w="{w}" h="{h}"><stack>{layers}</stack></image>'
    return archive_of(tmp_path / "other.ora", xml, members or [("data/a.png", png_of(SQUARE))])


@pytest.mark.parametrize("name", ["layered.ora", "layered.png", "LAYERED.ORA"])
def test_openraster_opens_as_every_picture_does_with_its_layers(tmp_path, name):
    layers = '<layer name="Top" src="data/a.png"/><layer name="Ground" src="data/a.png" x="9"/>'
    path = simple(tmp_path, layers).rename(tmp_path / name)
    opened = open_picture(path)
    assert opened.format == "OpenRaster"
    assert [layer.name for layer in opened.document.layers] == ["Ground", "Top"]
    with pytest.raises(OpenError, match="raise the limit"):
        open_picture(path, pixel_limit=1000)


def test_an_archive_that_is_called_openraster_and_is_none_is_refused_for_what_it_lacks(tmp_path):
    path = tmp_path / "other.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "nothing")
    with pytest.raises(OpenError, match=r"other\.ora"):
        open_picture(path)


def test_layers_lie_where_their_offsets_say(tmp_path):
    inner = '<layer src="data/a.png" x="-5" y="10"/>'
    path = simple(tmp_path, f'<stack x="3" y="-2">{inner}</stack><layer src="data/a.png" x="50"/>')
    opened = open_openraster(path)
    picture = whole(opened.document).to_array()
    expected = np.zeros((40, 60, 4), np.uint8)
    expected[0:20, 50:60] = SQUARE[:, :10]
    expected[8:28, 0:18] = SQUARE[:, 2:]
    assert np.array_equal(picture, expected)
    assert opened.notes == ()  # what lies outside the picture is hidden and there
    assert geometry.extent(opened.document) == Region(-2, 0, 72, 40)


def test_layers_of_other_depths_and_profiles_become_alike(tmp_path):
    deep = np.full((40, 60), 40000, np.uint16)
    other = png_of(SQUARE, icc_profile=pictures.wide_profile())
    members = [("data/a.png", png_of(SQUARE)), ("b.png", png_of(deep)), ("c.png", other)]
    layers = "".join(f'<layer src="{name}"/>' for name in ("c.png", "b.png", "data/a.png"))
    opened = open_openraster(simple(tmp_path, layers, members=members))
    first, grey, wide = (layer.raster.to_array() for layer in opened.document.layers)
    assert opened.document.depth == "uint16"
    assert (first[0, 0] == SQUARE[0, 0].astype(int) * 257).all()
    assert (grey == 40000).all()
    # A wide-gamut orange is a stronger one in sRGB.
    assert wide[0, 0, 0] > first[0, 0, 0]
    assert wide[0, 0, 2] < first[0, 0, 2]
    assert any("colour profile" in note for note in opened.notes)


def test_what_safelight_has_no_like_of_is_named(tmp_path):
    layers = (
        '<text name="Words">hello</text><layer name="Lost" src="none.png"/>'
        '<layer name="Odd" src="data/a.png" composite-op="svg:dst-atop"/>'
        '<layer name="Drawing" src="a.svg"/><layer src="data/a.png"/>'
    )
    members = [("data/a.png", png_of(SQUARE)), ("a.svg", b"<svg/>")]
    opened = open_openraster(simple(tmp_path, layers, members=members))
    text = " ".join(opened.notes)
    for words in ("Words was left out", "Lost was left out", "Drawing was left out"):
        assert words in text
    assert "Odd became normal: svg:dst-atop" in text
    assert [layer.name for layer in opened.document.layers] == ["Layer", "Odd"]


@pytest.mark.parametrize(("picture", "differs"), [(SQUARE, False), (255 - SQUARE // 2, True)])
def test_a_picture_that_looks_different_here_is_said_to(tmp_path, picture, differs):
    members = [("data/a.png", png_of(SQUARE)), ("mergedimage.png", png_of(picture))]
    path = simple(tmp_path, '<layer src="data/a.png"/>', 20, 20, members)
    assert any("looks different" in note for note in open_openraster(path).notes) == differs


def test_a_mask_by_operation_counts_where_it_stands(tmp_path):
    half = np.zeros((40, 60, 4), np.uint8)
    half[:, :30, 3] = 255
    members = [("data/a.png", png_of(SQUARE)), ("half.png", png_of(half))]
    for operation, expected in (("svg:dst-in", 1), ("svg:dst-out", 0)):
        layers = (
            f'<layer src="half.png" composite-op="{operation}"/><layer src="data/a.png" x="0"/>'
        )
        picture = whole(open_openraster(simple(tmp_path, layers, members=members)).document)
        assert (picture.to_array()[5, 5, 3] == 255) == bool(expected)


# -- hostile -----------------------------------------------------------------------------------

LAYER = '<layer src="data/a.png"/>'
LAUGHS = '<!DOCTYPE image [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE image [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("layers", "how", "message"),
    [
        (LAYER, {"before": LAUGHS}, "declares a document type"),
        (LAYER, {"before": OUTSIDE}, "declares a document type"),
        (LAYER, {"before": "<!DOCTYPE image>"}, "declares a document type"),
        ("<layer", {}, "cannot be read"),
        ("", {}, "no layers that"),
        ("<stack>" * 200 + "</stack>" * 200, {}, "deep"),
        ("<layer/>" * 11_000, {}, "more than 10000 layers"),
        (LAYER, {"w": 0}, "no pixels"),
        (LAYER, {"w": "nan"}, "no w in pixels"),
        (LAYER, {"w": -4}, "no pixels"),
        (LAYER, {"w": 10**9, "h": 10**9}, "megapixels"),
        ('<layer src="data/a.png" opacity="nan"/>', {}, "no opacity"),
        ('<layer src="data/a.png" x="1e400"/>', {}, "no x in pixels"),
        ('<layer src="../../../../etc/passwd"/>', {}, "no layers that"),
        ('<layer src="/etc/passwd"/>', {}, "no layers that"),
    ],
)
def test_a_hostile_list_of_layers_is_refused_in_words(tmp_path, layers, how, message):
    with pytest.raises(OpenError, match=message):
        open_openraster(simple(tmp_path, layers, **how))


def huge_png(width, height):
    def chunk(kind, body):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(bytes(1 << 20))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def test_pixels_beyond_the_limit_are_refused_before_they_are_decoded(tmp_path):
    members = [("data/a.png", huge_png(40_000, 40_000))]
    with pytest.raises(OpenError, match="40000 x 40000"):
        open_openraster(simple(tmp_path, LAYER, members=members), pixel_limit=1_000_000)
    members = [("data/a.png", huge_png(900, 900))]
    with pytest.raises(OpenError, match="too large for the memory"):
        open_openraster(simple(tmp_path, LAYER * 9, members=members), pixel_limit=1_000_000)


def test_a_member_that_unpacks_to_far_more_than_its_pixels_is_refused(tmp_path):
    bomb = png_of(SQUARE) + bytes(80 << 20)
    xml = f'<image w="20" h="20"><stack>{LAYER}</stack></image>'
    path = archive_of(tmp_path / "a.ora", xml, [("data/a.png", bomb)], how=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(OpenError, match="far too large"):
        open_openraster(path)


def test_a_stack_file_that_unpacks_to_far_too_much_is_refused(tmp_path):
    path = archive_of(tmp_path / "a.ora", b" " * (64 << 20), how=zipfile.ZIP_DEFLATED)
    with pytest.raises(OpenError, match="far too large"):
        open_openraster(path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    path = archive_of(tmp_path / "a.ora", b" " * (64 << 20), how=zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 64 << 20), struct.pack("<I", 1000)))
    with pytest.raises(OpenError):
        open_openraster(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + bytes(100), "no sound archive"),
        (b"PK\x05\x06" + bytes(18), "is missing"),
        (b"PK\x05\x06" + bytes(8) + b"\xff\xff\xff\x7f" + bytes(6), "no sound archive"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path, content, message):
    path = tmp_path / "a.ora"
    path.write_bytes(content)
    with pytest.raises(OpenError, match=message):
        open_openraster(path)


def test_two_members_of_one_name_are_refused(tmp_path):
    members = [("data/a.png", png_of(SQUARE))] * 2
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = simple(tmp_path, LAYER, members=members)
    with pytest.raises(OpenError, match="two files of one name"):
        open_openraster(path)


def test_an_archive_of_something_else_is_refused(tmp_path):
    xml = "<image/>"
    path = archive_of(tmp_path / "a.ora", xml, mimetype=b"application/epub+zip")
    with pytest.raises(OpenError, match="no OpenRaster picture"):
        open_openraster(path)
    with pytest.raises(OpenError):
        open_picture(path)


def test_packings_that_the_standard_does_not_name_are_refused(tmp_path):
    xml = f'<image w="20" h="20"><stack>{LAYER}</stack></image>'
    path = archive_of(tmp_path / "a.ora", xml, how=zipfile.ZIP_LZMA)
    with pytest.raises(OpenError, match="does not allow"):
        open_openraster(path)


@pytest.mark.attack
def test_a_damaged_file_opens_or_is_refused(tmp_path):
    document = Document(
        40, 30, "uint8", (Layer("A", noise(4, width=40, height=30)), Layer("B", Group(())))
    )
    data = exported(tmp_path, document).path.read_bytes()
    dice, refused, broken = random.Random(3), 0, tmp_path / "broken.ora"
    turns = attack.times(300, 30)
    for turn in range(turns):
        damaged = bytearray(data)
        if turn % 3 == 0:
            del damaged[dice.randrange(len(damaged)) :]
        else:
            for _ in range(dice.choice([1, 4, 60])):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        broken.write_bytes(damaged)
        try:
            opened = open_openraster(broken)
        except OpenError:
            refused += 1
            continue
        # Every part has a checksum: what opens is what was there, or it is said that it is lost.
        pixels = [x.raster for x in opened.document.layers if isinstance(x.content, Raster)]
        whole_one = [raster.digest() for raster in pixels] == [document.layers[0].raster.digest()]
        assert whole_one or any("A was left out" in note for note in opened.notes)
    assert turns // 3 < refused < turns

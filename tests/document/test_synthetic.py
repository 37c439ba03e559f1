"""Synthetic: what a generator has made stays known, whatever is done to it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.document import (
    Document,
    EditError,
    Group,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    edits,
)
from safelight.pixels import Raster
from tests.document.strategies import computable, documents, drawn, edits_of

PHOTO = Raster.filled(9, 9, (40, 90, 140), "uint8")
CLEAR = Raster.filled(9, 9, (40, 90, 140, 0), "uint8")
HALF = Raster.filled(9, 9, (40, 90, 140, 128), "uint8")
BLACK, WHITE = Raster.filled(9, 9, (0,), "uint8"), Raster.filled(9, 9, (255,), "uint8")


def of(*layers):
    return Document(9, 9, "uint8", layers)


def photo(**facts):
    return Layer("Photograph", PHOTO, id="photo", **facts)


def made(raster=PHOTO, word="wholly", **facts):
    return Layer("Flower", raster, id="made", synthetic=word, **facts)


def generator(kept=PHOTO, **facts):
    held = LiveFilter("g.flowers", generates=True, kept=kept and Kept(kept, "key"))
    return Layer("Flowers", held, id="made", **facts)


def filtered(before="", **facts):
    held = LiveFilter("f.style", kept=Kept(PHOTO, "key", synthetic=before))
    return Layer("Style", held, id="style", **facts)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (of(photo()), ""),
        (of(made()), "wholly"),
        (of(made(word="partly")), "partly"),
        (of(generator()), "wholly"),
        (of(photo(), made(HALF)), "partly"),
        (of(photo(), made()), "wholly"),
        (of(photo(), generator()), "wholly"),
        (of(photo(), generator(kept=None)), ""),
        (of(photo(), made(opacity=0.5)), "partly"),
        (of(photo(), made(mode="multiply")), "partly"),
        (of(photo(), made(mask=WHITE)), "partly"),
        (of(photo(), made(visible=False)), ""),
        (of(photo(), made(opacity=0)), ""),
        (of(photo(), made(mask=BLACK)), ""),
        (of(photo(), made(CLEAR)), ""),
        (of(photo(visible=False), made(HALF)), "wholly"),
        (of(Layer("Empty", CLEAR), made(HALF)), "wholly"),
        (of(made(), photo()), ""),
        (of(made(), photo(opacity=0.9)), "partly"),
        (of(made(), filtered()), "wholly"),
        (of(photo(), filtered()), ""),
        (of(photo(), filtered("partly")), "partly"),
        (of(photo(), filtered("wholly", visible=False)), ""),
        (of(photo(), Layer("Group", Group((made(HALF),)))), "partly"),
        (of(photo(), Layer("Group", Group((made(),)))), "wholly"),
        (of(photo(), Layer("Group", Group((made(),)), visible=False)), ""),
        (of(photo(), Layer("Group", Group())), ""),
        (of(photo(), made(HALF, clipped=True)), "partly"),
        (of(photo(), made(clipped=True)), "wholly"),
        (of(photo(visible=False), made(clipped=True)), ""),
        (of(Layer("Empty", CLEAR), made(clipped=True)), ""),
        (of(generator(kept=None), photo(clipped=True)), ""),
        (of(), ""),
    ],
)
def test_what_is_shown_says_whether_it_was_made(document, word):
    assert document.synthetic == word


def generating(layers):
    """The layers with a generator for every filter that is not cheap."""
    result = []
    for layer in layers:
        content = Group(generating(layer.layers)) if layer.layers else layer.content
        if layer.filter is not None and layer.filter.id == "costly":
            content = replace(layer.filter, generates=True)
        result.append(replace(layer, content=content))
    return tuple(result)


DOCUMENTS = documents(depths=["uint8"], side=12).map(
    lambda document: replace(document, layers=generating(document.layers))
)


def changed(layers, word):
    """Layers with other colours wherever ``word`` says how they were made, and in part."""
    result = []
    for layer in layers:
        held, content = layer.filter, layer.content
        if layer.layers:
            content = Group(changed(layer.layers, word))
        elif layer.pixels is not None and layer.made in (word, "partly"):
            pixels = layer.pixels.to_array().copy()
            pixels[..., :3] = 255 - pixels[..., :3]
            other = Raster.from_array(pixels)
            content = (
                other if held is None else replace(held, kept=replace(held.kept, raster=other))
            )
        result.append(replace(layer, content=content))
    return tuple(result)


def seen(document):
    """What is to be seen: colour as far as it is not transparent."""
    pixels = drawn(document, document.region).astype(np.float64)
    return pixels[..., :3] * pixels[..., 3:] if pixels.shape[2] == 4 else pixels


def differs(document, word):
    """Whether other pixels of that kind would make another picture."""
    other = replace(document, layers=changed(document.layers, word))
    return bool((seen(document) != seen(other)).any())


@given(DOCUMENTS)
def test_no_pixel_of_a_generator_is_to_be_seen_in_a_picture_that_does_not_say_so(document):
    if differs(document, "wholly"):
        assert document.synthetic != ""


@given(DOCUMENTS)
def test_no_picture_that_shows_anything_else_says_that_a_generator_made_all_of_it(document):
    if differs(document, ""):
        assert document.synthetic != "wholly"


@given(st.data())
def test_neither_flattening_nor_merging_forgets_it(data):
    document = computable(data.draw(DOCUMENTS))
    word = document.synthetic
    flat = edits.flatten().apply(document)
    assert flat.layers[0].synthetic == word
    try:
        merged = edits.merge_down(data.draw(st.sampled_from(document.layers)).id).apply(document)
    except (EditError, LayerFailed):
        return
    assert merged.synthetic or not word


@given(st.data())
def test_where_nothing_is_generated_no_edit_makes_it_so(data):
    document = data.draw(documents(depths=["uint8"], side=12, filters=False))
    plain = replace(document, layers=changed_words(document.layers))
    try:
        after = data.draw(edits_of(plain)).apply(plain)
    except (EditError, LayerFailed):
        return
    assert after.synthetic == ""


def changed_words(layers):
    """The layers as if no generator had been at work."""
    return tuple(
        replace(
            layer,
            synthetic="",
            content=Group(changed_words(layer.layers)) if layer.layers else layer.content,
        )
        for layer in layers
    )


def test_merging_a_made_layer_into_a_photograph_makes_it_so_in_part():
    after = edits.merge_down("made").apply(of(photo(), made(HALF)))
    assert [layer.synthetic for layer in after.layers] == ["partly"]
    after = edits.merge_down("made").apply(of(photo(), generator(mask=BLACK)))
    assert [layer.synthetic for layer in after.layers] == [""]
    after = edits.merge_down("made").apply(of(photo(), generator()))
    assert [layer.synthetic for layer in after.layers] == ["wholly"]


def test_a_copy_other_pixels_and_a_larger_size_keep_it():
    document = of(photo(), made(HALF))
    copied = edits.duplicate_layer("made").apply(document)
    assert [layer.synthetic for layer in copied.layers] == ["", "wholly", "wholly"]
    assert edits.set_pixels("made", HALF).apply(document).layer("made").synthetic == "wholly"
    large = {layer.id: Raster.filled(18, 18, (1, 2, 3), "uint8") for layer in document.layers}
    grown = edits.enlarge(large, 2).apply(document)
    assert [layer.synthetic for layer in grown.layers] == ["", "wholly"]


def test_a_kept_result_still_says_what_it_was_computed_from():
    document = of(photo(), made(HALF, opacity=0.5), filtered("partly"))
    without = edits.delete_layer("made").apply(document)
    assert without.synthetic == "partly"
    assert edits.keep_result("style", Kept(PHOTO, "key")).apply(without).synthetic == ""
    held = edits.enlarge({"photo": Raster.filled(18, 18, (1, 2, 3), "uint8")}, 2).apply(without)
    assert held.layer("style").filter.kept.synthetic == "partly"


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="partly or wholly, not True"):
        Layer("Flower", PHOTO, synthetic=True)  # type: ignore[arg-type]

"""Cut-outs: a subject told by strokes, and the hair along its edge."""

import numpy as np
import pytest

from safelight.document import Document, EditError
from safelight.document.commands import cut_outs, selections
from safelight.pixels import Raster

SIZE = 720, 960


def scene(seed=5):
    """A mottled disc before a mottled ground, and how much of each pixel is the disc."""
    numbers = np.random.default_rng(seed)
    rows, columns = np.indices(SIZE)
    alpha = np.clip(200.5 - np.hypot(columns + 0.5 - 480, rows + 0.5 - 360), 0, 1)[..., None]
    noise = numbers.normal(0, 12, (*SIZE, 1))
    disc, ground = np.array((150, 105, 80)) + noise, np.array((70, 110, 90)) + noise
    pixels = (alpha * disc + (1 - alpha) * ground).clip(0, 255).astype(np.uint8)
    return Document.from_raster(Raster.from_array(pixels)), alpha[..., 0]


def chosen(document):
    return document.selection.to_array()[..., 0] / 255


def test_one_stroke_selects_a_subject_with_its_edge_at_full_size_and_twice_the_same():
    document, alpha = scene()
    edit = cut_outs.select_subject(inside="400,330;480,400;560,340", size=30)
    found = chosen(edit.apply(document))
    assert np.abs(found - alpha).mean() < 0.004
    np.testing.assert_array_equal(found, chosen(edit.apply(document)))


def test_what_reaches_the_edge_of_the_picture_is_no_part_of_a_subject_that_was_stroked_amid_it():
    """A tree trunk behind a bird, nearly of its colours: it had come along as a block."""
    document, alpha = scene()
    pixels = document.layers[0].raster.to_array().astype(float)
    noise = np.random.default_rng(7).normal(0, 12, (*SIZE, 1))
    behind = (alpha < 0.5) & (np.indices(SIZE)[1] > 560)
    pixels[behind] = (np.array((130, 98, 77)) + noise)[behind]
    document = Document.from_raster(Raster.from_array(pixels.clip(0, 255).astype(np.uint8)))
    edit = cut_outs.select_subject(inside="400,330;480,400;560,340", size=30)
    found = chosen(edit.apply(document))
    assert found[behind].mean() < 0.05
    assert found[alpha > 0.5].mean() > 0.95


def test_a_subject_that_ends_with_the_picture_is_selected_to_its_last_row():
    document, alpha = scene()
    pixels = document.layers[0].raster.to_array()[:400]
    document = Document.from_raster(Raster.from_array(np.ascontiguousarray(pixels)))
    edit = cut_outs.select_subject(inside="440,230;520,240", size=30)
    found = chosen(edit.apply(document))
    assert np.abs(found - alpha[:400])[-4:].mean() < 0.02


def test_a_stroke_over_what_is_behind_keeps_it_out():
    document, alpha = scene()
    pixels = document.layers[0].raster.to_array().copy()
    pixels[250:470, 660:760] = pixels[250:470, 400:500]  # as the subject, beside it
    document = Document.from_raster(Raster.from_array(pixels))
    both = chosen(cut_outs.select_subject(inside="400,330;480,400", size=30).apply(document))
    assert both[360, 720] > 0.9
    edit = cut_outs.select_subject(inside="400,330;480,400", outside="720,270;720,450", size=30)
    found = chosen(edit.apply(document))
    assert found[360, 720] < 0.1
    assert found[360, 480] == 1


@pytest.mark.parametrize(
    ("strokes", "told"),
    [("", "no stroke"), ("a", "points are"), ("5000,5000", "over the picture"), ("1,2|", "points")],
)
def test_strokes_that_select_nothing_are_refused_in_words(strokes, told):
    with pytest.raises(EditError, match=told):
        cut_outs.select_subject(inside=strokes).apply(scene()[0])


def hairy(seed=2):
    """A dark body with thin light hairs before an even ground, with its true share a pixel."""
    cv2 = pytest.importorskip("cv2")
    numbers, wide = np.random.default_rng(seed), 4
    large = np.zeros((240 * wide, 320 * wide), np.uint8)
    cv2.rectangle(large, (0, 0), (320 * wide, 120 * wide), 255, -1)
    for x in numbers.uniform(0, 320, 120):
        tip = x + numbers.normal(0, 8), 120 + numbers.uniform(4, 22)
        start, end = ((round(a * wide), round(b * wide)) for a, b in ((x, 118), tip))
        cv2.line(large, start, end, 255, 3)
    alpha = cv2.resize(large, (320, 240), interpolation=cv2.INTER_AREA)[..., None] / 255
    body = np.array((120, 84, 60)) + numbers.normal(0, 5, (240, 320, 1))
    ground = np.array((60, 140, 190)) + numbers.normal(0, 3, (240, 320, 1))
    pixels = (alpha * body + (1 - alpha) * ground).clip(0, 255).astype(np.uint8)
    return Document.from_raster(Raster.from_array(pixels)), alpha[..., 0]


def test_hair_along_an_edge_is_found_and_its_colour_is_its_own():
    document, alpha = hairy()
    rough = selections.select_path(points="0,0;320,0;320,124;0,124").apply(document)
    band = np.s_[118:145]
    before = np.abs(chosen(rough) - alpha)[band].mean()
    refined = cut_outs.refine_edge(radius=24, layer=rough.layers[0].id).apply(rough)
    after = np.abs(chosen(refined) - alpha)[band].mean()
    assert after < 0.35 * before
    cut = cut_outs.refine_edge(radius=24, decontaminate=True).apply(rough)
    under, above = cut.layers
    assert not under.visible
    assert above.mask is not None
    hair = (alpha > 0.3) & (alpha < 0.9) & (np.indices(alpha.shape)[0] > 121)
    was, now = (x.raster.to_array()[hair][:, 2].astype(float) for x in (under, above))
    assert abs(now.mean() - 60) < 0.4 * abs(was.mean() - 60), "the blue ground is gone from it"


def test_contrast_makes_an_edge_steeper_and_shift_moves_it():
    document, _ = scene()
    start = cut_outs.select_subject(inside="400,330;480,400;560,340", size=30).apply(document)

    def refined(**given):
        return chosen(cut_outs.refine_edge(radius=6, **given).apply(start))

    plain, steep = refined(), refined(contrast=0.8)
    between = [((x > 0.05) & (x < 0.95)).sum() for x in (plain, steep)]
    assert between[1] < 0.6 * between[0]
    assert refined(shift=0.6).sum() > plain.sum() > refined(shift=-0.6).sum()

"""Repair, Remove and Find damage: what they do with their networks, whatever those are."""

import cv2
import numpy as np
import pytest
import safelight_repair
from safelight_repair import damage, find_damage, remove, repair, tears

from safelight import api
from safelight.api import testing

pytestmark = pytest.mark.usefixtures("networks")
FILLING = pytest.mark.parametrize("filter", [repair, remove])
WHOLE = api.Region(0, 0, 320, 240)
ALL = ("dust_and_scratches", "stains", "tears")


def damage_of(picture, job, **sensitivities):
    """What is found in a whole picture."""
    region = api.Region(0, 0, picture.shape[1], picture.shape[0])
    prepared = api.registered(find_damage).prepared(picture, sensitivities, job=job)
    return find_damage(picture, job, region, region, prepared, **sensitivities)


def masked(picture, *squares):
    """A mask with squares (y, x, side)."""
    mask = np.zeros(picture.shape[:2], np.float32)
    for y, x, side in squares:
        mask[y : y + side, x : x + side] = 1
    return mask


@pytest.mark.parametrize("filter", [repair, remove, find_damage])
def test_it_is_well_behaved(job, filter):
    testing.assert_well_behaved(filter, job=job(filter))


def test_pieces_of_the_damage_fit_together(job):
    testing.assert_tiles_agree(
        find_damage, job=job(find_damage), dust_and_scratches=0.3, stains=0.6, tears=0.9
    )


@FILLING
def test_what_is_not_selected_stays_bit_by_bit(job, filter):
    picture = testing.photograph(320, 240, beyond=0.25)
    mask = masked(picture, (20, 30, 9), (100, 40, 110))
    result = filter(picture, mask, job(filter), WHOLE)
    assert np.array_equal(result[mask == 0], picture[mask == 0])
    assert (result[mask > 0] != picture[mask > 0]).any(-1).mean() > 0.9


@FILLING
def test_a_softly_selected_pixel_is_filled_wholly_for_the_host_to_blend(job, filter):
    picture = testing.photograph(320, 240)
    mask = masked(picture, (50, 60, 20))
    hard, soft = (filter(picture, m, job(filter), WHOLE) for m in (mask, mask * 0.3))
    assert np.array_equal(hard, soft)


@FILLING
def test_a_seed_makes_a_variation_inside_and_only_there(job, filter):
    picture = testing.photograph(320, 240)
    mask = masked(picture, (50, 60, 40))
    one, again, other = (
        filter(picture, mask, job(filter), WHOLE, variety=1.0, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert (one[mask > 0] != other[mask > 0]).all()
    assert np.array_equal(one[mask == 0], other[mask == 0])


def test_without_variety_the_seed_makes_no_difference(job):
    picture = testing.photograph(320, 240)
    mask = masked(picture, (50, 60, 40))
    one, other = (repair(picture, mask, job(repair), WHOLE, 0.0, seed) for seed in (1, 2))
    assert np.array_equal(one, other)


def test_a_filling_stays_when_more_is_selected_and_so_more_of_the_picture_is_given(job):
    picture = testing.photograph(1500, 700)
    mask = masked(picture, (300, 900, 150))
    reach = api.registered(repair).reach
    pieces = []
    for left in (0, 900 - reach):
        region = api.Region(left, 0, 1500 - left, 700)
        result = repair(picture[:, left:], mask[:, left:], job(repair), region, 1.0, 3)
        pieces.append(result[300:450, 900 - left : 1050 - left])
    assert np.array_equal(*pieces)


def test_nothing_selected_runs_no_network(job):
    picture = testing.photograph(64, 48)
    its = job(repair)
    result = repair(picture, np.zeros((48, 64), np.float32), its, WHOLE)
    assert np.array_equal(result, picture)
    assert its.fractions == []


def test_it_says_how_far_it_is(job):
    picture, its = testing.photograph(700, 300), job(repair)
    repair(picture, masked(picture, (100, 100, 9), (100, 500, 9)), its, WHOLE)
    assert its.fractions == [0.5, 1.0]


def test_a_sensitivity_of_nothing_leaves_its_kind_out(job):
    picture = testing.photograph(96, 64)
    off = dict.fromkeys(ALL, 0.0)
    assert not damage_of(picture, job(find_damage), **off).any()
    for kind in off:
        assert damage_of(picture, job(find_damage), **off | {kind: 0.9}).any()


def test_more_sensitivity_finds_more():
    sure = np.linspace(0, 1, 90, dtype=np.float32)[None, :, None].repeat(80, 0).repeat(3, 2)
    found = [damage.damage_mask(sure, (0, 0, level)) for level in (0.1, 0.3, 0.6, 1.0)]
    assert all((more >= less).all() for less, more in zip(found, found[1:], strict=False))
    assert found[0].sum() < found[1].sum() < found[2].sum() < found[3].sum()


@pytest.mark.parametrize("kind", [0, 1])
def test_what_is_found_all_over_is_texture_and_what_is_found_here_and_there_damage(kind):
    rng = np.random.default_rng(0)
    sure = np.zeros((400, 200, 3), np.float32)
    sure[:200, :, kind] = 0.7 * (rng.random((100, 100)) < 0.4).repeat(2, 0).repeat(2, 1)
    sure[300:303, 20:180, kind] = 0.7
    found = damage.damage_mask(sure, [0.9 * (n == kind) for n in range(3)])
    assert not found[damage.CROWD : 200 - damage.CROWD].any()
    assert found[300:303, 20:180].all()
    sure[..., kind][sure[..., kind] > 0] = 0.99  # as sure as that it counts wherever it is
    assert damage.damage_mask(sure, [0.9 * (n == kind) for n in range(3)])[:200].mean() > 0.5


def test_a_likely_tear_lies_in_every_piece_where_it_lies_in_the_picture():
    likely = np.zeros((64, 96), np.float32)
    likely[20:40, 30:60] = 0.7
    told = tears.packed(likely)
    whole = 505, 763  # the thumbnail's sides are half of them, thrice, rounded up
    found = tears.selected(told, 0.5, (0, 0), whole, whole)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (160, 319, 240, 479)
    piece = tears.selected(told, 0.5, (131, 200), (150, 111), whole)
    assert np.array_equal(piece, found[131:281, 200:311])
    assert not tears.selected(told, 0.3, (0, 0), whole, whole).any()


@pytest.mark.parametrize("soft", [0, 2], ids=["sharp", "soft"])
def test_of_a_tear_with_a_soft_border_nothing_light_is_left(soft):
    rng = np.random.default_rng(0)
    picture = np.float32(0.3) + np.float32(0.02) * rng.standard_normal((90, 120, 3), np.float32)
    paper = np.zeros((90, 120), np.float32)
    paper[30:60, 40:80] = 1
    share = cv2.GaussianBlur(paper, (0, 0), soft) if soft else paper
    image = picture + share[..., None] * (np.float32(0.95) - picture)
    seen = tears.Seen.of(image, lambda small: np.zeros_like(small))
    found = tears.with_fibre(seen, tears._sheet(seen, share > 0.97))
    assert found[share > 0.15].all()
    assert not found[cv2.dilate(np.uint8(share > 0.02), np.ones((5, 5))) == 0].any()


def test_a_faint_trace_counts_beside_a_sure_one_and_not_alone():
    sure = np.zeros((60, 60, 3), np.float32)
    sure[20:22, 5:55], sure[40:42, 5:55] = 0.5, 0.5
    sure[20:22, 30:34] = 0.9
    found = damage.damage_mask(sure, (0.5, 0, 0))
    columns = np.flatnonzero(found[20])
    beside = damage.BESIDE + damage.GROWN
    assert (columns[0], columns[-1]) == (30 - beside, 33 + beside)
    assert not found[40 - damage.GROWN :].any()


def test_single_pixels_are_taken_for_texture():
    sure = np.zeros((40, 40, 3), np.float32)
    sure[10, 10] = sure[30, 30:32] = 1
    sure[20:22, 20:22] = 1
    found = damage.damage_mask(sure, (0.5, 0, 0))
    grown = 2 + 2 * damage.GROWN
    assert found.sum() == grown**2
    assert found[20, 20]


def test_only_filters_whose_network_is_there_are_offered(networks, tmp_path, monkeypatch):
    assert safelight_repair.filters() == [find_damage, repair, remove]
    (tmp_path / "fill.onnx").write_bytes((networks / "fill.onnx").read_bytes())
    monkeypatch.setattr(safelight_repair, "HERE", tmp_path)
    assert safelight_repair.filters() == [repair, remove]


def test_the_ids_stay_what_saved_documents_hold():
    offered = [item for its in safelight_repair.NEEDS.values() for item in its]
    assert [api.registered(item).declaration.id for item in offered] == [
        "safelight_repair.find_damage",
        "safelight_repair.repair",
        "safelight_repair.remove",
        "safelight_repair.restore_tone",
    ]

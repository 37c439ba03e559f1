"""Clean: what its filters do with what their networks find, whatever those are."""

import numpy as np
import pytest
import safelight_clean
from safelight_clean import (
    LUMINANCE,
    NEIGHBOURS,
    clean_jpeg,
    deblur,
    denoise,
    filters,
    measured_noise,
    measured_quality,
)
from safelight_clean.estimates import noise_level, table_of
from safelight_clean.light import kept

from safelight import api
from safelight.api import testing

ALL = pytest.mark.parametrize("filter", [denoise, clean_jpeg, deblur])
PARTED = pytest.mark.parametrize("filter", [denoise, clean_jpeg])
TOLD = {"denoise": {"level": 30.0}, "clean_jpeg": {"quality": 20}, "deblur": {"width": 3.0}}
NOTHING = {"denoise": {"level": 0.0}, "clean_jpeg": {"quality": 100}, "deblur": {"width": 0.0}}
LAST_BITS = 1e-6


def made(filter, picture, result):
    """What a filter makes of its network's result: all but Clean JPEG keep the light."""
    return result if filter is clean_jpeg else kept(picture, result)


@pytest.fixture
def apply(job):
    """Call a filter as the host does: with what it measures of the picture, if it does."""

    def call(filter, picture, source=None, **settings):
        entry = api.registered(filter)
        complete = entry.declaration.settings(settings)
        measured = {"prepared": entry.prepared(picture, complete, source)}
        wanted = {name: measured[name] for name in entry.wants if name in measured}
        return filter(picture, job(filter), **wanted, **complete)

    return call


@ALL
@pytest.mark.parametrize("automatic", [True, False])
def test_it_is_well_behaved(job, filter, automatic):
    testing.assert_well_behaved(filter, job=job(filter), automatic=automatic)


@ALL
def test_pieces_fit_together(job, filter):
    testing.assert_tiles_agree(filter, job=job(filter), tolerance=LAST_BITS)


@pytest.mark.parametrize(
    ("filter", "source", "level"),
    [
        (denoise, None, None),
        (clean_jpeg, api.Source(((2 * table_of(50)).ravel(),)), 1 - 25 / 100),
        (clean_jpeg, None, None),
    ],
)
def test_what_is_measured_is_told_to_the_network(apply, job, filter, source, level):
    """Noise of 20 levels; the tables of a file; pixels that no JPEG has gone through."""
    picture = testing.photograph(96, 80)
    if filter is denoise:
        noise = np.random.default_rng(0).normal(0, 20 / 255, picture.shape)
        picture = (picture + noise).astype(np.float32)
        level = round(255 * noise_level(picture), 1) / 255
        assert level == pytest.approx(20 / 255, rel=0.1)
    name = next(name for name, known in safelight_clean.NETWORKS.items() if known is filter)
    told = {} if level is None else {"level": level}
    expected = made(filter, picture, job(filter).run(name, picture, **told))
    np.testing.assert_allclose(apply(filter, picture, source), expected, atol=LAST_BITS)


def test_what_was_measured_is_shown_beside_its_control():
    picture = testing.photograph(96, 80)
    noise = np.random.default_rng(0).normal(0, 20 / 255, picture.shape)
    assert measured_noise((picture + noise).astype(np.float32), True)["level"] > 15
    assert measured_noise(picture, False) == {}
    source = api.Source((tuple(table_of(30).ravel()),))
    assert measured_quality(picture, True, source) == {"quality": 30}
    assert measured_quality(picture, True, api.Source()) == {}
    assert measured_quality(picture, False, source) == {}


@ALL
def test_what_it_is_told_counts_only_when_it_is_not_automatic(apply, filter):
    picture = testing.photograph(40, 32)
    told = TOLD[filter.__name__]
    blind = apply(filter, picture)
    assert np.array_equal(apply(filter, picture, automatic=True, **told), blind)
    assert np.abs(apply(filter, picture, automatic=False, **told) - blind).max() > 0.001


@pytest.mark.parametrize(
    ("filter", "told", "level"),
    [
        (denoise, {"level": 51.0}, 0.2),
        (clean_jpeg, {"quality": 40}, 0.6),
        (deblur, {"width": 2.0, "halo_guard": 0.0}, 0.2),
    ],
)
def test_the_network_is_told_the_level_in_its_own_units(apply, job, filter, told, level):
    picture = testing.photograph(40, 32)
    name = next(name for name, known in safelight_clean.NETWORKS.items() if known is filter)
    expected = made(filter, picture, job(filter).run(name, picture, level=level))
    result = apply(filter, picture, automatic=False, **told)
    np.testing.assert_allclose(result, expected, atol=LAST_BITS)


@ALL
def test_told_that_nothing_is_wrong_it_changes_nothing(apply, filter):
    picture = testing.photograph(40, 32, beyond=0.25)
    result = apply(filter, picture, automatic=False, **NOTHING[filter.__name__])
    assert np.array_equal(result, picture)
    assert result is not picture


@PARTED
def test_colours_and_luminance_are_cleaned_apart(apply, filter):
    picture = testing.photograph(40, 32)
    whole = apply(filter, picture) - picture
    grey = apply(filter, picture, colour=0.0) - picture
    colour = apply(filter, picture, luminance=0.0) - picture
    assert np.abs(grey).max() > 0.001
    assert np.abs(colour).max() > 0.001
    np.testing.assert_allclose(grey + colour, whole, atol=LAST_BITS)
    assert np.ptp(grey, axis=2).max() < LAST_BITS  # the same in all three channels
    assert np.abs(colour @ LUMINANCE).max() < LAST_BITS


@PARTED
def test_with_no_strength_nothing_changes(apply, filter):
    picture = testing.photograph(40, 32)
    assert np.array_equal(apply(filter, picture, luminance=0.0, colour=0.0), picture)


def test_half_the_strength_sharpens_half_as_much(apply):
    picture = testing.photograph(40, 32)
    whole, half = (apply(deblur, picture, strength=strength) for strength in (1.0, 0.5))
    np.testing.assert_allclose(half - picture, (whole - picture) / 2, atol=LAST_BITS)


def test_the_halo_guard_keeps_a_pixel_within_what_is_around_it(apply):
    picture = testing.photograph(40, 32)
    free, guarded = (apply(deblur, picture, halo_guard=guard) for guard in (0.0, 1.0))
    inside = 0
    for y, x in np.ndindex(picture.shape[:2]):
        near = picture[
            max(y - NEIGHBOURS, 0) : y + NEIGHBOURS + 1, max(x - NEIGHBOURS, 0) : x + NEIGHBOURS + 1
        ]
        lowest, highest = near.min((0, 1)), near.max((0, 1))
        np.testing.assert_allclose(
            guarded[y, x], np.clip(free[y, x], lowest, highest), atol=LAST_BITS
        )
        inside += np.all((free[y, x] >= lowest) & (free[y, x] <= highest))
    assert 0 < inside < 40 * 32


def test_only_filters_whose_network_is_there_are_offered(networks, tmp_path, monkeypatch):
    assert filters() == [denoise, clean_jpeg, deblur]
    (tmp_path / "jpeg.onnx").write_bytes((networks / "jpeg.onnx").read_bytes())
    monkeypatch.setattr(safelight_clean, "HERE", tmp_path)
    assert filters() == [clean_jpeg]


def test_the_ids_stay_what_saved_documents_hold():
    ids = [api.registered(filter).declaration.id for filter in (denoise, clean_jpeg, deblur)]
    assert ids == [
        "safelight_clean.denoise",
        "safelight_clean.clean_jpeg",
        "safelight_clean.deblur",
    ]

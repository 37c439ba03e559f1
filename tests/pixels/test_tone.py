"""Tones: tables composed and applied at once do what their stages do one after the other."""

import threading

import numpy as np
import pytest

from safelight import api
from safelight.api.tone_table import applied, packed, stages_of, unpacked
from safelight.pixels import TONE, composed, kernels_ready, prepare_kernels
from safelight.pixels import tone as module

MIXING = api.Matrix(((0.7, 0.2, 0.1), (0.1, 0.8, 0.1), (0.0, 0.3, 0.7)), (0.01, 0.0, -0.02))
PLACES = np.linspace(0, 1, 4096)
RISING = api.Curves(PLACES**0.8)
LEVEL = api.Curves(np.stack([PLACES, PLACES**1.5, 1 - PLACES]), below="level", above="level")
SHADOWS = api.Mix(api.Curves(1 - PLACES, below="level", above="level"), MIXING)


def identity(side):
    places = np.linspace(0, 1, side)
    return np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1)


LATTICE = api.Lattice(identity(9) ** 1.2)
EXPOSURE = (api.TO_LINEAR, api.Matrix.scaled(2**0.7), api.FROM_LINEAR)

STAGES = {
    "light and back": (api.TO_LINEAR, api.Matrix.scaled(1.4, 1.0, 0.7), api.FROM_LINEAR),
    "a curve": (RISING,),
    "three level curves": (LEVEL,),
    "a matrix": (MIXING,),
    "a mix": (SHADOWS,),
    "a lattice": (LATTICE,),
    "all of them": (*EXPOSURE, MIXING, SHADOWS, LATTICE, api.TO_LINEAR),
}


@pytest.fixture(params=["numpy", "compiled"])
def way(request, monkeypatch, kernel_folder):
    """Both ways in which tones are applied."""
    if request.param == "numpy":
        monkeypatch.setattr(module, "COMPILED", [])
    else:
        assert prepare_kernels(kernel_folder, [TONE])
        assert kernels_ready([TONE])


def picture(height=70, width=301, channels=3):
    """Noise from well below black to well above white."""
    numbers = np.random.default_rng(3)
    return numbers.uniform(-0.5, 3, (height, width, channels)).astype(np.float32)


def near(made, expected, tolerance):
    assert made.dtype == np.float32
    size = np.maximum(1, np.abs(expected))
    assert (np.abs(made.astype(float) - expected) <= tolerance * size).all()


@pytest.mark.parametrize("case", STAGES)
def test_a_tone_is_its_stages_one_after_the_other(way, case):
    image = picture()
    near(composed(STAGES[case]).apply(image), applied(STAGES[case], image), 1e-6)


@pytest.mark.parametrize("case", STAGES)
def test_compiled_or_not_it_is_the_same_to_the_bit(case, kernel_folder):
    assert prepare_kernels(kernel_folder, [TONE])
    image, tone = picture(), composed(STAGES[case])
    expected = np.empty_like(image)
    module.in_numpy(tone.stages, image, expected)
    assert np.array_equal(tone.apply(image), expected)


@pytest.mark.parametrize("case", STAGES)
def test_a_part_of_a_picture_is_the_part_of_the_whole_to_the_bit(way, case):
    tone, image = composed(STAGES[case]), picture()
    whole = tone.apply(image)
    part = tone.apply(image[11:52, 17:290])
    assert np.array_equal(part, whole[11:52, 17:290])


@pytest.mark.parametrize("case", STAGES)
def test_colours_are_read_where_they_lie_beside_alpha(way, case):
    image, tone = picture(channels=4), composed(STAGES[case])
    expected = tone.apply(np.ascontiguousarray(image[..., :3]))
    assert np.array_equal(tone.apply(image[..., :3]), expected)
    assert np.array_equal(tone.apply(image[3:50, 9:, :3]), expected[3:50, 9:])


def test_alpha_stays_when_colours_are_written_in_place(way):
    image = picture(channels=4)
    before = image.copy()
    tone = composed(EXPOSURE)
    assert tone.apply(image, image) is image
    assert np.array_equal(image[..., 3], before[..., 3])
    assert np.array_equal(image[..., :3], tone.apply(before))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", STAGES)
def test_what_is_no_number_never_becomes_one(way, case, wrong):
    image = picture()
    image[5, 7] = wrong
    made = composed(STAGES[case]).apply(image)
    assert not np.isfinite(made[5, 7]).any()
    assert np.isfinite(np.delete(made.reshape(-1, 3), 5 * 301 + 7, axis=0)).all()


@pytest.mark.parametrize("stops", [-4.0, -0.3, 0.7, 2.0])
def test_light_scaled_between_curves_is_one_table_with_them_and_as_true_beyond_white(way, stops):
    bent = api.Curves(np.linspace(0, 1, 65) ** 1.1)
    scaled = api.TO_LINEAR, api.Matrix.scaled(2**stops, 2**stops, 1.1), api.FROM_LINEAR
    tone = composed((bent, *scaled, bent))
    assert len(tone.stages) == 1
    image = picture()
    near(tone.apply(image), applied((bent, *scaled, bent), image), 2 * module.FOLDED)
    assert len(composed(scaled).stages) == 3  # alone it stays exact


def test_threads_do_not_disturb_each_other(way):
    tone, image = composed(STAGES["all of them"]), picture()
    expected = tone.apply(image)
    found = []
    threads = [threading.Thread(target=lambda: found.append(tone.apply(image))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(one, expected) for one in found)


def test_eight_exposures_are_one_multiplication_in_light(way):
    stages = EXPOSURE * 8
    tone = composed(stages)
    assert [type(stage) for stage in tone.stages] == [api.Transfer, api.Matrix, api.Transfer]
    near(tone.apply(picture()), applied(stages, picture()), 2e-6)


def test_what_is_undone_leaves_nothing(way):
    tone = composed((*EXPOSURE, api.TO_LINEAR, api.Matrix.scaled(2**-0.7), api.FROM_LINEAR))
    assert tone.stages == () or tone.apply(picture()) == pytest.approx(picture(), abs=1e-5)
    assert np.array_equal(composed(()).apply(picture()), picture())


FALLING = api.Curves([1, 0.7, 0.3, -0.2])
BENT_AT_THE_ENDS = api.Curves([0, 0.1, 0.6, 1.4])


def test_a_falling_curve_leads_to_the_far_side_of_the_next(way):
    for stages in ((FALLING, BENT_AT_THE_ENDS), (BENT_AT_THE_ENDS, FALLING, BENT_AT_THE_ENDS)):
        near(composed(stages).apply(picture()), applied(stages, picture()), module.FOLDED)


@pytest.mark.parametrize("curve", [RISING, LEVEL, api.Curves([0, 0.8, 0.2, 1.1])])
def test_eight_curves_are_folded_into_one_within_what_is_stated(way, curve):
    stages = (curve, api.Matrix.scaled(0.9, 1.1, 0.8)) * 8
    tone = composed(stages)
    near(tone.apply(picture()), applied(stages, picture()), module.FOLDED)


def test_smooth_curves_become_one_table():
    bent = api.Curves(PLACES + 0.2 * PLACES * (1 - PLACES))
    assert len(composed((bent, api.Matrix.scaled(0.95)) * 8).stages) == 1


def test_curves_that_no_table_holds_stay_apart():
    saw = api.Curves(np.arange(60001) % 2)
    tone = composed((saw, saw))
    assert len(tone.stages) == 2


def test_only_a_declared_lattice_is_one():
    tone = composed(EXPOSURE + (SHADOWS, RISING, MIXING))
    assert not any(isinstance(stage, api.Lattice) for stage in tone.stages)


def test_a_lattice_that_changes_nothing_keeps_every_colour(way):
    near(composed((api.Lattice(identity(5)),)).apply(picture()), picture(), 1e-6)


def test_exposure_is_multiplied_light(way):
    image = picture()
    made = composed(EXPOSURE).apply(image)
    near(made, api.from_linear(api.to_linear(image) * np.float32(2**0.7)), 1e-6)


@pytest.mark.parametrize("case", STAGES)
def test_a_table_travels(case):
    sent = packed(STAGES[case])
    found = unpacked(sent.stages, sent.samples)
    assert np.array_equal(applied(found, picture()), applied(STAGES[case], picture()))


HOSTILE = {
    "no list": ("x", 0),
    "a stage too many": ([{"kind": "transfer", "linear": True}] * 17, 0),
    "no stage": (["x"], 0),
    "no kind": ([{}], 0),
    "an unknown kind": ([{"kind": "virus"}], 0),
    "a matrix of texts": ([{"kind": "matrix", "rows": "abc", "offset": [0, 0, 0]}], 0),
    "a matrix too large": (
        [{"kind": "matrix", "rows": [[1e30] * 3] * 3, "offset": [0, 0, 0]}],
        0,
    ),
    "samples that are not there": (
        [{"kind": "curves", "shape": [1000], "domain": [0, 1], "ends": ["line", "line"]}],
        10,
    ),
    "samples too many": ([{"kind": "transfer", "linear": True}], 10),
    "a huge shape": (
        [{"kind": "lattice", "shape": [1 << 40] * 4, "domain": [0, 1]}],
        10,
    ),
    "a negative shape": (
        [{"kind": "curves", "shape": [-5], "domain": [0, 1], "ends": ["line", "line"]}],
        10,
    ),
    "an empty domain": (
        [{"kind": "curves", "shape": [10], "domain": [1, 1], "ends": ["line", "line"]}],
        10,
    ),
    "ends of another kind": (
        [{"kind": "curves", "shape": [10], "domain": [0, 1], "ends": ["x", []]}],
        10,
    ),
    "a mix of nothing": ([{"kind": "mix", "weights": {}, "matrix": {}}], 0),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_strangers_table_is_refused_with_a_sentence(case):
    stages, count = HOSTILE[case]
    with pytest.raises(api.TableError, match="^a "):
        unpacked(stages, np.zeros(count, np.float32))


def test_samples_that_are_no_numbers_are_refused():
    sent = packed((RISING,))
    with pytest.raises(api.TableError, match="NaN"):
        unpacked(sent.stages, np.full_like(sent.samples, np.nan))


@pytest.mark.parametrize("table", [None, 3, "text", [None], [RISING] * 17, {1: 2}])
def test_what_is_no_table_is_told_what_one_is(table):
    with pytest.raises(api.TableError, match="table"):
        stages_of(table)


@pytest.mark.parametrize(
    "samples", [[], [1], [[1, 2], [3, 4]], [np.nan, 1], [1e9, 1], ["a", "b"], np.zeros(65537)]
)
def test_what_is_no_curve_is_refused(samples):
    with pytest.raises(api.TableError, match="curve"):
        api.Curves(samples)


def test_while_one_slider_moves_the_curves_of_the_others_are_not_folded_again(monkeypatch):
    x = np.linspace(0, 1, 4097)
    curves = [api.Curves(x + share * x * (1 - x)) for share in (0.1, 0.2, -0.1, -0.2)]
    folds = []
    fold = module._folded
    monkeypatch.setattr(module, "_folded", lambda run: folds.append(run) or fold(run))
    mixing = api.Matrix(((0.7, 0.2, 0.1), (0.1, 0.8, 0.1), (0.0, 0.3, 0.7)))
    for strength in (0.1, 0.2, 0.3):
        own = api.Mix(api.Curves(strength * x), mixing)
        made = composed((*curves[:2], own, *curves[2:]))
        assert [type(stage) for stage in made.stages] == [module._Folded, api.Mix, module._Folded]
    assert len(folds) == 2


def test_curves_that_are_the_same_for_all_channels_are_folded_as_those_that_are_not():
    x = np.linspace(0, 1, 1025)
    one = [api.Curves(x + share * x * (1 - x)) for share in (0.2, -0.1)]
    three = [api.Curves(np.stack([stage.samples] * 3)) for stage in one]
    between = api.Matrix.scaled(1.5)
    found, expected = (composed((a, between, b)) for a, b in (one, three))
    assert len(found.stages) == len(expected.stages) == 1
    assert np.array_equal(found.stages[0].samples, expected.stages[0].samples)
    gains = composed((one[0], api.Matrix.scaled(1.5, 1.0, 0.5), one[1])).stages[0]
    assert len({row.tobytes() for row in gains.samples}) == 3

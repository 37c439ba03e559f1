"""The testing kit: every assertion passes what keeps its promise and fails what breaks it."""

import itertools
import re
from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest

from safelight import api
from safelight.api import testing


def mean_of_nine(image):
    """Each pixel as the mean of the 3 x 3 around it."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9).astype(np.float32)


def stated(reach, multiple=1, licence="CC0-1.0"):
    """What the file of a network says of itself."""
    return SimpleNamespace(
        reach=reach, multiple=multiple, title="Mean", licence=licence, training_data="None"
    )


class Networks(api.Job):
    """A job as the fixture ``job`` makes it, whose one network is ``mean_of_nine``, enlarged."""

    def __init__(self, scale=1, reach=1):
        self.scale, self.stated_reach, self.fractions = scale, reach, []

    def run(self, model, image, **inputs):
        return mean_of_nine(image).repeat(self.scale, 0).repeat(self.scale, 1)

    def progress(self, fraction):
        self.fractions.append(fraction)

    def check(self):
        pass

    def contract(self, model):
        return stated(self.stated_reach)


@api.filter("Gain", category="Test")
def gain(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Darken."""
    return image * np.float32(amount)


@api.filter("Soft", category="Test", reach=1)
def soft(image: api.Image) -> api.Image:
    """Soften."""
    return mean_of_nine(image)


@api.filter("Twice", category="Test", scale=2)
def twice(image: api.Image) -> api.Image:
    """Enlarge."""
    return image.repeat(2, 0).repeat(2, 1)


@api.filter("Neural", category="Test", scale="factor")
def neural(image: api.Image, job: api.Job, factor: Literal[1, 2, 3, 4] = 1) -> api.Image:
    """Run a network."""
    job.progress(0.5)
    return job.run("network.onnx", image)


@api.filter("Grain", category="Test")
def grain(image: api.Image, region: api.Region) -> api.Image:
    """Add grain."""
    y, x = np.mgrid[region.y : region.bottom, region.x : region.right]
    return image + np.float32(0.1) * ((x * 7 + y * 13) % 5)[..., None].astype(np.float32)


# --- photograph -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (97, 41)])
def test_a_photograph_has_the_promised_form(size):
    picture = testing.photograph(*size)
    assert (picture.shape, picture.dtype) == ((size[1], size[0], 3), np.float32)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_a_photograph_is_the_same_each_time_and_another_for_another_seed():
    assert np.array_equal(testing.photograph(seed=4), testing.photograph(seed=4))
    assert not np.array_equal(testing.photograph(seed=4), testing.photograph(seed=5))


def test_a_photograph_is_the_same_with_every_version_of_numpy():
    # Golden pictures kept by plugins' authors are made from it.
    means = testing.photograph(96, 64).mean((0, 1), np.float64)
    assert means == pytest.approx([0.404031, 0.431295, 0.488720], abs=1e-5)


def test_a_photograph_holds_flat_parts_edges_and_lines_of_one_pixel():
    picture = testing.photograph(200, 160).mean(-1)
    step = np.abs(np.diff(picture, axis=1))
    assert (step < 0.02).mean() > 0.3
    assert (step > 0.2).mean() > 0.02
    darker = np.minimum(picture[:, :-2], picture[:, 2:]) - picture[:, 1:-1]
    assert (darker > 0.1).mean() > 0.02


def test_a_photograph_goes_beyond_black_and_white_when_asked():
    picture = testing.photograph(200, 160, beyond=0.25)
    assert picture.min() == pytest.approx(-0.25, abs=0.01)
    assert picture.max() == pytest.approx(1.25, abs=0.01)


# --- assert_well_behaved ----------------------------------------------------------------------


def test_filters_that_keep_the_promise_pass():
    testing.assert_well_behaved(gain)
    testing.assert_well_behaved(gain, amount=1.0)
    testing.assert_well_behaved(soft)
    testing.assert_well_behaved(twice)
    testing.assert_well_behaved(grain)
    testing.assert_well_behaved(neural, job=Networks())
    testing.assert_well_behaved(neural, job=Networks(scale=3), factor=3)


def writes_on_it(image):
    image *= 0.5
    return image.copy()


def writes_what_was_there(image):
    image[0, 0] = image[0, 0]
    return image.copy()


def returns_it(image):
    return image


def returns_a_view(image):
    return image[::-1]


def float64(image):
    return image.astype(np.float64)


def eight_bit(image):
    return (image.clip(0, 1) * 255).astype(np.uint8)


def a_list(image):
    return image.tolist()


def nothing(image):
    pass


def one_channel(image):
    return image.mean(-1)


def one_row_less(image):
    return image[1:].copy()


def root(image):
    with np.errstate(invalid="ignore"):
        return np.sqrt(image)


def stretched_to_full_contrast(image):
    with np.errstate(invalid="ignore", divide="ignore"):
        return (image - image.min()) / (image.max() - image.min())


def relative_to_the_brightest(image):
    with np.errstate(invalid="ignore"):
        return image / image.max()


def random(image):
    return image + np.random.default_rng().normal(0, 0.01, image.shape).astype(np.float32)


COUNT = itertools.count()


def remembers(image):
    return image + np.float32(0.001 * next(COUNT))


def unable_with_one_row(image):
    return image + np.float32(0) * (image[0] - image[1])


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (writes_on_it, "writes on it"),
        (writes_what_was_there, "fails because it is read-only: .*read-only"),
        (returns_it, "returns it, or a view of it, instead of a new array"),
        (returns_a_view, "returns it, or a view of it, instead of a new array"),
        (float64, "returns float64 instead of float32"),
        (eight_bit, "returns uint8 instead of float32"),
        (a_list, "returns list instead of float32"),
        (nothing, "returns NoneType instead of float32"),
        (one_channel, r"returns an array of shape \(1, 1\) instead of \(1, 1, 3\)"),
        (one_row_less, r"returns an array of shape \(0, 1, 3\) instead of \(1, 1, 3\)"),
        (root, "returns values that are not finite"),
        (stretched_to_full_contrast, "returns values that are not finite"),
        (relative_to_the_brightest, "returns values that are not finite"),
        (random, r"returns something else the second time: 0\.\d+ at x=0, y=0"),
        (remembers, r"returns something else the second time: 0\.001 at x=0, y=0"),
    ],
)
def test_a_broken_promise_is_named(function, complaint):
    filter = api.filter("Broken", category="Test")(function)
    message = rf"^{function.__name__}, given a picture [\w ×]+, {complaint}"
    with pytest.raises(AssertionError, match=message):
        testing.assert_well_behaved(filter)


def test_a_result_of_another_scale_than_declared_is_named():
    with pytest.raises(AssertionError, match=r"shape \(2, 2, 3\) instead of \(3, 3, 3\)"):
        testing.assert_well_behaved(neural, job=Networks(scale=2), factor=3)


def test_a_filter_that_raises_is_seen_with_its_own_error():
    with pytest.raises(IndexError):
        testing.assert_well_behaved(api.filter("Narrow", category="Test")(unable_with_one_row))


def test_a_setting_that_does_not_fit_is_refused():
    with pytest.raises(api.ParameterError, match="amount: 2 is outside 0 to 1"):
        testing.assert_well_behaved(gain, amount=2)


def test_a_missing_job_is_asked_for():
    with pytest.raises(TypeError, match=r"neural asks for a job: pass job=job\(neural\)"):
        testing.assert_well_behaved(neural)


def test_a_function_that_is_no_filter_is_refused():
    with pytest.raises(TypeError, match="mean_of_nine is not decorated"):
        testing.assert_well_behaved(mean_of_nine)


# --- every promise ----------------------------------------------------------------------------


def clips_white(image: api.Image) -> api.Image:
    """Cut off light."""
    return np.minimum(image, np.float32(1))


def clips_black(image: api.Image) -> api.Image:
    """Cut off shadows."""
    return np.maximum(image, np.float32(0))


def counts_values(image: api.Image) -> api.Image:
    """Do nothing, having looked at how often each value occurs."""
    np.histogram(image)
    return image.copy()


def overflows(image: api.Image) -> api.Image:
    """Grow too fast."""
    with np.errstate(over="ignore"):
        return np.exp(image * np.float32(20)).astype(np.float32)


def swallows_cancelling(image: api.Image, job: api.Job) -> api.Image:
    """Go on whatever is said."""
    try:
        job.check()
    except BaseException:
        return image.copy()
    return image.copy()


def swallows_it_later(image: api.Image, job: api.Job) -> api.Image:
    """Run a network as long as that works."""
    job.progress(0.1)
    try:
        return job.run("network.onnx", image)
    except api.Cancelled:
        return image.copy()


def renames_cancelling(image: api.Image, job: api.Job) -> api.Image:
    """Make an error of it."""
    try:
        return job.run("network.onnx", image)
    except api.Cancelled:
        raise RuntimeError("no result") from None


def runs_a_stranger(image: api.Image, job: api.Job) -> api.Image:
    """Run a network that nobody may use."""
    return job.run("stranger.onnx", image)


def says_nothing(image: api.Image) -> api.Image:
    return image.copy()


def made_in_here():
    def inner(image: api.Image) -> api.Image:
        """Do nothing."""
        return image.copy()

    return inner


class Strange(Networks):
    """A job whose network names no licence."""

    def contract(self, model):
        return stated(1, licence="")


def script(image: api.Image) -> api.Image:
    """Do nothing."""
    return image.copy()


script.__module__ = "__main__"

BREAKERS = [
    ("input", writes_on_it, "writes on it"),
    ("input", returns_a_view, "a view of it"),
    ("size", one_row_less, "instead of (1, 1, 3)"),
    ("finite", root, "returns values that are not finite"),
    ("finite", overflows, "ten times as bright, returns values that are not finite"),
    ("deterministic", random, "something else the second time"),
    ("nan", counts_values, "no number (NaN), raises ValueError"),
    ("wide-gamut", clips_white, "clips_white cuts off what is brighter than white"),
    ("wide-gamut", clips_black, "clips_black cuts off what is darker than black"),
    ("tiles", lambda image: mean_of_nine(image), "leaves a seam"),
    ("cancel", swallows_cancelling, "cancelled at call 1 of its job, goes on"),
    ("cancel", swallows_it_later, "cancelled at call 2 of its job, goes on"),
    ("cancel", renames_cancelling, "turns it into RuntimeError: no result"),
    ("id", made_in_here(), "made inside another function"),
    ("id", lambda image: image.copy(), "made inside another function"),
    ("id", script, "has the id __main__.script"),
    ("metadata", says_nothing, "says nothing of itself"),
    ("metadata", runs_a_stranger, "stranger.onnx, which does not say its licence"),
]


def offered(function):
    """The function as a filter, and what an assertion is given with it."""
    filter = api.filter("Broken", category="Test")(function)
    kind = Strange if function is runs_a_stranger else Networks
    return filter, {"job": kind()} if "job" in api.registered(filter).wants else {}


@pytest.mark.parametrize(("promise", "function", "complaint"), BREAKERS)
def test_a_filter_that_breaks_a_promise_is_found_by_its_check(promise, function, complaint):
    filter, given = offered(function)
    with pytest.raises(AssertionError, match=re.escape(complaint)) as caught:
        testing.assert_kept(promise, filter, **given)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(api.registered(filter).declaration.name)
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        testing.assert_well_behaved(filter, **given)


def test_every_promise_has_a_filter_here_that_breaks_it():
    assert {promise for promise, *_ in BREAKERS} == set(testing.PROMISES)


@pytest.mark.parametrize("promise", testing.PROMISES)
@pytest.mark.parametrize("filter", [gain, soft, twice, neural, grain])
def test_a_filter_that_keeps_a_promise_passes_its_check(promise, filter):
    given = {"job": Networks()} if filter is neural else {}
    testing.assert_kept(promise, filter, **given)


def test_all_that_is_broken_is_said_at_once_and_what_is_left_out_is_not():
    filter = api.filter("", category="Test")(clips_white)
    with pytest.raises(AssertionError) as caught:
        testing.assert_well_behaved(filter)
    assert len(str(caught.value).splitlines()) == 2
    with pytest.raises(AssertionError, match="^clips_white has the title ''[^\n]*$"):
        testing.assert_well_behaved(filter, without=["wide-gamut"])
    testing.assert_well_behaved(filter, without=["wide-gamut", "metadata"])


def test_a_promise_that_there_is_not_is_refused():
    with pytest.raises(KeyError):
        testing.assert_kept("beauty", gain)
    with pytest.raises(ValueError, match="no promise beauty; there are input, size"):
        testing.assert_well_behaved(gain, without=["beauty"])


def test_what_makes_its_pixels_from_nothing_keeps_the_wide_gamut():
    def even(image: api.Image) -> api.Image:
        return np.full_like(image, 0.5)

    testing.assert_kept("wide-gamut", api.filter("Even", category="Test")(even))


def test_settings_to_try_are_the_ends_and_every_choice():
    def many(
        image: api.Image,
        amount: api.SignedFraction = 0.0,
        radius: api.Pixels = 2.0,
        factor: Literal[2, 4] = 2,
        quick: bool = False,
        name: str = "x",
        colour: api.HexColour = "#000000",
    ) -> api.Image:
        return image

    declaration = api.registered(api.filter("Many", category="Test")(many)).declaration
    tried = testing.settings_to_try(declaration)
    assert tried[0] == declaration.settings()
    changed = [
        {name: value for name, value in settings.items() if value != tried[0][name]}
        for settings in tried[1:]
    ]
    assert changed == [
        {"amount": -1.0},
        {"amount": 1.0},
        {"radius": 0.0},
        {"radius": 50.0},
        {"factor": 4},
        {"quick": True},
    ]


# --- assert_tiles_agree -----------------------------------------------------------------------


def test_filters_that_know_their_reach_leave_no_seam():
    testing.assert_tiles_agree(gain)
    testing.assert_tiles_agree(soft, tolerance=1e-6)
    testing.assert_tiles_agree(twice)
    testing.assert_tiles_agree(grain)


@pytest.mark.parametrize("scale", [1, 3])
def test_a_network_says_its_reach_itself(scale):
    testing.assert_tiles_agree(neural, job=Networks(scale), factor=scale, tolerance=1e-6)
    with pytest.raises(AssertionError, match="each had 0 more pixels around it"):
        testing.assert_tiles_agree(neural, job=Networks(scale, reach=0), factor=scale)


@pytest.mark.parametrize("scale", [1, 2])
def test_networks_one_after_another_reach_as_far_as_all_of_them(scale):
    @api.filter("Chain", category="Test", scale=scale**2)
    def chain(image: api.Image, job: api.Job) -> api.Image:
        return job.run("second.onnx", job.run("first.onnx", image))

    # Each network looks at 1 pixel of its own input: the second, of a picture already enlarged.
    testing.assert_tiles_agree(chain, job=Networks(scale), tolerance=1e-6)
    with pytest.raises(AssertionError, match="each had 0 more pixels around it"):
        testing.assert_tiles_agree(chain, job=Networks(scale, reach=0))


def test_a_network_that_follows_an_enlargement_reaches_half_as_far():
    @api.filter("Chain", category="Test", scale=2)
    def chain(image: api.Image, job: api.Job) -> api.Image:
        large = job.run("enlarges.onnx", image)
        return job.run("follows.onnx", large)[::2, ::2] - image.mean()

    with pytest.raises(AssertionError, match="each had 6 more pixels around it"):
        testing.assert_tiles_agree(chain, job=Networks(scale=2, reach=4))


def test_of_networks_side_by_side_the_one_that_looks_furthest_counts():
    @api.filter("Pair", category="Test")
    def pair(image: api.Image, job: api.Job) -> api.Image:
        both = job.run("first.onnx", image) + job.run("second.onnx", image)
        return both - image.mean()

    with pytest.raises(AssertionError, match="each had 4 more pixels around it"):
        testing.assert_tiles_agree(pair, job=Networks(reach=4))


class Grid(Networks):
    """A job whose network looks at its input in squares of 16 pixels, from the top left."""

    def __init__(self, multiple):
        super().__init__()
        self.multiple = multiple

    def run(self, model, image, **inputs):
        height, width = image.shape[:2]
        padded = np.pad(image, ((0, -height % 16), (0, -width % 16), (0, 0)), mode="edge")
        squares = padded.reshape(padded.shape[0] // 16, 16, padded.shape[1] // 16, 16, 3)
        return squares.mean((1, 3)).repeat(16, 0).repeat(16, 1)[:height, :width]

    def contract(self, model):
        return stated(15, self.multiple)


def test_pieces_lie_on_the_grid_that_a_network_states():
    testing.assert_tiles_agree(neural, job=Grid(16), factor=1, tolerance=1e-6)
    with pytest.raises(AssertionError, match="leaves a seam"):
        testing.assert_tiles_agree(neural, job=Grid(1), factor=1)


def seam(function, **options):
    """What is said of a filter whose pieces do not agree."""
    filter = api.filter("Seam", category="Test", **options)(function)
    with pytest.raises(AssertionError, match="leaves a seam") as caught:
        testing.assert_tiles_agree(filter)
    return str(caught.value)


def test_a_filter_that_looks_further_than_it_says_leaves_a_seam():
    def looks_around(image):
        return mean_of_nine(mean_of_nine(image))

    assert "each had 0 more pixels around it" in seam(looks_around)
    assert "each had 1 more pixels around it" in seam(looks_around, reach=1)
    testing.assert_tiles_agree(api.filter("", category="", reach=2)(looks_around))


def test_the_place_and_size_of_a_seam_are_said():
    def bright_in_the_piece_at_the_top_right(image):
        result = image.copy()
        if image.shape == (27, 42, 3):
            result[3, 5] += 0.25
        return result

    message = "by 0.25 at x=38, y=3. They meet at x=33, y=27, and each had 0 more pixels"
    assert message in seam(bright_in_the_piece_at_the_top_right)


def test_a_filter_that_looks_at_the_whole_picture_leaves_a_seam():
    def own_contrast(image):
        return image - image.mean()

    seam(own_contrast)


def test_grain_that_does_not_ask_where_it_lies_leaves_a_seam():
    def fixed_grain(image):
        return image + np.random.RandomState(1).random_sample(image.shape).astype(np.float32) / 50

    seam(fixed_grain)


def test_a_hole_in_a_piece_leaves_a_seam():
    def not_a_number_at_its_end(image):
        result = image.copy()
        result[-1, -1] = np.nan
        return result

    assert "by nan" in seam(not_a_number_at_its_end)


def test_a_seam_within_the_tolerance_passes():
    def hardly(image):
        return image + np.float32(0.004) * image.mean()

    filter = api.filter("Hardly", category="Test")(hardly)
    testing.assert_tiles_agree(filter, tolerance=0.01)
    with pytest.raises(AssertionError):
        testing.assert_tiles_agree(filter, tolerance=1e-5)


# --- assert_matches_golden --------------------------------------------------------------------


@pytest.fixture
def golden(tmp_path, monkeypatch):
    """A golden picture of ``testing.photograph(24, 16)``, with values outside 0 to 1."""
    path = tmp_path / "golden.npy"
    monkeypatch.setenv(testing.UPDATE, "1")
    testing.assert_matches_golden(testing.photograph(24, 16, beyond=0.25), path)
    monkeypatch.delenv(testing.UPDATE)
    return path


def test_the_same_picture_matches_its_golden(golden):
    picture = testing.photograph(24, 16, beyond=0.25)
    testing.assert_matches_golden(picture, golden, tolerance=1 / 2048)
    testing.assert_matches_golden(picture, str(golden))


def test_a_difference_from_the_golden_is_named_with_its_place(golden):
    picture = testing.photograph(24, 16, beyond=0.25)
    picture[5, 7, 1] += 0.1
    with pytest.raises(AssertionError, match=r"golden.npy by 0\.[01]\d* at x=7, y=5, more than"):
        testing.assert_matches_golden(picture, golden)
    testing.assert_matches_golden(picture, golden, tolerance=0.11)


def test_a_result_of_another_size_does_not_match(golden):
    with pytest.raises(AssertionError, match=r"is \(16, 23, 3\), golden.npy is \(16, 24, 3\)"):
        testing.assert_matches_golden(testing.photograph(23, 16), golden)


def test_a_result_that_is_not_a_number_does_not_match(golden):
    picture = testing.photograph(24, 16, beyond=0.25)
    picture[0, 0] = np.nan
    with pytest.raises(AssertionError, match="by nan at x=0, y=0"):
        testing.assert_matches_golden(picture, golden)


def test_a_missing_golden_says_how_to_make_it(tmp_path):
    with pytest.raises(AssertionError, match="missing: .*run with SAFELIGHT_UPDATE_GOLDEN=1"):
        testing.assert_matches_golden(testing.photograph(), tmp_path / "none.npy")
    assert not list(tmp_path.iterdir())


def test_a_golden_is_written_anew_only_when_asked(golden, monkeypatch):
    before, other = golden.read_bytes(), testing.photograph(20, 20, seed=9)
    for said in ("", "0"):
        monkeypatch.setenv(testing.UPDATE, said)
        with pytest.raises(AssertionError):
            testing.assert_matches_golden(other, golden)
        assert golden.read_bytes() == before
    monkeypatch.setenv(testing.UPDATE, "1")
    testing.assert_matches_golden(other, golden)
    monkeypatch.delenv(testing.UPDATE)
    testing.assert_matches_golden(other, golden)


def test_a_golden_picture_is_small(golden):
    assert golden.stat().st_size < 24 * 16 * 3 * 2 + 200


def test_a_golden_of_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a golden picture is a .npy file; a.png is not"):
        testing.assert_matches_golden(testing.photograph(), tmp_path / "a.png")


@api.filter("Match", category="Test", reach=1)
def match(
    image: api.Image, style: api.Picture = None, layer: api.Layer = None, amount: float = 1.0
) -> api.Image:
    """Mixes the picture with another."""
    mean = 0.0 if style is None else np.float32(style.mean())
    other = image if layer is None else layer
    return image * np.float32(amount) + other * mean


def test_settings_to_try_name_no_picture_where_the_filter_expects_one():
    tried = testing.settings_to_try(api.registered(match).declaration)
    assert tried == [{"amount": 1.0}]
    testing.assert_well_behaved(match, **tried[0])


def test_pictures_and_layers_are_given_like_settings():
    style = testing.photograph(20, 10)
    for given in ({}, {"style": style}, {"layer": lambda image: 1 - image, "amount": 0.5}):
        testing.assert_well_behaved(match, **given)
        testing.assert_tiles_agree(match, **given)


@api.selector("Half", category="Test")
def half(image: api.Image) -> api.Mask:
    """Select the darker half of what there can be."""
    return np.asarray(image.mean(axis=2) < 0.5, np.float32)


@api.selector("Too much", category="Test")
def too_much(image: api.Image) -> api.Mask:
    """Select more than everything."""
    return image.mean(axis=2) * np.float32(4)


def whiteness(image, amount):
    return {"white": amount * np.nanmax(image)}


@api.filter("White", category="Test", prepare=whiteness)
def whitened(image: api.Image, prepared: api.Prepared, amount: api.Fraction = 0.5) -> api.Image:
    """Lift towards what is white in the whole picture."""
    return image + np.float32(0.1 * prepared["white"])


@api.filter("Piece's white", category="Test")
def by_piece(image: api.Image) -> api.Image:
    """Lift towards what is white in the piece."""
    return image + np.float32(0.1) * np.nanmax(image)


@api.filter("Erase", category="Test")
def erased(image: api.Image, mask: api.Mask) -> api.Image:
    """Grey where something is masked."""
    return np.where(mask[..., None] > 0, np.float32(0.5), image)


@pytest.mark.parametrize("filter", [half, whitened, erased])
def test_what_sees_more_than_its_piece_can_keep_every_promise(filter):
    testing.assert_well_behaved(filter)


def test_a_mask_beyond_all_and_nothing_is_found():
    with pytest.raises(AssertionError, match="values outside 0 to 1"):
        testing.assert_kept("size", too_much)


def test_what_measures_its_piece_instead_of_the_picture_leaves_a_seam():
    testing.assert_kept("tiles", whitened)
    with pytest.raises(AssertionError, match="seam"):
        testing.assert_kept("tiles", by_piece)

"""Live filters: cheap ones run in a worker while a picture is rendered; what goes wrong is said
once, and the picture is drawn without it.
"""

import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safelight_enlarge

from safelight import actions
from safelight.api import ParameterError, Region
from safelight.document import (
    Document,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    Renderer,
    edits,
    geometry,
    is_stale,
    whole,
)
from safelight.pixels import Profile, Raster, to_float
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.job_kinds import live_filter
from safelight.workers.live_filters import NEAR, LiveFilters
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerProcess
from tests import pictures
from tests.document.strategies import drawn as on_screen

BLUR, WARMTH, FINE = "safelight_blur.blur", "safelight_warmth.warmth", "safelight_faults.fine"

LATE = '''"""A plugin whose filters do wrong only on a picture, not in the rehearsal."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated

import numpy as np

from safelight import api

Length = Annotated[int, api.Number(0, 4000, length=True)]


def rehearsed(image):
    return image.shape == (64, 64, 3) and float(image.mean()) == 0.5


@api.filter("Late crash", category="Test")
def crash(image: api.Image) -> api.Image:
    """Ends the process."""
    return image if rehearsed(image) else os.abort()


@api.filter("Late hang", category="Test")
def hang(image: api.Image) -> api.Image:
    """Never comes back."""
    while not rehearsed(image):
        time.sleep(3600)
    return image


@api.filter("Late raise", category="Test")
def wrong(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Raises."""
    if not rehearsed(image):
        raise ValueError("the tide is out")
    return image


@api.filter("Shapes", category="Test")
def shapes(
    image: api.Image,
    centre: api.Point = (1, 0),
    part: api.Rectangle = (0, 0, 1, 1),
    curve: api.Curve = ((0, 0), (1, 1)),
    other: api.Picture = None,
    layer: api.Layer = None,
) -> api.Image:
    """Draws along the curve, by as much as the point says; looks its settings up as keys."""
    if {centre, part, curve} != {(0.5, 1.0), (0.0, 0.0, 0.5, 1.0), ((0.0, 0.25), (1.0, 0.75))}:
        raise ValueError(f"other shapes: {centre} {part} {curve}")
    if other is not None or layer is not None:
        raise ValueError("pixels from nowhere")
    samples = api.curve_samples(curve, 256)
    drawn = np.interp(image, np.linspace(0, 1, 256), samples) * centre[0] * 2
    return drawn.astype(np.float32)


@api.filter("Finds", category="Test", auto=lambda thumbnail, how: {
    "crash": lambda: os.abort(), "raise": lambda: 1 / 0, "words": lambda: {"amount": "much"},
    "odd": lambda: {"amount": object()}, "large": lambda: {"amount": 7.0, "other": 1},
    "well": lambda: {"amount": float(thumbnail.mean()), "how": "large"},
}[how]())
def finds(image: api.Image, amount: api.Fraction = 0.5, how: str = "well") -> api.Image:
    """Finds its settings, in several ways."""
    return image


@api.filter("Late shape", category="Test")
def shape(image: api.Image) -> api.Image:
    """Returns half of the picture."""
    return image if rehearsed(image) else image[::2]


@api.filter("Late NaN", category="Test")
def nan(image: api.Image) -> api.Image:
    """Returns a pixel that is no number."""
    return image if rehearsed(image) else image * np.float32(np.nan)


@api.filter("Tide", category="Test")
def tide(image: api.Image) -> api.Image:
    """Fails at high tide: while there is a file of that name beside the plugin."""
    if not rehearsed(image) and Path(__file__).with_name("high").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return 1 - image


@api.filter("Steps", category="Test", reach=lambda width, height: max(width, height))
def steps(image: api.Image, width: Length = 10, height: Length = 10) -> api.Image:
    """Shows its lengths as colours."""
    result = np.zeros_like(image)
    result[..., 0], result[..., 1] = width / 255, height / 255
    return result


@api.filter("Network", category="Test")
def network(image: api.Image, job: api.Job) -> api.Image:
    """Runs a network and makes no larger picture of it."""
    return job.run("fast_faithful_x2.onnx", image)[::2, ::2]


@api.hookimpl
def filters():
    return [entry for entry in globals().values() if hasattr(entry, "__safelight_filter__")]
'''


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """A folder with the plugin of late faults."""
    folder = tmp_path_factory.mktemp("late")
    (folder / "safelight_late.py").write_text(LATE, "utf-8")
    network = Path(safelight_enlarge.__file__).parent / "fast_faithful_x2.onnx"
    shutil.copy(network, folder)
    record = folder / "safelight_late-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: safelight-late\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[safelight]\nlate = safelight_late\n")
    return folder


@pytest.fixture(scope="module")
def studio(faults, late):
    """The filters of all plugins, those that do wrong too."""
    with actions.Studio("cpu", plugin_folders=[faults, late]) as studio:
        yield studio


@pytest.fixture(scope="module")
def live_pool(faults, late):
    """Another worker for live filters, so that each test has a LiveFilters of its own."""
    pool = Pool(limit=1, memory_limit=4 << 30, plugin_folders=[faults, late])
    yield pool
    pool.close()


@pytest.fixture
def said():
    """What is said of filters that fail."""
    return []


@pytest.fixture
def live(studio, live_pool, said):
    def find(identity):
        return next((item for item in studio.filters() if item.id == identity), None)

    return LiveFilters(lambda plugin: live_pool, find, failed=said.append, patience=2.0)


def photo(width=120, height=90, depth="uint8"):
    """A photograph with soft and sharp parts."""
    pixels = pictures.gradient(width, height, 3, depth)
    noisy = pictures.noise(width, height, 3, depth)
    pixels[height // 2 :, width // 3 :] = noisy[height // 2 :, width // 3 :]
    return Raster.from_array(pixels)


def with_filter(identity, settings=None, depth="uint8", **layer):
    below = Layer("Photograph", photo(depth=depth), id="photo")
    content = LiveFilter(identity, "Title", "plugin", settings=settings or {})
    return Document(120, 90, depth, (below, Layer("Filter", content, id="filter", **layer)))


def job_over(studio, document, layer_id="filter"):
    """The document with what a job over the whole makes for the filter layer."""
    filter = document.layer(layer_id).filter
    declaration = studio.filter(filter.id)
    job = studio.start(declaration, filter.settings, document, layer_id=layer_id)
    assert isinstance(job.wait(180), JobFinished), job.outcome
    return job.edit().apply(document)


# Cheap filters


CHEAP = {
    "a point": (WARMTH, {"amount": 0.4}),
    "one that looks around": (BLUR, {"radius": 3.0, "linear_light": True}),
    "one that asks where it is": ("safelight_faults.where", {}),
    "one that asks how large the picture is": ("safelight_adjust.vignette", {"amount": 90.0}),
    "one that takes shapes": (
        "safelight_late.shapes",
        {
            "centre": (0.5, 1.0),
            "part": (0.0, 0.0, 0.5, 1.0),
            "curve": ((0.0, 0.25), (1.0, 0.75)),
        },
    ),
}


@pytest.mark.parametrize("case", CHEAP)
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_a_cheap_filter_is_drawn_as_a_job_over_the_whole_does_it(studio, live, case, depth):
    identity, settings = CHEAP[case]
    document = with_filter(identity, settings, depth)
    kept = on_screen(job_over(studio, document), document.region)
    drawn = np.zeros_like(kept)
    for region in (Region(0, 0, 70, 50), Region(70, 0, 50, 50), Region(0, 50, 120, 40)):
        drawn[region.rows(), region.columns()] = on_screen(document, region, live)
    assert live.runs == 3
    assert (kept != document.layers[0].raster.to_array()).mean() > 0.3
    # One level: windows of different sizes may add up a blur in another order.
    assert np.abs(drawn.astype(int) - kept).max() <= 1


def test_a_filter_is_told_the_canvas_of_what_a_crop_shows(studio, live):
    """The renderer is the same for all: what it remembers of another crop is no longer true."""
    document = with_filter("safelight_adjust.vignette", {"amount": 100.0, "midpoint": 10.0})
    before = document.layers[0].raster.to_array().astype(float)
    renderer = Renderer(live, memory=1 << 26)
    region = Region(0, 0, 60, 45)
    for box in (Region(0, 0, 120, 90), Region(0, 0, 60, 45), Region(0, 0, 90, 45)):
        cropped = geometry.crop(document, box)
        kept = on_screen(job_over(studio, cropped), region)
        assert np.abs(renderer.render(cropped, region).astype(int) - kept).max() <= 1
        y, x = box.height // 2, box.width // 2
        middle, corner = (
            kept[place].mean() / before[place].mean()
            for place in (np.s_[y - 4 : y, x - 4 : x], np.s_[:4, :4])
        )
        assert middle > 0.97
        assert corner < 0.6


def test_a_cheap_filter_over_several_layers_is_drawn_as_a_job_does_it(studio, live):
    document = with_filter(WARMTH, {"amount": 0.4})
    paint = Layer("Paint", Raster.from_array(pictures.noise(120, 90, 4)), 0.6, "screen")
    document = replace(document, layers=(document.layers[0], paint, document.layers[1]))
    kept = on_screen(job_over(studio, document), document.region)
    drawn = on_screen(document, document.region, live)
    # A job is given the 8-bit levels of what lies below, drawing what is behind them.
    assert np.abs(drawn.astype(int) - kept).max() <= 2


def test_a_cheap_filter_below_another_is_what_the_jobs_of_both_see(studio, live):
    # Darker, because a job is given levels: nothing lighter than white.
    document = with_filter(FINE, {"gain": 0.5})
    blur = LiveFilter(BLUR, settings={"radius": 2.0, "linear_light": False})
    document = replace(document, layers=(*document.layers, Layer("Blur", blur, id="blur")))
    drawn = on_screen(document, document.region, live)
    kept = on_screen(job_over(studio, document, "blur"), document.region)
    assert np.abs(drawn.astype(int) - kept).max() <= 2
    assert live.runs == 2


def test_settings_are_found_for_what_a_document_shows(studio):
    """Of a crop, its own."""
    declaration = studio.filter("safelight_late.finds")
    document = with_filter(WARMTH, {"amount": 0.0})
    for box in (document.region, Region(10, 20, 30, 40)):
        cropped = geometry.crop(document, box)
        found = studio.found(declaration, declaration.settings(), cropped)
        shown = to_float(on_screen(cropped, cropped.region))[..., :3]
        assert found == {"amount": pytest.approx(shown.mean(), abs=2e-3), "how": "large"}


@pytest.mark.parametrize("how", ["words", "large"])
def test_what_is_found_and_not_legal_leaves_the_setting(studio, how):
    declaration = studio.filter("safelight_late.finds")
    settings = declaration.settings({"amount": 0.3, "how": how})
    assert studio.found(declaration, settings, with_filter(WARMTH)) == settings


@pytest.mark.parametrize(
    ("how", "reason"), [("crash", "SIGABRT"), ("raise", "division by zero"), ("odd", "plain data")]
)
def test_a_filter_that_fails_to_find_its_settings_says_so_and_finds_others_afterwards(
    studio, how, reason
):
    declaration, document = studio.filter("safelight_late.finds"), with_filter(WARMTH)
    with pytest.raises(actions.FilterFailed, match=f"Finds .*{reason}"):
        studio.found(declaration, declaration.settings({"how": how}), document)
    assert studio.found(declaration, declaration.settings(), document)["how"] == "large"


def test_a_filter_that_finds_no_settings_says_so(studio):
    declaration = studio.filter(WARMTH)
    with pytest.raises(actions.FilterFailed, match="Warmth does not find settings"):
        studio.found(declaration, declaration.settings(), with_filter(WARMTH))


def test_colours_of_another_profile_reach_a_live_filter_as_srgb(studio, live):
    space = Profile.from_icc(pictures.wide_profile())
    document = replace(with_filter(WARMTH, {"amount": 0.3}, "uint16"), profile=space)
    below = space.to_srgb(to_float(document.layers[0].raster.to_array()))
    expected = np.clip(space.from_srgb(below * np.array([1.3, 1, 0.7], np.float32)), 0, 1)
    drawn = to_float(on_screen(document, document.region, live))
    np.testing.assert_allclose(drawn, expected, atol=2e-5)


def test_lengths_shrink_with_the_zoom_level(live):
    filter = LiveFilter(BLUR, settings={"radius": 16.0, "linear_light": False})
    assert [live.reach(filter, level) for level in range(4)] == [48, 24, 12, 6]
    document = with_filter(BLUR, filter.settings)
    small = Region(0, 0, 30, 23, 2)
    drawn = on_screen(document, small, live).astype(int)
    exact = Raster.from_array(on_screen(document, document.region, live)).level(2).to_array()
    assert np.abs(drawn - exact).mean() < 1.5
    assert np.abs(exact.astype(int) - document.layers[0].raster.level(2).to_array()).mean() > 5


@pytest.mark.parametrize(("level", "shown"), [(0, (40, 9)), (1, (20, 4)), (3, (5, 1))])
def test_whole_numbers_shrink_too_and_are_rounded(live, level, shown):
    document = with_filter("safelight_late.steps", {"width": 40, "height": 9})
    drawn = on_screen(document, Region(0, 0, 4, 4, level), live)
    assert tuple(drawn[0, 0, :2]) == shown


def test_lengths_grow_with_the_picture_as_far_as_is_legal(live):
    filter = LiveFilter("safelight_late.steps", settings={"width": 40, "height": 3000})
    assert live.scaled(filter, 2).settings == {"width": 80, "height": 4000}
    unknown = LiveFilter("safelight_nowhere.steps", settings={"width": 40})
    assert live.scaled(unknown, 2) is unknown


# What is not cheap


NOT_CHEAP = {
    "a long reach": LiveFilter(BLUR, settings={"radius": (NEAR + 1) / 3}),
    "a reach that is long at full size": LiveFilter(
        "safelight_late.steps", settings={"width": 900}
    ),
    "a network": LiveFilter("safelight_late.network"),
    "another size": LiveFilter("safelight_enlarge.enlarge"),
    "not installed": LiveFilter("safelight_nowhere.filter"),
    "settings that are not legal": LiveFilter(WARMTH, settings={"amount": 7}),
    "a crash in the rehearsal": LiveFilter("safelight_faults.abort"),
    "an exit in the rehearsal": LiveFilter("safelight_faults.leave"),
    "a wrong shape in the rehearsal": LiveFilter("safelight_faults.wrong_shape"),
    "nothing in the rehearsal": LiveFilter("safelight_faults.nothing"),
    "a network that is not there": LiveFilter("safelight_faults.missing_network"),
    "a hang in the rehearsal": LiveFilter("safelight_faults.hang"),
}


@pytest.mark.parametrize("case", NOT_CHEAP)
@pytest.mark.parametrize("level", [0, 4])
def test_what_is_not_cheap_is_left_to_a_job_and_its_kept_result_is_shown(live, said, case, level):
    filter = NOT_CHEAP[case]
    assert live.reach(filter, level) is None
    document = with_filter(filter.id, filter.settings)
    place = Region(0, 0, 7, 5, level)
    below = on_screen(replace(document, layers=document.layers[:1]), place)
    np.testing.assert_array_equal(on_screen(document, place, live), below)
    kept = Raster.from_array(pictures.noise(120, 90, seed=3))
    document = edits.keep_result("filter", Kept(kept, "")).apply(document)
    shown = kept.level(level).read(Region(0, 0, 7, 5))
    np.testing.assert_array_equal(on_screen(document, place, live), shown)
    assert (live.runs, said) == (0, [])
    assert live.reach(LiveFilter(FINE), 0) == 0


def test_the_longest_reach_that_is_cheap_is_the_one_that_is_named(live):
    reaches = [
        live.reach(LiveFilter("safelight_late.steps", settings={"width": width}), 0)
        for width in (NEAR - 1, NEAR, NEAR + 1)
    ]
    assert reaches == [NEAR - 1, NEAR, None]


def test_a_setting_that_nobody_knows_is_not_left_out(live):
    document = with_filter(FINE, {"gain": 0.25, "a setting that was": 3})
    assert live.reach(document.layers[-1].filter, 0) is None
    with pytest.raises(ParameterError, match="no parameter a setting that was"):
        live.current(document.layers[-1].filter)
    assert live.runs == 0


# What goes wrong


FAULTS = {
    "safelight_late.crash": "crashed (SIGABRT)",
    "safelight_late.hang": "did not answer for 2 s and was stopped",
    "safelight_late.wrong": "failed: ValueError: the tide is out",
    "safelight_late.shape": "of shape (45, 120, 3)",
    "safelight_late.nan": "returned pixels that are no numbers",
    "safelight_faults.fail": "failed: ValueError: the moon is in the wrong place",
    "safelight_faults.grey": "of shape (90, 120)",
    "safelight_faults.not_a_number": "returned pixels that are no numbers",
    "safelight_faults.infinite": "returned pixels that are no numbers",
}


@pytest.mark.parametrize("identity", FAULTS)
def test_a_fault_is_said_once_and_the_picture_is_drawn_without_it(live, said, identity):
    document = with_filter(identity)
    fine = LiveFilter(FINE, settings={"gain": 0.5})
    document = replace(document, layers=(*document.layers, Layer("Fine", fine)))
    without = edits.delete_layer("filter").apply(document)
    expected = on_screen(without, document.region, live)
    assert (expected != document.layers[0].raster.to_array()).any()
    for region in (document.region, Region(5, 5, 20, 20), document.region):
        drawn = on_screen(document, region, live)
        np.testing.assert_array_equal(drawn, expected[region.rows(), region.columns()])
    assert len(said) == 1
    assert said[0].startswith("Title (plugin) ")
    assert FAULTS[identity] in said[0]
    assert said[0].endswith(".")
    assert "\n" not in said[0]


@pytest.mark.parametrize("identity", FAULTS)
def test_an_export_is_refused_with_the_layers_name_and_the_reason(live, identity, tmp_path):
    document = with_filter(identity)
    target = tmp_path / "out.png"
    with pytest.raises(LayerFailed) as failure:
        actions.export(document, target, live=live)
    assert str(failure.value).startswith("Filter could not be computed: Title (plugin) ")
    assert FAULTS[identity] in str(failure.value)
    assert (failure.value.layer_id, list(tmp_path.iterdir())) == ("filter", [])
    with pytest.raises(LayerFailed):
        edits.flatten().through(live).apply(document)
    with pytest.raises(LayerFailed):
        edits.merge_down("filter").through(live).apply(document)
    without = document.without([failure.value.layer_id])
    assert actions.export(without, target, live=live).path == target
    again = actions.open_picture(target).document.layers[0].raster
    np.testing.assert_array_equal(again.to_array(), whole_below(document))


def test_a_layer_whose_plugin_is_not_installed_is_named_with_what_to_install(live, tmp_path):
    document = with_filter("safelight_nowhere.filter")
    with pytest.raises(LayerFailed, match="Title is not installed; install plugin"):
        actions.export(document, tmp_path / "out.png", live=live)
    document = with_filter(WARMTH, {"amount": 7})
    with pytest.raises(LayerFailed, match=r"Title \(plugin\) refuses its settings: amount"):
        actions.export(document, tmp_path / "out.png", live=live)
    document = with_filter(BLUR, {"radius": 90.0})
    with pytest.raises(LayerFailed, match="Title has not run yet; refresh the layer"):
        actions.export(document, tmp_path / "out.png", live=live)


@pytest.mark.parametrize("again", ["retry", "plugins change"])
def test_a_filter_that_failed_can_be_tried_again_and_then_all_is_there(live, said, late, again):
    document = with_filter("safelight_late.tide")
    held = document.layer("filter").filter
    high = late / "high"
    high.touch()
    try:
        for _ in range(2):
            with pytest.raises(LayerFailed, match="because memory ran out"):
                whole(document, live)
        assert (live.runs, len(said)) == (1, 1)
        assert "because memory ran out" in live.failure(held)
    finally:
        high.unlink()
    if again == "retry":
        live.retry(held)
    else:
        live.forget()
    assert live.failure(held) == ""
    np.testing.assert_array_equal(whole(document, live).to_array(), 255 - whole_below(document))


def test_a_picture_for_which_there_is_no_memory_is_a_failure_like_any_other(live, monkeypatch):
    document = with_filter(WARMTH, {"amount": 0.4})
    live.reach(document.layer("filter").filter, 0)

    def none(self, size, *, writable):
        raise MemoryError

    monkeypatch.setattr(WorkerProcess, "block", none)
    with pytest.raises(LayerFailed, match="was not run, because there is not enough memory for it"):
        whole(document, live)


def test_a_result_is_never_kept_of_a_picture_that_lacks_a_layer(studio):
    document = with_filter("safelight_late.wrong")
    blur = live_filter(studio.filter("blur"), {"radius": 60.0, "linear_light": False})
    document = replace(document, layers=(*document.layers, Layer("Far", blur, id="far")))
    declaration = studio.filter(BLUR)
    job = studio.start(declaration, blur.settings, document, layer_id="far")
    failed = job.wait(180)
    assert isinstance(failed, JobFailed)
    assert "Filter could not be computed: Title (plugin) failed: ValueError" in failed.message
    preview = studio.start(
        declaration, blur.settings, document, layer_id="far", region=Region(0, 0, 50, 40)
    )
    assert isinstance(preview.wait(180), JobFinished)


def test_pixels_that_are_no_numbers_are_not_blamed_on_a_live_filter(live, said):
    pixels = np.full((20, 30, 3), 0.5, np.float32)
    pixels[5, 5] = np.inf
    layers = (
        Layer("Light", Raster.from_array(pixels), id="light"),
        Layer("Filter", LiveFilter(FINE, "Title", "plugin", settings={"gain": 0.5}), id="filter"),
    )
    document = Document(30, 20, "float32", layers)
    on_screen(document, document.region, live)
    assert len(said) == 1
    assert "could not work: the pixels below it are no numbers" in said[0]
    assert "not its fault" in said[0]


def test_a_filter_that_fails_shows_what_was_kept_of_it(live, said):
    kept = Raster.from_array(pictures.noise(120, 90, seed=3))
    document = with_filter("safelight_late.wrong")
    document = edits.keep_result("filter", Kept(kept, "")).apply(document)
    np.testing.assert_array_equal(on_screen(document, document.region, live), kept.to_array())
    assert len(said) == 1


def test_other_settings_of_a_filter_that_failed_are_tried(live, said):
    for amount in (0.1, 0.2, 0.1):
        document = with_filter("safelight_late.wrong", {"amount": amount})
        on_screen(document, document.region, live)
    assert len(said) == live.runs == 2


def test_of_two_threads_that_meet_a_fault_one_runs_it_and_it_is_said_once(live, said):
    document = with_filter("safelight_late.hang")
    together = threading.Barrier(2)
    drawn = []

    def draw():
        together.wait()
        drawn.append(on_screen(document, document.region, live))

    live.reach(document.layer("filter").filter, 0)
    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 2
    for pixels in drawn:
        np.testing.assert_array_equal(pixels, document.layers[0].raster.to_array())
    assert (live.runs, len(said)) == (1, 1)


def test_several_threads_may_draw_at_once(live):
    document = with_filter(BLUR, {"radius": 2.0})
    expected = on_screen(document, document.region, live)
    results = []

    def draw(y):
        region = Region(0, y, 120, 15)
        results.append((region, on_screen(document, region, live)))

    threads = [threading.Thread(target=draw, args=(y,)) for y in range(0, 90, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    for region, pixels in results:
        whole_part = expected[region.rows(), region.columns()].astype(int)
        assert np.abs(pixels - whole_part).max() <= 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux's /proc")
def test_a_filter_that_fails_again_and_again_takes_no_more_memory(live, live_pool):
    def blocks():
        with live_pool.worker() as worker:
            folder = f"/proc/{worker.pid}/fd"
            links = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
        return sum("memfd:safelight" in link for link in links)

    counts = []
    for step in range(6):
        document = with_filter("safelight_late.wrong", {"amount": step / 10})
        on_screen(document, document.region, live)
        live.reach(LiveFilter(FINE), 0)
        counts.append(blocks())
    assert counts[-1] == counts[0] > 0


def test_a_worker_that_cannot_be_had_leaves_the_picture_as_it_is(studio, said):
    pool = Pool(limit=1)
    live = LiveFilters(
        lambda plugin: pool, lambda identity: studio.filter(identity), failed=said.append
    )
    document = with_filter(WARMTH, {"amount": 0.4})
    assert (on_screen(document, document.region, live) != whole_below(document)).any()
    pool.close()
    np.testing.assert_array_equal(on_screen(document, document.region, live), whole_below(document))
    assert len(said) == 1


def whole_below(document):
    return document.layers[0].raster.to_array()


# Through the studio


@pytest.fixture
def costly(studio):
    """A document with a costly filter whose result is kept."""
    blur = live_filter(studio.filter("blur"), {"radius": 60.0, "linear_light": False})
    document = with_filter(BLUR)
    document = document.with_layer(replace(document.layer("filter"), content=blur))
    return job_over(studio, document)


def test_a_studio_hands_failures_of_live_filters_to_whoever_listens(studio, said):
    studio.hear_failures(said.append)
    document = with_filter("safelight_late.nan")
    np.testing.assert_array_equal(
        on_screen(document, document.region, studio.live), whole_below(document)
    )
    assert len(said) == 1
    assert studio.is_cheap(studio.filter("warmth"), {"amount": 0.3})
    assert not studio.is_cheap(studio.filter("blur"), {"radius": 90.0, "linear_light": True})


STRIP = {
    "Amount": lambda: edits.set_opacity("filter", 0.3),
    "mode": lambda: edits.set_mode("filter", "screen"),
    "mask": lambda: edits.set_mask(
        "filter", Raster.from_array(pictures.noise(120, 90, 4)[..., :1])
    ),
    "luminance": lambda: edits.set_filter("filter", channels="luminance"),
    "colour": lambda: edits.set_filter("filter", channels="colour"),
    "texture": lambda: edits.set_filter("filter", texture=0.6),
}


@pytest.mark.parametrize("choice", STRIP)
def test_moving_the_strip_runs_no_filter_and_wants_no_job(studio, costly, choice, monkeypatch):
    started = []
    monkeypatch.setattr(Job, "__init__", lambda self, *rest, **named: started.append(rest))
    runs = studio.live.runs
    renderer = Renderer(studio.live, memory=1 << 24, lenient=True)
    before = renderer.render(costly, costly.region)
    changed = STRIP[choice]().apply(costly)
    assert (renderer.render(changed, costly.region) != before).any()
    assert studio.live.runs == runs
    assert not started
    assert not is_stale(changed, "filter")
    assert is_stale(edits.set_filter("filter", settings={"radius": 50.0}).apply(changed), "filter")


def test_a_kept_result_is_flattened_without_running_it_again(studio, costly):
    runs = studio.live.runs
    changed = edits.flatten().through(studio.live).apply(costly)
    np.testing.assert_array_equal(whole(changed).to_array(), on_screen(costly, costly.region))
    assert studio.live.runs == runs


@pytest.mark.parametrize("change", [{"settings": {"radius": 60.0}}, {"version": "0.0.1"}], ids=str)
def test_a_layer_of_an_older_version_is_fresh_once_it_is_refreshed(studio, costly, change):
    layer = costly.layer("filter")
    older = costly.with_layer(replace(layer, content=replace(layer.filter, **change)))
    assert is_stale(older, "filter")
    assert not is_stale(job_over(studio, older), "filter")

"""Pictures and layers: a filter is handed the pixels that its settings name, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Studio
from safelight.actions import picture_settings as reading
from safelight.api import ParameterError, Region
from safelight.document import Document, Group, Layer, edits, is_stale
from safelight.pixels import Profile, Raster
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.worker_process import WorkerProcess
from tests import pictures
from tests.plugins.installed_module import install


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = install(tmp_path_factory.mktemp("kinds"), "safelight_kinds")
    with Studio("cpu", plugin_folders=[folder]) as studio:
        yield studio


def noise(height, width, channels=3, depth="uint8", seed=0):
    top = 65535 if depth == "uint16" else 255
    random = np.random.default_rng(seed)
    return random.integers(0, top + 1, (height, width, channels)).astype(depth)


def photo(*layers, height=90, width=120, **options):
    """A document with a plain layer and others above it."""
    bottom = Layer("Background", Raster.from_array(noise(height, width)), id="bottom")
    return Document(width, height, "uint8", (bottom, *layers), **options)


def layer(name="Sky", height=90, width=120, channels=3, **options):
    return Layer(name, Raster.from_array(noise(height, width, channels, seed=1)), **options)


def outcome(studio, name, document, **settings):
    return studio.start(studio.filter(name), settings, document).wait(180)


def pixels(result):
    assert isinstance(result, JobFinished), result
    return result.raster.to_array()


@pytest.fixture
def night(tmp_path):
    path = tmp_path / "night.png"
    Image.fromarray(noise(50, 70, seed=2)).save(path)
    return path


# -- pictures --------------------------------------------------------------------------------


def test_a_filter_sees_another_picture_whole_and_read_only(studio, night):
    shown = pixels(outcome(studio, "tone", photo(height=700, width=1000), style=str(night)))
    mean = np.asarray(Image.open(night)).mean(axis=(0, 1))
    assert np.abs(shown - mean).max() <= 0.5 + 1e-3  # rounded to 8 bits
    extent = pixels(outcome(studio, "extent", photo(), style=str(night)))
    assert tuple(np.rint(extent[0, 0] / 255 * 4096 / 16)[:2]) == (round(70 / 16), round(50 / 16))


def test_a_picture_that_is_not_chosen_is_none(studio):
    document = photo()
    assert np.array_equal(pixels(outcome(studio, "tone", document)), noise(90, 120))


def test_a_preview_of_a_part_is_given_the_same_picture(studio, night):
    settings, region = {"style": str(night)}, Region(30, 20, 40, 30)
    job = studio.start(studio.filter("tone"), settings, photo(), region=region)
    part = pixels(job.wait(180))
    assert np.array_equal(part, pixels(outcome(studio, "tone", photo(), **settings))[20:50, 30:70])


def test_a_very_large_picture_comes_halved(studio, night, monkeypatch):
    monkeypatch.setattr(reading, "MOST_PIXELS", 70 * 50 - 1)
    reading._read.cache_clear()
    assert reading.read_pixels(str(night)).shape == (25, 35, 3)
    reading._read.cache_clear()


def test_a_picture_that_changed_is_read_again(night):
    before = reading.read_pixels(str(night))
    assert reading.read_pixels(str(night)) is before
    Image.fromarray(noise(30, 40)).save(night)
    assert reading.read_pixels(str(night)).shape == (30, 40, 3)


@pytest.mark.parametrize("content", [None, b"this is no picture"])
def test_a_picture_that_cannot_be_read_is_named_with_the_reason(studio, tmp_path, content):
    path = tmp_path / "leak.png"
    if content is not None:
        path.write_bytes(content)
    failed = outcome(studio, "tone", photo(), style=str(path))
    assert isinstance(failed, JobFailed)
    assert f"cannot have the picture {path}: " in failed.message
    reason = "there is no such file" if content is None else "Safelight opens JPEG"
    assert reason in failed.message


def test_a_worker_learns_no_path_and_no_name(studio, night, monkeypatch):
    said = []
    send = WorkerProcess.send
    monkeypatch.setattr(WorkerProcess, "send", lambda w, m: (said.append(repr(m)), send(w, m)))
    document = photo(layer(id="secret"))
    settings = {"style": str(night), "depth": "secret"}
    assert isinstance(outcome(studio, "everything", document, **settings), JobFinished)
    assert "everything" in " ".join(said)
    assert not [line for line in said if "night" in line or "secret" in line]


# -- layers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["Sky", "sky"])
@pytest.mark.parametrize("size", [(90, 120), (700, 1000)])
def test_a_filter_sees_a_layer_by_name_or_id_where_its_piece_lies(studio, named, size):
    height, width = size
    hidden = layer(height=height, width=width, channels=4, visible=False, opacity=0.5, id="sky")
    document = photo(hidden, height=height, width=width)
    shown = pixels(outcome(studio, "copy", document, layer=named))
    assert np.array_equal(shown, hidden.raster.to_array()[..., :3])


@pytest.fixture
def cut_out():
    """Red with black hidden around it: (90, 120, 4)."""
    made = np.zeros((90, 120, 4), np.uint8)
    made[40:50, 40:60] = 255, 0, 0, 255
    return made


def test_a_filter_with_a_reach_sees_nothing_of_what_a_layer_hides(studio, cut_out):
    above = Layer("Sky", Raster.from_array(cut_out), visible=False)
    seen = pixels(outcome(studio, "near", photo(above), layer="Sky"))
    np.testing.assert_array_equal(seen[37:53, 37:63], np.full((16, 26, 3), (255, 0, 0)))


def test_what_is_transparent_in_a_picture_is_white(studio, cut_out, tmp_path):
    path = tmp_path / "cut out.png"
    Image.fromarray(cut_out).save(path)
    seen = pixels(outcome(studio, "near", photo(), picture=str(path)))
    np.testing.assert_array_equal(seen[38:41, 41], [[255, 255, 255], [255, 255, 255], [255, 0, 0]])


def test_a_layer_above_and_one_in_a_group_can_be_seen(studio):
    sky = layer(id="sky", visible=False)
    document = photo(Layer("Group", Group((sky,)), visible=False))
    job = studio.start(studio.filter("copy"), {"layer": "sky"}, document, layer_id="bottom")
    assert np.array_equal(pixels(job.wait(180))[..., :3], sky.raster.to_array())


def test_colours_of_a_layer_come_as_srgb_and_go_back(studio):
    sky = layer(id="sky", visible=False)
    document = replace(photo(sky), profile=Profile(pictures.wide_profile()))
    shown = pixels(outcome(studio, "copy", document, layer="sky")).astype(int)
    assert np.abs(shown - sky.raster.to_array()).max() <= 1


@pytest.mark.parametrize(
    ("layers", "named", "reason"),
    [
        ((), "Sky", "needs the layer 'Sky': the picture has no such layer with pixels"),
        ((Layer("Sky", Group()),), "Sky", "has no such layer with pixels"),
        ((layer(), layer()), "Sky", "cannot tell which layer is meant: 2 are called 'Sky'"),
    ],
)
def test_a_layer_that_cannot_be_told_is_said(studio, layers, named, reason):
    failed = outcome(studio, "copy", photo(*layers), layer=named)
    assert isinstance(failed, JobFailed)
    assert reason in failed.message


def test_a_value_that_is_no_text_is_refused_before_anything_runs(studio):
    with pytest.raises(ParameterError, match="layer: 3 is not a layer's id or name"):
        studio.start(studio.filter("copy"), {"layer": 3}, photo())


def test_a_kept_result_holds_the_layers_id_and_is_stale_when_that_layer_changes(studio):
    document = photo(layer(id="sky", visible=False))
    job = studio.start(studio.filter("copy"), {"layer": "Sky"}, document)
    assert isinstance(job.wait(180), JobFinished)
    document = job.edit().apply(document)
    top = document.layers[-1]
    assert top.filter.settings["layer"] == "sky"
    assert not is_stale(document, top.id)
    other = Raster.from_array(noise(90, 120, seed=9))
    assert is_stale(edits.set_pixels("sky", other).apply(document), top.id)
    assert is_stale(edits.delete_layer("sky").apply(document), top.id)
    renamed = edits.rename_layer("sky", "Clouds").apply(document)
    assert not is_stale(renamed, top.id)


def test_a_filter_that_looks_at_a_layer_is_no_live_filter(studio, night):
    declaration = studio.filter("everything")
    assert studio.is_cheap(declaration, declaration.settings())
    assert not studio.is_cheap(declaration, declaration.settings({"depth": "sky"}))
    assert not studio.is_cheap(declaration, declaration.settings({"style": str(night)}))

"""Saved settings outlive a plugin's version: renamed, brought up to date, or said to be unknown."""

import numpy as np
import pytest

from safelight import actions
from safelight.api import ParameterError
from safelight.document import Document, Kept, Layer, LiveFilter, edits, render
from safelight.pixels import Raster
from safelight.workers.live_filters import LiveFilters
from safelight.workers.worker_process import WorkerDied, WorkerProcess

PLUGIN = '''"""A plugin in its second version: what it has was called otherwise in the first."""

import numpy as np

from safelight import api


@api.filter("Dim", category="Test", renamed={"strength": "amount"})
def dim(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Multiplies."""
    return image * np.float32(amount)


def out_of_a_hundred(settings, version):
    if "percent" not in settings:
        raise ValueError("no percent here")
    return {"amount": settings["percent"] / 100}


@api.filter("Fade", category="Test", upgrade=out_of_a_hundred)
def fade(image: api.Image, amount: api.Fraction = 0.5, reach: api.Pixels = 4) -> api.Image:
    """Multiplies as well."""
    return image * np.float32(amount)


@api.hookimpl
def filters():
    return [dim, fade]
'''
DIM, FADE = "safelight_moved.dim", "safelight_moved.fade"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moved")
    (folder / "safelight_moved.py").write_text(PLUGIN, "utf-8")
    record = folder / "safelight_moved-2.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: safelight-moved\nVersion: 2.0\n")
    (record / "entry_points.txt").write_text("[safelight]\nmoved = safelight_moved\n")
    return folder


@pytest.fixture(scope="module")
def studio(folder):
    with actions.Studio("cpu", plugin_folders=[folder]) as studio:
        yield studio


@pytest.fixture
def asked(studio, monkeypatch):
    """The questions that workers are asked about saved settings."""
    questions = []
    send = WorkerProcess.send

    def noted(worker, frame):
        if frame["type"] == "upgrade":
            questions.append(frame)
        send(worker, frame)

    monkeypatch.setattr(WorkerProcess, "send", noted)
    studio.live.forget()
    return questions


def saved(identity, settings, version="1.0", kept=None):
    """A filter layer as a project holds it."""
    return LiveFilter(identity, "Title", "safelight-moved", version, settings, kept=kept)


def grey(held):
    """A grey picture under a filter layer."""
    raster = Raster.from_array(np.full((8, 8, 3), 200, np.uint8))
    layers = (Layer("Photo", raster), Layer("Filter", held, id="filter"))
    return Document(8, 8, "uint8", layers)


def drawn(held, live):
    document = grey(held)
    return int(render(document, document.region, live)[0, 0, 0])


def test_a_saved_setting_draws_under_the_name_it_has_now(studio):
    assert drawn(saved(DIM, {"strength": 0.9}), studio.live) == 180
    assert drawn(saved(DIM, {"amount": 0.9}), studio.live) == 180


def test_a_plugin_brings_saved_settings_up_to_date_once(studio, asked):
    held = saved(FADE, {"percent": 90})
    assert not studio.live.knows(held)
    assert drawn(held, studio.live) == 180
    assert studio.live.knows(held)
    current = studio.live.current(held)
    assert dict(current.settings) == {"amount": 0.9, "reach": 4.0}
    assert current.version == "2.0"
    assert drawn(held, studio.live) == 180
    assert len(asked) == 1


def test_settings_of_this_version_and_of_a_later_one_are_not_brought_up_to_date(studio, asked):
    assert drawn(saved(FADE, {"amount": 0.9}, "2.0"), studio.live) == 180
    assert drawn(saved(FADE, {"amount": 0.9}, "3.0"), studio.live) == 180
    assert not asked


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (saved(DIM, {"force": 0.9}), "dim has no parameter force; it has amount"),
        (saved(DIM, {"strength": 9.0}), "amount: 9 is outside 0 to 1"),
        (saved(FADE, {"amonut": 0.9}), "cannot bring settings of 1.0 up to date: ValueError"),
        (saved(FADE, {"percent": 900}), "amount: 9 is outside 0 to 1"),
        (saved(FADE, {"percent": 90}, "2.0"), "fade has no parameter percent"),
    ],
)
def test_a_setting_that_nobody_knows_is_never_drawn_with_a_default(studio, held, said):
    assert studio.live.reach(held, 0) is None
    with pytest.raises(ParameterError, match=said):
        studio.live.current(held)
    (sentence,) = actions.unfit_layers(grey(held), studio.live).values()
    assert said in sentence
    assert f"safelight-moved {held.version}" in sentence


def test_what_was_kept_of_a_layer_is_shown_where_its_settings_are_unknown(studio):
    kept = Kept(Raster.from_array(np.full((8, 8, 3), 77, np.uint8)), "key")
    assert drawn(saved(DIM, {"force": 0.9}, kept=kept), studio.live) == 77


def test_enlarging_keeps_settings_that_nobody_knows(studio):
    unknown = saved(FADE, {"amonut": 0.9, "reach": 3.0})
    document = grey(unknown)
    larger = edits.enlarge(
        {document.layers[0].id: Raster.from_array(np.zeros((16, 16, 3), np.uint8))},
        2,
        lengths=lambda held: studio.live.scaled(held, 2),
    ).apply(document)
    held = larger.layer("filter").filter
    assert dict(held.settings) == {"amonut": 0.9, "reach": 6.0}
    assert held.version == "1.0"


def test_enlarging_brings_what_is_known_up_to_date_with_its_version(studio):
    held = studio.live.scaled(saved(FADE, {"percent": 50}), 2)
    assert dict(held.settings) == {"amount": 0.5, "reach": 8.0}
    assert held.version == "2.0"


def test_a_plugin_that_dies_over_saved_settings_is_named(studio):
    class Gone:
        def worker(self):
            raise WorkerDied("crashed (SIGABRT)")

    live = LiveFilters(lambda plugin: Gone(), lambda identity: studio.filter(identity))
    with pytest.raises(ParameterError, match=r"crashed \(SIGABRT\)"):
        live.current(saved(FADE, {"percent": 50}))

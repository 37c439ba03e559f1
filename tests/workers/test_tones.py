"""Tones in documents: asked for their tables once, applied here; neighbours in one message."""

from dataclasses import replace

import numpy as np
import pytest

from safelight import actions, api
from safelight.api.tone_table import applied
from safelight.document import Document, Layer, LayerFailed, LiveFilter, render
from safelight.pixels import Profile, Raster
from safelight.workers.conversation import Conversation
from safelight.workers.job_events import JobFinished
from safelight.workers.live_filters import LiveFilters
from safelight.workers.wire import messages
from safelight.workers.worker_pool import Pool
from tests import pictures

PLUGIN = '''"""Tones for tests, right and wrong ones."""

from typing import Annotated

import numpy as np

from safelight import api

Stops = Annotated[float, api.Number(-5, 5)]


@api.tone("Stops", category="Test")
def stops(stops: Stops = 0.0) -> api.Table:
    """Multiplies light."""
    return api.TO_LINEAR, api.Matrix.scaled(2.0**stops), api.FROM_LINEAR


@api.tone("Bend", category="Test")
def bend(amount: api.SignedFraction = 0.2) -> api.Table:
    """Bends the values."""
    x = np.linspace(0, 1, 1025)
    return api.Curves(x + amount * x * (1 - x))


@api.tone("Cube", category="Test")
def cube() -> api.Table:
    """The largest table there is."""
    x = np.linspace(0, 1, 65)
    return api.Lattice(np.stack(np.meshgrid(x, x, x, indexing="ij"), -1) ** 1.1)


@api.tone("Nothing", category="Test")
def nothing(amount: api.Fraction = 0.5) -> api.Table:
    """Returns no table."""
    return None


@api.tone("Raises", category="Test")
def raises(amount: api.Fraction = 0.5) -> api.Table:
    """Raises."""
    raise ValueError("the tide is out")


@api.tone("Unbounded", category="Test")
def unbounded(amount: api.Fraction = 0.5) -> api.Table:
    """A number that is none."""
    return api.Curves([0, 1 / amount if amount else np.inf])


@api.filter("Softer", category="Test", reach=1)
def softer(image: api.Image) -> api.Image:
    """Looks at its neighbours."""
    wide = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / np.float32(4)


@api.filter("Lighter", category="Test")
def lighter(image: api.Image, amount: api.Fraction = 0.1) -> api.Image:
    """Adds light; fails where that is too much."""
    if amount > 0.9 and image.shape != (64, 64, 3):
        raise ValueError("too much")
    return image + np.float32(amount)


@api.hookimpl
def filters():
    return [stops, bend, cube, nothing, raises, unbounded, softer, lighter]
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    (folder / "safelight_tones.py").write_text(PLUGIN, "utf-8")
    record = folder / "safelight_tones-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: safelight-tones\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[safelight]\ntones = safelight_tones\n")
    return folder


@pytest.fixture(scope="module")
def studio(folder):
    with actions.Studio("cpu", plugin_folders=[folder]) as studio:
        yield studio


@pytest.fixture(scope="module")
def pool(folder):
    pool = Pool(limit=1, memory_limit=4 << 30, plugin_folders=[folder])
    yield pool
    pool.close()


@pytest.fixture
def said():
    return []


@pytest.fixture
def live(studio, pool, said):
    def find(identity):
        return next((item for item in studio.filters() if item.id == identity), None)

    return LiveFilters(lambda plugin: pool, find, failed=said.append)


def held(name, **settings):
    return LiveFilter(f"safelight_tones.{name}", name, "safelight-tones", settings=settings)


def document_of(*filters, channels=3, depth="float32", **layer):
    raster = Raster.from_array(pictures.noise(90, 70, channels, depth))
    layers = [Layer("Photograph", raster)]
    layers += [Layer(item.title, item, id=f"{n}", **layer) for n, item in enumerate(filters)]
    return Document(90, 70, depth, tuple(layers))


def one_by_one(document, live):
    """What is shown when each filter layer is merged before the next is looked at."""
    base, *rest = document.layers
    for layer in rest:
        both = replace(document, layers=(base, layer))
        raster = Raster.from_array(render(both, both.region, live))
        base = replace(base, content=raster)
    return base.raster.to_array()


def test_a_tone_is_a_point_filter_of_which_the_worker_runs_nothing(live):
    document = document_of(held("stops", stops=1.5))
    image = document.layers[0].raster.to_array()
    made = render(document, document.region, live)
    stages = (api.TO_LINEAR, api.Matrix.scaled(2**1.5), api.FROM_LINEAR)
    assert np.abs(made - applied(stages, image)).max() <= 1e-5
    assert (live.reach(document.layers[1].filter, 3), live.runs, live.messages) == (0, 0, 0)


def test_a_table_is_asked_for_once_for_each_setting(live, monkeypatch):
    asked = []
    say = Conversation.say

    def noted(talk, question):
        if not isinstance(question, messages.Describe):
            asked.append(type(question))
        say(talk, question)

    monkeypatch.setattr(Conversation, "say", noted)
    document = document_of(held("bend", amount=0.3), held("bend", amount=0.3))
    for x in range(0, 90, 30):
        render(document, api.Region(x, 0, 30, 70), live)
        render(document, api.Region(x // 2, 0, 15, 35, 1), live)
    assert asked == [messages.MakeTable, messages.Collect]


def test_the_largest_table_arrives(live):
    document = document_of(held("cube"))
    assert np.isfinite(render(document, document.region, live)).all()


STACKS = {
    "tones of one kind": [held("stops", stops=0.3), held("stops", stops=-0.8)] * 3,
    "tones of several": [held("bend", amount=0.2), held("stops", stops=0.4), held("cube")],
    "a filter between": [held("bend"), held("softer"), held("stops", stops=0.5)],
    "filters that look around": [held("softer"), held("lighter"), held("softer")],
}


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("case", STACKS)
def test_neighbours_give_what_they_give_one_by_one(live, case, channels):
    document = document_of(*STACKS[case], channels=channels)
    made = render(document, document.region, live)
    expected = one_by_one(document, live)
    assert np.abs(made[..., :3] - expected[..., :3]).max() <= 2e-5
    part = api.Region(13, 9, 41, 37)
    assert np.array_equal(render(document, part, live), made[part.rows(), part.columns()])


def test_neighbours_see_another_profile_as_srgb_once(live):
    document = document_of(*STACKS["tones of several"])
    document = replace(document, profile=Profile.from_icc(pictures.wide_profile()))
    made, apart = render(document, document.region, live), one_by_one(document, live)
    # In sRGB, where tables are folded: the profile's own curve is endlessly steep beside 0.
    seen, expected = document.profile.to_srgb(made), document.profile.to_srgb(apart)
    assert np.abs(seen - expected).max() <= 2e-5


@pytest.mark.parametrize(
    "between",
    [
        {"opacity": 0.5},
        {"mode": "multiply"},
        {"mask": Raster.from_array(pictures.noise(90, 70, 1))},
    ],
)
def test_what_does_not_replace_what_is_below_ends_a_run(live, between):
    document = document_of(held("bend"), held("stops", stops=1.0), held("bend"))
    layers = list(document.layers)
    layers[2] = replace(layers[2], **between)
    document = replace(document, layers=tuple(layers))
    made = render(document, document.region, live)
    assert np.abs(made - one_by_one(document, live)).max() <= 2e-5


def test_neighbouring_filters_of_one_pool_are_one_message(live):
    document = document_of(*STACKS["filters that look around"])
    render(document, document.region, live)
    assert (live.runs, live.messages) == (3, 1)


def test_over_transparent_pixels_each_that_looks_around_is_asked_alone(live):
    document = document_of(*STACKS["filters that look around"])
    pixels = pictures.noise(90, 70, 4, "float32")
    pixels[:20, :, 3] = 0
    photo = Layer("Photograph", Raster.from_array(pixels))
    document = replace(document, layers=(photo, *document.layers[1:]))
    render(document, document.region, live)
    assert (live.runs, live.messages) == (3, 2)  # softer with lighter, and softer


def test_of_neighbours_the_one_that_fails_is_named_once_and_the_others_are_drawn(live, said):
    document = document_of(held("softer"), held("lighter", amount=1.0), held("softer"))
    with pytest.raises(LayerFailed, match="lighter could not be computed: .*too much"):
        render(document, document.region, live)
    assert len(said) == 1
    without = replace(document, layers=(*document.layers[:2], document.layers[3]))
    shown = render(document, document.region, live, lenient=True)
    assert np.array_equal(shown, render(without, without.region, live))
    assert len(said) == 1


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("nothing", {}, "has no table that can be used: it returned no table"),
        ("raises", {}, "failed: ValueError: the tide is out"),
        ("unbounded", {"amount": 0.0}, r"has no table that can be used: .*\(NaN or infinite\)"),
    ],
)
def test_a_tone_without_a_table_is_named(live, said, name, settings, reason):
    document = document_of(held("bend"), held(name, **settings), held("bend"))
    with pytest.raises(LayerFailed, match=f"{name} could not be computed: {name} .*{reason}"):
        render(document, document.region, live)
    alone = document_of(held("bend"), held("bend"))
    shown = render(document, document.region, live, lenient=True)
    assert np.array_equal(shown, render(alone, alone.region, live))


@pytest.mark.parametrize("name", ["stops", "bend", "cube"])
def test_a_job_does_what_is_drawn(studio, live, name):
    document = document_of(held(name), depth="uint8")
    declaration = studio.filter(f"safelight_tones.{name}")
    job = studio.start(declaration, {}, document, layer_id="0")
    assert isinstance(job.wait(180), JobFinished), job.outcome
    kept = job.edit().apply(document)
    drawn = render(document, document.region, live)
    assert np.abs(render(kept, kept.region).astype(int) - drawn).max() <= 1


def test_a_changed_setting_changes_what_is_drawn(live):
    document = document_of(held("bend"), held("stops", stops=0.0))
    before = render(document, document.region, live)
    layer = replace(document.layers[2], content=held("stops", stops=2.0))
    changed = replace(document, layers=(*document.layers[:2], layer))
    assert (render(changed, changed.region, live) > before).any()

"""Jobs of generators: what they fill, what they leave alone, when what they made is out of date."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safelight_enlarge

from safelight.api import Region
from safelight.document import Document, canvas, edits, is_stale, render
from safelight.pixels import Raster, to_float
from safelight.workers.catalog import Catalog
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install


def rectangle(document, region):
    """A selection of a region."""
    pixels = np.zeros((document.height, document.width, 1), np.uint8)
    pixels[region.rows(), region.columns()] = 255
    return Raster.from_array(pixels)


def made(start, document, settings=None, **options):
    job = start("surfaces", document, settings, **options)
    outcome = job.wait(120)
    assert isinstance(outcome, JobFinished), outcome
    return job


def test_it_becomes_a_layer_over_the_whole_picture(start, document):
    result = made(start, document).edit().apply(document)
    layer = result.layers[-1]
    assert layer.filter.generates
    assert layer.pixels.channels == 3
    assert set(layer.filter.kept.models) == {"surfaces.onnx"}
    shown = render(result, result.region)
    assert np.array_equal(shown, layer.pixels.to_array())
    assert np.array_equal(
        render(result.below(layer.id), document.region), render(document, document.region)
    )


def test_in_a_selection_it_is_as_large_as_that(start, document):
    place = Region(70, 40, 96, 80)
    selected = replace(document, selection=rectangle(document, place))
    result = made(start, selected, {"seed": 5}).edit().apply(selected)
    layer = result.layers[-1]
    assert canvas(result, layer) == place
    pixels = layer.pixels.to_array()
    assert pixels.shape[2] == 4
    assert (pixels[place.rows(), place.columns(), 3] == 255).all()
    assert pixels[..., 3].sum() == 255 * 96 * 80
    alone = Document(96, 80, "uint8", ())
    same = made(start, alone, {"seed": 5}).edit().apply(alone)
    assert np.array_equal(
        pixels[place.rows(), place.columns(), :3], render(same, same.region)[..., :3]
    )
    outside = render(result, result.region).astype(int) - render(document, document.region)
    outside[place.rows(), place.columns()] = 0
    assert not outside.any()


@pytest.mark.parametrize("depth", ["uint16", "float32"])
def test_it_is_as_deep_as_the_document(start, depth):
    document = Document(64, 48, depth, ())
    raster = made(start, document).outcome.raster
    assert raster.depth == depth
    pixels = to_float(raster.to_array())
    eight = to_float(made(start, Document(64, 48, "uint8", ())).outcome.raster.to_array())
    assert np.abs(pixels - eight).max() < 1 / 254
    assert len(np.unique(pixels)) > len(np.unique(eight))


def test_what_lies_below_does_not_make_it_stale_and_its_frame_does(start, document):
    selected = replace(document, selection=rectangle(document, Region(20, 20, 64, 64)))
    result = made(start, selected).edit().apply(selected)
    layer = result.layers[-1]
    assert not is_stale(result, layer.id)
    black = Raster.filled(document.width, document.height, (0, 0, 0), "uint8")
    changed = edits.set_pixels(document.layers[0].id, black).apply(result)
    assert not is_stale(changed, layer.id)
    inner = rectangle(document, Region(20, 20, 64, 64)).to_array()
    inner[40:50, 40:50] = 0  # a hole leaves the frame as it is
    assert not is_stale(edits.set_mask(layer.id, Raster.from_array(inner)).apply(result), layer.id)
    wider = edits.set_mask(layer.id, rectangle(document, Region(10, 20, 74, 64))).apply(result)
    assert is_stale(wider, layer.id)
    job = made(start, wider, layer_id=layer.id)
    refreshed = job.edit().apply(wider)
    assert not is_stale(refreshed, layer.id)
    assert refreshed.layer(layer.id).pixels.to_array()[20:84, 10:84, 3].min() == 255


def test_other_settings_make_it_stale(start, document):
    result = made(start, document).edit().apply(document)
    layer = result.layers[-1]
    settings = {**layer.filter.settings, "seed": 9}
    assert is_stale(edits.set_filter(layer.id, settings=settings).apply(result), layer.id)


def test_a_preview_of_a_part_is_that_part(start, document):
    whole = made(start, document).outcome.raster.to_array()
    region = Region(33, 21, 90, 77)
    part = made(start, document, region=region).outcome.raster.to_array()
    # Pieces of other sizes are rounded otherwise.
    assert np.abs(whole[region.rows(), region.columns()].astype(int) - part).max() <= 1


def test_a_preview_beside_what_is_selected_says_so(start, document):
    selected = replace(document, selection=rectangle(document, Region(0, 0, 30, 30)))
    job = start("surfaces", selected, None, region=Region(100, 100, 50, 50))
    outcome = job.wait(120)
    assert isinstance(outcome, JobFailed)
    assert "lies elsewhere" in outcome.message


def test_what_fills_a_hole_makes_the_picture_synthesised_in_part(start, document):
    selected = replace(document, selection=rectangle(document, Region(40, 40, 12, 9)))
    job = start("repair", selected)
    assert isinstance(job.wait(180), JobFinished)
    assert job.edit().apply(selected).synthetic == "partly"
    job = start("denoise", document, {"automatic": False, "level": 5.0}, region=None)
    assert isinstance(job.wait(180), JobFinished)
    assert job.edit().apply(document).synthetic == ""


@pytest.fixture
def making(tmp_path):
    """Start a generator of the tests' own plugin."""
    pool = Pool(plugin_folders=[install(tmp_path, "safelight_making")])
    catalog = {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}

    def run(name, document):
        declaration = catalog[name]
        return Job(pool, declaration, declaration.settings({}), document)

    yield run
    pool.close()


def test_a_generator_may_use_the_network_of_another_plugin_and_says_so(making):
    job = making("enlarged", Document(64, 64, "uint8", ()))
    outcome = job.wait(120)
    assert isinstance(outcome, JobFinished), outcome
    assert set(job.models) == {"safelight_enlarge:photo_crisp_x4.onnx"}
    network = Path(safelight_enlarge.__file__).with_name("photo_crisp_x4.onnx")
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    ramp = np.linspace(0.2, 0.8, 16, dtype=np.float32)[None, :, None].repeat(16, 0).repeat(3, 2)
    (expected,) = session.run(None, {"image": ramp.transpose(2, 0, 1)[None]})
    # It is rounded to 8 bits.
    made = to_float(outcome.raster.to_array())[..., :3]
    assert np.abs(made - expected[0].clip(0, 1).transpose(1, 2, 0)).max() < 1 / 255

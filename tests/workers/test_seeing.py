"""What filters see beside their piece: the whole picture, the mask; and what selects."""

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from safelight.api import Region
from safelight.document import Document, edits, is_stale
from safelight.files import open_picture
from safelight.pixels import Raster, from_float
from safelight.workers.catalog import Catalog
from safelight.workers.filter_measurements import Preparations
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobPrepared
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install
from tests.workers import networks


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = install(tmp_path_factory.mktemp("seeing"), "safelight_seeing")
    (folder / "means.onnx").write_bytes(networks.means())
    pool = Pool(plugin_folders=[folder])
    yield pool
    pool.close()


@pytest.fixture
def start(pool):
    known = {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}

    def run(name, document, settings=None, **options):
        declaration = known[name]
        return Job(pool, declaration, declaration.settings(settings), document, **options)

    return run


def photograph(height=300, width=700, channels=3, depth="uint8"):
    pixels = np.random.default_rng(5).random((height, width, channels), np.float32)
    return Document.from_raster(Raster.from_array(from_float(pixels, depth)))


def selected(document, region):
    """The document with a rectangle selected, half of it softly."""
    mask = np.zeros((document.height, document.width, 1), np.uint8)
    mask[region.rows(), region.columns()] = 255
    mask[region.y, region.columns()] = 128
    made = Raster.from_array(mask)
    return Document(
        document.width, document.height, document.depth, document.layers, selection=made
    )


def test_every_piece_knows_what_was_measured_of_the_whole_picture(start):
    document = photograph(height=600, width=1000)
    result = start("level_out", document).wait(180).raster.to_array()
    mean = document.layers[0].raster.to_array().mean()
    assert (result[..., 0] == round(mean)).all()
    assert (result[..., 1] == round(600 / 1024 * 255)).all()


def test_a_filter_that_sees_the_picture_whole_is_given_all_of_it_up_to_a_side(start):
    document = photograph(height=1000, width=1100, depth="float32")
    pixels = document.layers[0].raster.to_array()
    outcome = start("evened", document).wait(180)
    made = np.maximum(pixels, pixels.mean(dtype=np.float32))
    assert np.abs(outcome.raster.to_array() - made).max() < 1e-6
    outcome = start("evened", photograph(height=8, width=1101)).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "sees the picture whole, and takes sides of up to 1100 pixels" in outcome.message


def test_what_was_measured_is_told_before_the_first_piece(start):
    heard = []
    start("level_out", photograph(), listener=heard.append).wait(180)
    (told,) = [event for event in heard if isinstance(event, JobPrepared)]
    assert heard[0] == told
    assert told.values["level"] == pytest.approx(0.5, abs=0.01)
    assert told.values["sides"] == [300, 700]


def test_prepare_is_told_the_settings_it_asks_for(start):
    heard = []
    settings = {"automatic": False, "level": 0.25}
    result = start("level_out", photograph(), settings, listener=heard.append).wait(180)
    assert heard[0].values["level"] is None
    assert (result.raster.to_array()[..., 0] == 64).all()


def test_a_preview_of_a_part_measures_the_whole(start):
    document = photograph()
    whole = start("level_out", document).wait(180).raster.to_array()
    region = Region(50, 60, 40, 30)
    part = start("level_out", document, region=region).wait(180).raster.to_array()
    assert np.array_equal(part, whole[60:90, 50:90])


def test_a_thumbnail_has_512_pixels_a_side_at_most(start):
    result = start("glance", photograph(300, 1100)).wait(180).raster.to_array()
    assert (result[0, 0] == np.rint(np.array([75, 275, 0]) / 1024 * 255)).all()


def test_the_same_picture_is_measured_once(start):
    document, known, asked = photograph(), Preparations(), []

    class Counting(Preparations):
        def get(self, declaration, settings, document, measure):
            def counted():
                asked.append(1)
                return measure()

            return known.get(declaration, settings, document, counted)

    for settings in ({}, {"level": 0.1}, {"automatic": False}):
        start("level_out", document, settings, prepared=Counting()).wait(180)
    assert len(asked) == 2  # the level is nothing that prepare asks for
    start("level_out", photograph(), prepared=Counting()).wait(180)
    assert len(asked) == 3


def test_prepare_runs_networks_that_tell_something_of_the_whole_picture(start):
    document = photograph(height=600, width=1000)
    pixels = document.layers[0].raster.to_array()
    job = start("even_out", document)
    result = job.wait(180).raster.to_array()
    assert (result == np.rint(pixels.mean((0, 1)))).all()
    assert set(job.models) == {"means.onnx"}


def test_what_is_no_plain_data_fails_in_a_sentence(start):
    outcome = start("undecided", photograph()).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "no plain data" in outcome.message


def test_a_picture_that_a_filter_can_do_nothing_with_is_told_so_in_a_sentence(start):
    outcome = start("only_dark", photograph()).wait(180)
    assert isinstance(outcome, JobFailed)
    said = "can do nothing here: this picture is not dark. Choose a dark one."
    assert outcome.message.endswith(said)
    dark = Document.from_raster(Raster.from_array(np.full((30, 40, 3), 9, np.uint8)))
    assert (start("only_dark", dark).wait(180).raster.to_array() == 255).all()


def test_the_tables_of_a_jpeg_are_known_to_prepare(start, tmp_path):
    file, bytes_ = tmp_path / "a.jpg", io.BytesIO()
    picture = PillowImage.fromarray(photograph().layers[0].raster.to_array())
    picture.save(bytes_, "JPEG", quality=30)
    file.write_bytes(bytes_.getvalue())
    tables = PillowImage.open(file).quantization
    document = open_picture(file).document
    assert [sorted(table) for table in document.source.quantisation] == [
        sorted(tables[number]) for number in sorted(tables)
    ]
    heard = []
    start("level_out", document, listener=heard.append).wait(180)
    assert heard[0].values["first"] == tables[0][0]


@pytest.mark.parametrize(("depth", "channels"), [("uint8", 3), ("uint16", 4), ("float32", 3)])
def test_outside_the_mask_every_pixel_stays_as_it_was(start, depth, channels):
    document = selected(photograph(channels=channels, depth=depth), Region(100, 50, 60, 40))
    after = start("erase", document).wait(180).raster.to_array()
    before = document.layers[0].raster.to_array()
    outside = document.selection.to_array()[..., 0] == 0
    assert np.array_equal(after[outside], before[outside])
    assert not np.array_equal(after[~outside], before[~outside])


def test_a_filter_with_a_mask_sees_the_masked_part_and_its_reach_at_once(start):
    document = selected(photograph(900, 1200, depth="float32"), Region(100, 50, 700, 600))
    after = start("erase", document, {"context": 20}).wait(180).raster.to_array()
    assert after[300, 400] == pytest.approx([640 / 1024, 740 / 1024, 1])


def test_a_part_of_the_mask_is_filled_with_all_of_it_in_view(start):
    document = selected(photograph(depth="float32"), Region(100, 50, 60, 40))
    region = Region(130, 0, 200, 60)
    after = start("erase", document, region=region).wait(180).raster.to_array()
    assert after.shape == (60, 200, 3)
    assert after[55, 10] == pytest.approx([60 / 1024, 80 / 1024, 1])
    before = document.layers[0].raster.to_array()
    assert np.array_equal(after[:, 60:], before[0:60, 190:330])


@pytest.mark.parametrize("empty", [True, False])
def test_without_a_selection_it_says_what_is_missing(start, empty):
    document = photograph()
    if empty:
        nothing = Raster.filled(document.width, document.height, (0,), "uint8")
        document = Document(700, 300, "uint8", document.layers, selection=nothing)
    outcome = start("erase", document).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "select what it should work on" in outcome.message


def test_another_mask_makes_the_result_stale(start):
    document = selected(photograph(), Region(100, 50, 60, 40))
    job = start("erase", document)
    job.wait(180)
    done = job.edit().apply(document)
    layer = done.layers[-1]
    assert layer.mask is document.selection
    assert not is_stale(done, layer.id)
    other = selected(photograph(), Region(100, 50, 60, 41)).selection
    assert is_stale(edits.set_mask(layer.id, other).apply(done), layer.id)


def test_what_selects_makes_the_selection_and_nothing_else(start):
    document = photograph()
    job = start("bright", document)
    job.wait(180)
    after = job.edit().apply(document)
    pixels = document.layers[0].raster.to_array()
    expected = (pixels / np.float32(255)).mean(axis=2) > 0.5
    assert np.array_equal(after.selection.to_array()[..., 0] > 0, expected)
    assert after.layers == document.layers


def test_what_selects_nothing_leaves_no_selection(start):
    document = photograph()
    job = start("bright", document, {"above": 1.0})
    job.wait(180)
    assert job.edit().apply(document).selection is None

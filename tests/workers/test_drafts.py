"""Drafts: a quicker network stands in for another in previews, and in nothing else."""

import hashlib

import numpy as np
import pytest

from safelight.api import Declaration, ParameterError, Region, filter
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.catalog import Catalog
from safelight.workers.job import Job
from safelight.workers.job_events import JobFinished
from safelight.workers.worker_pool import Pool
from tests.plugins.safelight_drafting import BAD
from tests.workers import networks

BEFORE, EXACT, QUICK = 60, 110, 111  # of 255
PART = Region(10, 20, 100, 80)


@pytest.fixture(scope="module")
def seen():
    """The hashes of the networks that were shown pictures, by name."""
    return {}


@pytest.fixture(scope="module")
def pool(tmp_path_factory, seen):
    folder = networks.drafting(tmp_path_factory.mktemp("drafting"))
    pool = Pool(
        plugin_folders=[folder], saw=lambda sight, name, digest: seen.update({name: digest})
    )
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def run(pool):
    """The filter of that name over a grey picture: the job, and its result."""
    known = {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}
    grey = np.full((120, 150, 3), BEFORE, np.uint8)

    def run(name, settings=None, **options):
        document = Document.from_raster(Raster.from_array(grey))
        found = known[name]
        job = Job(pool, found, found.settings(settings), document, device="cpu", **options)
        outcome = job.wait(180)
        assert isinstance(outcome, JobFinished), outcome
        return job, outcome.raster.to_array()

    return run


@pytest.fixture(scope="module")
def made(run):
    """The same, of a result that is even: its value."""

    def make(name, **options):
        job, pixels = run(name, **options)
        (value,) = np.unique(pixels)
        return job, value

    return make


def test_a_draft_stands_in_where_a_preview_asks_for_it(made):
    job, value = made("lift", region=PART, draft=True)
    assert (value, job.drafted) == (QUICK, True)


def test_without_being_asked_for_no_draft_stands_in(made):
    job, value = made("lift", region=PART)
    assert (value, job.drafted) == (EXACT, False)


def test_no_draft_is_ever_in_what_is_kept(made):
    job, value = made("lift", draft=True)
    assert (value, job.drafted) == (EXACT, False)
    kept = job.edit().apply(job.document).layers[-1].filter.kept
    assert list(kept.models) == ["exact.onnx"]
    everything, _ = made("lift", region=job.document.region, draft=True)
    with pytest.raises(RuntimeError, match="no result"):
        everything.edit()


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_stand_in_is_left_out_without_a_word(made, name):
    _, value = made(f"lift_{name}", region=PART, draft=True)
    assert value == EXACT


def test_account_is_kept_of_the_draft_that_is_shown_a_picture(made, seen):
    seen.clear()
    made("lift", region=PART, draft=True)
    assert seen["quick.onnx"] == hashlib.sha256(networks.lifting(QUICK - BEFORE)).hexdigest()


def test_a_declaration_tells_its_drafts_and_nothing_else_for_them():
    @filter("Lift", category="Test", drafts={"a.onnx": "b.onnx"})
    def lift(image):
        """Lift."""
        return image

    told = lift.__safelight_filter__.declaration.to_json()
    assert Declaration.from_json(told).drafts == {"a.onnx": "b.onnx"}
    for wrong in ([], "a.onnx", {"a.onnx": 1}, {"a.onnx": ""}):
        with pytest.raises(ParameterError):
            Declaration.from_json(told | {"drafts": wrong})


@pytest.mark.parametrize(
    ("name", "settings"), [("enlarge", {"factor": factor}) for factor in (2, 3, 4)]
)
def test_the_drafts_that_ship_stand_in_for_their_networks(run, seen, name, settings):
    seen.clear()
    job, _ = run(name, settings, region=Region(0, 0, 48, 48), draft=True)
    assert job.drafted
    (network,) = job.models
    assert set(seen) == {network, network.replace(".onnx", "_draft.onnx")}

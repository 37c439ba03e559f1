"""Spill: old steps leave the memory, and nobody can tell by looking at them."""

import os
from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document, History, Layer, edits
from safelight.files.project.history_spill import Spill, held
from safelight.pixels import Raster


def painted(steps, size=600):
    """A history of brush strokes, and the pixels of each of its steps."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (size, size, 3), np.uint8)
    history = History.start(Document.from_raster(Raster.from_array(pixels)))
    seen = [pixels.copy()]
    for _ in range(steps):
        layer = history.document.layers[0]
        x, y = random.integers(0, size - 50, 2)
        dab = random.integers(0, 256, (50, 50, 3), np.uint8)
        raster = layer.raster.replaced(Region(int(x), int(y), 50, 50), dab)
        history = history.do(edits.set_pixels(layer.id, raster, "Brush"))
        seen.append(raster.to_array().copy())
    return history, seen


def pixels_of(step):
    return step.document.layers[0].raster.to_array()


def in_memory(history):
    return held(step.document for step in history.steps)


def test_a_history_within_its_budget_is_left_alone(tmp_path):
    history, _ = painted(3)
    assert Spill(tmp_path).tidy(history) == 0


def test_what_is_beyond_the_budget_leaves_the_memory(tmp_path):
    history, seen = painted(30)
    before = in_memory(history)
    near = held(history.steps[index].document for index in (0, 29, 30))
    spill = Spill(tmp_path, budget=near)
    moved = spill.tidy(history)
    assert moved > 0
    assert in_memory(history) == before - moved <= near
    for step, pixels in zip(history.steps, seen, strict=True):
        assert np.array_equal(pixels_of(step), pixels)


def test_the_present_step_and_its_neighbours_stay_in_memory(tmp_path):
    history, _ = painted(10)
    history = history.jump(5)
    near = [history.steps[index].document for index in (0, 4, 5, 6)]
    before = held(near)
    assert Spill(tmp_path, budget=0).tidy(history) > 0
    assert held(near) == before


def test_tiles_that_steps_share_are_shared_afterwards(tmp_path):
    history, _ = painted(10)
    Spill(tmp_path, budget=0).tidy(history)
    for one, other in zip(history.steps, history.steps[1:], strict=False):
        first = {id(tile) for _, tile in one.document.layers[0].raster.tiles()}
        second = {id(tile) for _, tile in other.document.layers[0].raster.tiles()}
        assert first & second


def test_a_spilled_step_can_be_edited_and_spilled_again(tmp_path):
    history, seen = painted(10)
    spill = Spill(tmp_path, budget=0)
    spill.tidy(history)
    history = history.jump(3)
    layer = history.document.layers[0]
    raster = layer.raster.replaced(Region(0, 0, 9, 9), np.zeros((9, 9, 3), np.uint8))
    history = history.do(edits.set_pixels(layer.id, raster))
    spill.tidy(history)
    assert np.array_equal(pixels_of(history.steps[2]), seen[2])
    assert not pixels_of(history.steps[4])[:9, :9].any()


def test_the_scratch_file_has_no_name(tmp_path):
    history, _ = painted(10)
    assert Spill(tmp_path, budget=0).tidy(history) > 0
    if os.name == "posix":
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_leaves_everything_in_memory(tmp_path):
    history, seen = painted(10)
    before = in_memory(history)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Spill(tmp_path / "file", budget=0).tidy(history)
    assert in_memory(history) == before
    assert np.array_equal(pixels_of(history.steps[2]), seen[2])


def test_zoom_levels_count_and_those_of_what_is_shown_stay(tmp_path):
    history, _ = painted(10)
    shared = Raster.from_array(np.random.default_rng(2).integers(0, 256, (600, 600, 3), np.uint8))
    steps = tuple(
        replace(step, document=replace(step.document, layers=(*step.document.layers, layer)))
        for step, layer in zip(history.steps, [Layer("Above", shared)] * 11, strict=True)
    )
    history = History(steps, history.position)
    before = in_memory(history)
    far = history.steps[5].document.layers[0].raster
    for raster in (shared, far):
        raster.level(2)
    assert in_memory(history) > before + 2 * 600 * 600 // 4 * 3
    Spill(tmp_path, budget=0).tidy(history)
    assert shared.has_level(2)
    assert not far.has_level(1)

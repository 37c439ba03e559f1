"""Projects that Safelight 0.1 has saved open as they were: pixels, layers, history, selection.

``projects/`` holds them, and beside each what the version that saved it has shown, as digests.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import edits, effective_mask, is_stale, render
from safelight.files.project.project import Project
from safelight.files.project.project_database import SCHEMA
from safelight.pixels import Raster

PROJECTS = Path(__file__).parent / "projects"
NAMES = sorted(path.stem for path in PROJECTS.glob("*.safelight"))


def digest(pixels):
    pixels = np.ascontiguousarray(pixels)
    head = f"{pixels.shape} {pixels.dtype.name}".encode()
    return hashlib.sha256(head + pixels.tobytes()).hexdigest()


def told(history):
    """What a history shows: of each step its pixels at two zoom levels, layers and selection."""
    return {
        "position": history.position,
        "steps": [step(item) for item in history.steps],
    }


def step(item):
    document = item.document
    half = Region(0, 0, -(-document.width // 2), -(-document.height // 2), 1)
    return {
        "label": item.label,
        "token": item.token,
        "size": [document.width, document.height, document.depth, document.name],
        "pixels": digest(render(document, document.region)),
        "half": digest(render(document, half)),
        "selection": document.selection and digest(document.selection.to_array()),
        "synthetic": document.synthetic,
        "alpha": document.has_alpha,
        "layers": [layer(document, each) for each in document.walk()],
    }


def layer(document, each):
    mask = effective_mask(each, document.region)
    held = each.filter
    return {
        "id": each.id,
        "name": each.name,
        "look": [each.opacity, each.mode, each.visible, each.locked, each.clipped],
        "inside": [item.id for item in each.layers],
        "pixels": each.pixels and digest(each.pixels.to_array()),
        "mask": None if mask is None else digest(mask),
        "settings": held and dict(held.settings),
        "stale": is_stale(document, each.id),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_project_of_before_opens_pixel_identical(name, tmp_path):
    shutil.copy(PROJECTS / f"{name}.safelight", tmp_path)
    project, history = Project.open(tmp_path / f"{name}.safelight")
    assert told(history) == json.loads((PROJECTS / f"{name}.json").read_text())
    project.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_project_of_before_is_the_same_after_it_was_saved_anew(name, tmp_path):
    shutil.copy(PROJECTS / f"{name}.safelight", tmp_path)
    project, history = Project.open(tmp_path / f"{name}.safelight")
    again = Project.create(tmp_path / "again.safelight", history)
    again.close()
    project.close()
    again, history = Project.open(tmp_path / "again.safelight")
    assert told(history) == json.loads((PROJECTS / f"{name}.json").read_text())
    again.close()


def test_what_is_painted_in_a_project_of_before_is_saved_beside_its_tiles(tmp_path):
    path = tmp_path / "layers.safelight"
    shutil.copy(PROJECTS / "layers.safelight", tmp_path)
    project, history = Project.open(path)
    before = told(history)["steps"]
    layer = next(each for each in history.document.walk() if each.pixels is not None)
    pixels = layer.pixels.to_array().copy()
    pixels[:9, :9] = 77
    painted = history.do(edits.set_pixels(layer.id, Raster.from_array(pixels)))
    project.save(painted)
    project.close()
    project, again = Project.open(path)
    assert told(again)["steps"][:-1] == before[: history.position + 1]
    assert np.array_equal(again.document.layer(layer.id).pixels.to_array(), pixels)
    project.close()
    version = path.read_bytes()[60:64]  # SQLite's file format, 1.3
    assert int.from_bytes(version, "big") == SCHEMA


def test_a_project_of_before_that_may_not_be_written_opens_as_it_is(tmp_path, monkeypatch):
    path = tmp_path / "layers.safelight"
    shutil.copy(PROJECTS / "layers.safelight", tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)
    project, history = Project.open(path)
    assert told(history) == json.loads((PROJECTS / "layers.json").read_text())
    assert not project.writable
    project.close()
    assert path.read_bytes() == before


def test_there_are_projects_of_before():
    assert len(NAMES) == 3

"""A process that is killed while it edits and saves leaves the last save that was completed."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from safelight.files.project.project import Project
from safelight.files.project.recovery import Recovery, left_behind
from tests import attack
from tests.files.killed_project import stroke

SIZE = 700

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")


def expected(number):
    pixels = np.full((SIZE, SIZE, 3), 128, np.uint8)
    for each in range(1, number + 1):
        region, dab = stroke(each, SIZE)
        pixels[region.rows(), region.columns()] = dab
    return pixels


def check(history, last):
    """The number of the stroke found, which is the one reported last or the one under way."""
    label = history.steps[-1].label
    number = 0 if label == "Open" else int(label.split()[1])
    # The save under way may have been completed before it could be reported.
    assert number in (last, last + 1)
    assert np.array_equal(history.document.layers[0].raster.to_array(), expected(number))
    assert len(history.steps) == number + 1
    return number


def started(how, path):
    words = [sys.executable, "-m", "tests.files.killed_project", how, str(path), str(SIZE)]
    child = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert child.stdout.readline() == "0\n"
    return child


def killed(child, dice):
    """Kill it after some saves, at a random moment; the number of the last save it reported."""
    lines = [child.stdout.readline() for _ in range(dice.choice([0, 0, 1, 2, 8]))]
    time.sleep(dice.uniform(0.0, 0.05))
    child.kill()
    lines += [line for line in child.stdout if line.endswith("\n")]
    child.wait()
    return int(lines[-1]) if lines else 0


@pytest.mark.attack
@pytest.mark.parametrize(
    ("how", "kills"), [("save", attack.times(60, 8)), ("create", attack.times(30, 5))]
)
def test_the_last_completed_save_survives_every_kill(tmp_path, how, kills):
    dice = random.Random(11)
    seen = []
    for kill in range(kills):
        path = tmp_path / f"{kill}.safelight"
        child = started(how, path)
        last = killed(child, dice)
        project, history = Project.open(path)
        seen.append(check(history, last))
        project.save(history)
        project.close()
        # What was being built beside it goes with the next one that is.
        Project.create(path, history, overwrite=True).close()
        assert [item.name for item in tmp_path.iterdir()] == [path.name]
        path.unlink()
    assert max(seen) > 1  # there was something to lose


@pytest.mark.attack
def test_what_a_killed_process_has_not_saved_is_offered(tmp_path):
    dice = random.Random(12)
    for _ in range(attack.times(20, 3)):
        child = started("recovery", tmp_path)
        assert left_behind(tmp_path) == []  # it lives
        last = killed(child, dice)
        (left,) = left_behind(tmp_path)
        assert (left.name, left.original) == ("photo.jpg", tmp_path / "photo.jpg")
        recovery, history = Recovery.taken(left)
        assert left_behind(tmp_path) == []  # somebody has it
        check(history, last)
        recovery.discard()
        assert list(tmp_path.iterdir()) == []

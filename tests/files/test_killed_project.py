"""A process that is killed while it edits and saves leaves the last save that was completed."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from safelight.files.project import Project
from tests.files.killed_project import stroke

KILLS = 60
SIZE = 700


def expected(number):
    pixels = np.full((SIZE, SIZE, 3), 128, np.uint8)
    for each in range(1, number + 1):
        region, dab = stroke(each, SIZE)
        pixels[region.rows(), region.columns()] = dab
    return pixels


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_the_last_completed_save_survives_every_kill(tmp_path):
    dice = random.Random(11)
    seen = []
    for kill in range(KILLS):
        path = tmp_path / f"{kill}.safelight"
        words = [sys.executable, "-m", "tests.files.killed_project", str(path), str(SIZE)]
        child = subprocess.Popen(
            words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        first = child.stdout.readline()
        assert first.strip() == "0"
        time.sleep(dice.uniform(0.0, 0.12))
        child.kill()
        reported = [int(line) for line in [first, *child.stdout] if line.endswith("\n")]
        child.wait()
        last = reported[-1]
        project, history = Project.open(path)
        project.close()
        # The save under way may have been completed before it could be reported.
        number = 0 if history.steps[-1].label == "Open" else int(history.steps[-1].label.split()[1])
        assert number in (last, last + 1)
        assert np.array_equal(history.document.layers[0].raster.to_array(), expected(number))
        seen.append(number)
        path.unlink()
    assert max(seen) > 1  # there was something to lose

"""A save never costs the file one had: exports killed at random places and moments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import attack

KILLS = attack.times(400, 40)
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.attack
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_export_leaves_the_old_or_the_new_picture(tmp_path):
    seed = int(os.environ.get("SAFELIGHT_SEED", int.from_bytes(os.urandom(4), "big")))
    print("seed", seed)
    done = subprocess.run(
        [sys.executable, "-m", "tests.files.killed_export", tmp_path, str(KILLS), str(seed)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    print(counts)
    assert counts["else"] == 0
    assert counts["unreadable"] == 0
    assert counts["temporary"] == 0
    assert counts["old"] + counts["new"] == KILLS
    # Otherwise the places were badly chosen and the test proves nothing.
    assert counts["old by place"] > KILLS // 40
    assert counts["new by place"] > KILLS // 40

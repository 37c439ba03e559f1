"""Files that a stranger has changed or cut: they open in the confined process, or a sentence says
why not.
"""

from __future__ import annotations

import numpy as np
import pytest

from safelight import actions, files
from safelight.files import OpenError
from tests import attack
from tests.files.seeds import SEEDS

ENDING_OTHERWISE = (
    *("moving.gif", "psd", "deep.psd", "psb"),
    *("mosaic.dng", "packed.dng", "linear.dng", "canon.cr2"),
)
"""Files that do not end with what is opened of them, but with further pictures, with a copy without
layers, or, as our raw files do, with what cameras write in front.
"""


@pytest.fixture
def opened(tmp_path):
    """Opens bytes in the confined process, which a decoder may bring down."""

    def open_bytes(data, **options):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return actions.open_picture(path, **options)

    return open_bytes


@pytest.mark.parametrize("name", SEEDS)
def test_it_opens_the_same_in_the_confined_process(opened, tmp_path, name):
    there, here = opened(SEEDS[name]()), files.open_picture(tmp_path / "picture.dat")
    assert (there.notes, there.format) == (here.notes, here.format)
    assert there.document.metadata == here.document.metadata
    assert there.document.profile == here.document.profile
    pixels = [item.document.layers[0].raster.to_array() for item in (here, there)]
    assert np.array_equal(*pixels)


@pytest.mark.parametrize("name", SEEDS)
def test_cut_anywhere_a_file_opens_with_a_note_or_is_a_clear_error(opened, name):
    data = SEEDS[name]()
    # The last bytes of some formats say nothing of the picture.
    for length in np.linspace(1, len(data) - 40, attack.times(60, 8)).astype(int):
        if _outcome(opened, data[:length]) == "opened" and name not in ENDING_OTHERWISE:
            assert opened(data[:length]).notes


def _outcome(opened, data):
    try:
        opened(data, pixel_limit=1_000_000)
    except OpenError as error:
        text = str(error)
        if not text.startswith("picture.dat ") or not text.endswith("."):
            pytest.fail(f"this is no sentence: {text}")
        return "refused"
    return "opened"

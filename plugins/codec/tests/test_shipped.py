"""The codec as it ships: a photograph through its networks, in the confined process."""

import numpy as np
import pytest

from safelight import actions
from safelight.document import Document
from safelight.pixels import Raster


@pytest.fixture(scope="module")
def studio():
    with actions.Studio() as studio:
        yield studio


def test_a_photograph_goes_through_the_networks_and_comes_back_nearly_as_it_was(studio, tmp_path):
    down, across = np.mgrid[:61, :83] / 12
    waves = [np.sin(down + k) * np.cos(across * (1 + k / 3)) for k in range(3)]
    pixels = np.rint(128 + 90 * np.stack(waves, 2)).astype(np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    errors, sizes = [], []
    for quality in (100, 10):
        path = tmp_path / f"{quality}.slv"
        options = actions.ExportOptions(quality=quality)
        done = actions.export(document, path, options, exporters=studio.exporters)
        opened = actions.open_picture(path, importers=studio.importers)
        assert (opened.format, opened.notes) == ("Small picture", ())
        again = opened.document.layers[0].raster.to_array()
        assert again.shape == pixels.shape
        assert again.dtype == np.uint8
        errors.append(np.abs(again.astype(int) - pixels).mean())
        sizes.append(done.bytes)
    assert errors[0] < 1.5
    assert errors[0] < errors[1] < 12
    assert sizes[1] < sizes[0] < pixels.nbytes / 2

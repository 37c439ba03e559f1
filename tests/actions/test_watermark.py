"""Watermark: as large and as far from the edges, in shares, in any picture."""

import numpy as np
import pytest
from PIL import Image

from safelight.actions.watermark import watermark
from safelight.document import Document, EditError, geometry
from safelight.pixels import Raster


@pytest.mark.parametrize("sides", [(400, 300), (1200, 1800)])
@pytest.mark.parametrize("words", [True, False])
def test_a_watermark_takes_its_share_of_any_picture(tmp_path, sides, words):
    width, height = sides
    document = Document.from_raster(Raster.filled(width, height, (40, 50, 60), "uint8"))
    told = {"size": 0.25, "margin": 0.05, "opacity": 0.5, "corner": "bottom_right"}
    if not words:
        Image.fromarray(np.full((20, 80, 4), 255, np.uint8)).save(tmp_path / "mark.png")
        told |= {"text": "", "file": str(tmp_path / "mark.png")}
    else:
        told |= {"text": "© Ada 版权"}
    made = watermark(**told).apply(document)
    layer = made.layers[-1]
    box, rim = geometry.box_of(made, layer), 0.05 * min(sides)
    assert layer.opacity == 0.5
    assert box.width == pytest.approx(0.25 * width, abs=3)
    assert box.right == pytest.approx(width - rim, abs=2)
    assert box.bottom == pytest.approx(height - rim, abs=2)


def test_a_watermark_of_nothing_or_of_both_is_refused():
    document = Document.from_raster(Raster.filled(40, 30, (0, 0, 0), "uint8"))
    for told in ({"text": " "}, {"text": "a", "file": "b.png"}, {"text": "a", "size": 0.0}):
        with pytest.raises(EditError, match="watermark"):
            watermark(**told).apply(document)

"""Guides: they lie over the same when the picture changes its shape, and no pixel knows of them."""

import pytest

from safelight.api import Region
from safelight.document import Document, EditError, geometry
from safelight.document.commands import guide_commands
from safelight.document.guides import MOST_GUIDES, Guide
from safelight.pixels import Raster

PLAIN = Document.from_raster(Raster.filled(80, 60, (9, 9, 9), "uint8"))


def laid(**settings):
    return guide_commands.new_guide(**settings).apply(PLAIN)


def test_guides_are_laid_moved_and_taken_away():
    document = laid(direction="upright", at=25, unit="percent")
    document = guide_commands.new_guide(direction="level", at=30, unit="px").apply(document)
    assert document.guides == (Guide("x", 20), Guide("y", 30))
    document = guide_commands.move_guide(direction="upright", at=20, to=70.5).apply(document)
    assert document.guides == (Guide("x", 70.5), Guide("y", 30))
    document = guide_commands.remove_guide(direction="level", at=30).apply(document)
    with pytest.raises(EditError, match="no level guide at 30 px"):
        guide_commands.remove_guide(direction="level", at=30).apply(document)
    assert guide_commands.clear_guides().apply(document).guides == ()
    assert PLAIN.looks_like(document)


def test_a_guide_stays_over_the_same_when_the_picture_is_cropped_turned_and_resized():
    document = laid(direction="upright", at=20, unit="px")
    assert geometry.crop(document, Region(5, 0, 40, 40)).guides == (Guide("x", 15),)
    assert geometry.turn(document, 90).guides == (Guide("y", 20),)
    assert geometry.flip(document, "horizontal").guides == (Guide("x", 60),)
    assert geometry.resize(document, 40, 30).guides == (Guide("x", 10),)
    assert geometry.rotate(document, 10).guides == document.guides


def test_what_is_no_guide_and_too_many_are_refused():
    for guides in (
        (Guide("z", 1.0),),
        (Guide("x", float("nan")),),
        [Guide("x", at) for at in range(MOST_GUIDES + 1)],
    ):
        with pytest.raises(ValueError, match="guide"):
            Document(80, 60, "uint8", PLAIN.layers, guides=tuple(guides))

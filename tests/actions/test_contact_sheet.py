"""Contact sheet: pictures in rows on a page, as layers that can be moved, each with its name."""

import itertools

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.actions.contact_sheet import Sheet, contact_sheet, of_files
from safelight.cli.main import main
from safelight.document import EditError, geometry, render


@pytest.fixture
def files(tmp_path):
    """Five pictures of several shapes, each of one colour."""
    paths = []
    for k, sides in enumerate([(90, 60), (60, 90), (1500, 1000), (50, 50), (120, 20)]):
        paths.append(tmp_path / f"IMG_{k}.png")
        Image.new("RGB", sides, (40 * k, 200 - 40 * k, 90)).save(paths[-1])
    return paths


def boxes(page, *, names):
    layers = [x for x in page.layers[1:] if x.name.startswith("Name of") == names]
    return [geometry.box_of(page, layer) for layer in layers]


def test_pictures_lie_beside_one_another_each_over_its_name(files):
    page = contact_sheet(of_files(files, []), 5, Sheet("a5", columns=2, dpi=72))
    assert (page.width, page.height) == (420, 595)
    assert page.metadata.dpi == (72, 72)
    pictures, names = boxes(page, names=False), boxes(page, names=True)
    assert len(pictures) == len(names) == 5
    for one, other in itertools.combinations([*pictures, *names], 2):
        assert one.intersect(other).empty
    for picture, name in zip(pictures, names, strict=True):
        assert name.y >= picture.bottom
        assert picture.intersect(page.region) == picture
        assert name.x + name.width / 2 == pytest.approx(picture.x + picture.width / 2, abs=2)
    wide = pictures[2]
    assert wide.width / wide.height == pytest.approx(1.5, abs=0.03)
    assert page.layers[5].raster.width < 600  # no more pixels than twice those that are shown
    seen = render(page, page.region)
    middle = seen[wide.y + wide.height // 2, wide.x + wide.width // 2, :3]
    assert np.abs(middle.astype(int) - (80, 120, 90)).max() <= 1
    assert (seen[2, 2, :3] == 255).all()


def test_what_has_no_room_and_what_is_no_picture_is_said(files, tmp_path):
    with pytest.raises(EditError, match="no room"):
        contact_sheet(iter(()), 300, Sheet("a5", columns=100, dpi=30))
    with pytest.raises(EditError, match="1 to 400"):
        contact_sheet(iter(()), 0)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    left_out = []
    page = contact_sheet(of_files([*files[:2], tmp_path / "bad.png"], left_out), 3)
    assert len(boxes(page, names=False)) == 2
    assert len(left_out) == 1


def test_the_command_line_makes_a_project_or_a_picture(files, tmp_path):
    told = ["contact-sheet", *map(str, files), "--paper", "a5", "--dpi", "60", "--no-captions"]
    assert main([*told, str(tmp_path / "sheet.jpg")]) == 0
    with Image.open(tmp_path / "sheet.jpg") as made:
        assert made.size == (350, 496)
    assert main([*told, str(tmp_path / "sheet.safelight")]) == 0
    project, history = actions.Project.open(tmp_path / "sheet.safelight")
    assert [layer.name for layer in history.document.layers[1:]] == [x.name for x in files]
    project.close()

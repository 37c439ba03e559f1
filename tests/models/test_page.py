"""The page of a training shows what its log holds, and needs nothing but itself."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from models import page, resample


def run_folder(folder, losses, settings=None):
    """A training's folder with a log of one row a minute."""
    folder.mkdir()
    rows = [{"settings": {"scale": 2} | (settings or {})}]
    rows += [
        {"step": 100 * n, "seconds": 60.0 * n, "loss": loss, "learning_rate": 1e-3}
        for n, loss in enumerate(losses)
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def charts(text):
    """The SVG drawings of a page by the name of their quantity."""
    found = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    trees = [ElementTree.fromstring(svg) for svg in found]
    return {tree.get("aria-label"): tree for tree in trees}


def curve(svg, n=0):
    """The points of the n-th curve of a drawing."""
    drawn = svg.findall("polyline")[n].get("points").split()
    return [tuple(map(float, point.split(","))) for point in drawn]


def test_a_curve_has_a_point_for_every_row_and_falls_when_the_loss_falls(tmp_path):
    text = page.page([page.load(run_folder(tmp_path / "a", [0.5, 0.3, 0.2]))])
    drawn = charts(text)
    assert set(drawn) == {"loss", "learning rate"}
    points = curve(drawn["loss"])
    assert len(points) == 3
    assert points[0][0] < points[1][0] < points[2][0]
    assert points[0][1] < points[1][1] < points[2][1]  # SVG counts downwards


def test_curves_stay_inside_the_chart_and_the_axis_starts_at_zero_minutes(tmp_path):
    folder = run_folder(tmp_path / "a", [3.0, 0.001, 70.0])
    for x, y in curve(charts(page.page([page.load(folder)]))["loss"]):
        assert page.LEFT <= x <= page.WIDTH - page.RIGHT
        assert page.TOP <= y <= page.HEIGHT - page.BOTTOM


def test_several_runs_share_one_chart_in_colours_of_their_own(tmp_path):
    runs = [
        page.load(run_folder(tmp_path / "first", [0.4, 0.2])),
        page.load(run_folder(tmp_path / "second", [0.4, 0.2, 0.1])),
    ]
    text = page.page(runs)
    lines = charts(text)["loss"].findall("polyline")
    assert [line.find("title").text for line in lines] == ["first", "second"]
    assert len({line.get("stroke") for line in lines}) == 2
    assert curve(charts(text)["loss"], 0) == curve(charts(text)["loss"], 1)[:2]


def test_values_far_apart_get_a_logarithmic_axis():
    wide = page.chart("loss", {"a": [(0.0, 1.0), (1.0, 0.1), (2.0, 0.01)]})
    heights = [y for _, y in curve(ElementTree.fromstring(wide).find("svg"))]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)


def test_ticks_are_round_and_inside_the_axis():
    assert page.Axis.of([0, 46], False).ticks() == [0, 10, 20, 30, 40]
    assert page.Axis.of([28.1, 30.4], False).ticks() == pytest.approx([28.5, 29, 29.5, 30])
    assert page.Axis.of([2e-6, 1e-3], True).ticks() == pytest.approx(
        [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3]
    )


def test_a_single_value_and_one_that_is_not_finite_are_drawn_or_left_out():
    text = page.chart("loss", {"a": [(1.0, 0.5), (2.0, float("nan"))]})
    assert len(curve(ElementTree.fromstring(text).find("svg"))) == 1
    assert page.chart("loss", {"a": []}) == ""


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path):
    folder = run_folder(tmp_path / "a", [0.5, 0.3])
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"step": 200, "seconds": 12')
    assert len(page.load(folder).curves["loss"]) == 2


def test_samples_stand_beside_the_bicubic_enlargement(tmp_path):
    folder = run_folder(tmp_path / "a", [0.5])
    (folder / "samples").mkdir()
    original = np.random.default_rng(0).integers(0, 256, (16, 24, 3)).astype(np.uint8)
    given = resample.resize(original, 1 / 2)
    for name, picture in (("input", given), ("result", original), ("original", original)):
        Image.fromarray(picture).save(folder / "samples" / f"0_{name}.png")
    text = page.page([page.load(folder)])
    assert re.findall(r"<figcaption>(\w+)</figcaption></figure>", text) == [
        "input",
        "bicubic",
        "result",
        "original",
    ]
    assert page.embedded(resample.resize(given, 2)) in text


def test_the_page_asks_for_nothing_from_elsewhere_and_escapes_what_it_shows(tmp_path):
    folder = run_folder(tmp_path / "a", [0.5], {"photos": "<script>alert(1)</script>"})
    text = page.page([page.load(folder)])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert "http" not in text


def test_a_folder_that_is_no_training_is_named(tmp_path):
    with pytest.raises(SystemExit, match="holds no log"):
        page.load(tmp_path)

"""Inspection: what is found out of filters whose answers are known."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from safelight.actions import Document, Studio
from safelight.actions.inspection import inspection, tried_filter
from safelight.actions.inspection.inspection import inspect
from safelight.actions.inspection.inspection_report import maps_of, report
from safelight.actions.inspection.invention_map import invention_map
from safelight.actions.inspection.network_cost import network_cost
from safelight.actions.inspection.pixel_origin import pixel_origin
from safelight.actions.inspection.robustness import changes
from safelight.actions.inspection.seam_check import seam_check
from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.actions.stop import Stop, Stopped
from safelight.pixels import Raster
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.network_watch import (
    MOST_OPERATORS,
    ROUNDS,
    NetworkWatch,
    multiply_adds,
)
from tests.plugins.inspected_plugin import inspected
from tests.workers.networks import FREE, model, node, value

SIDE = 96


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = inspected(tmp_path_factory.mktemp("inspected"))
    with Studio("cpu", plugin_folders=[folder]) as studio:
        yield studio


@pytest.fixture
def tried(studio, monkeypatch):
    monkeypatch.setattr(tried_filter, "LARGEST", SIDE)

    def of(name, **options):
        pixels = np.random.default_rng(4).random((SIDE + 40, SIDE + 60, 3), np.float32)
        pixels = 0.2 + 0.6 * pixels
        document = Document.from_raster(Raster.from_array(pixels))
        return TriedFilter.of(studio, studio.filter(name), {}, document, **options)

    return of


def test_a_pixel_that_was_moved_comes_from_where_it_was(tried):
    found = pixel_origin(tried("move"), (40, 50))
    rows, columns = np.nonzero(found.map == found.map.max())
    assert columns.min() <= 47 <= columns.max()
    assert rows.min() <= 50 <= rows.max()
    assert columns.max() - columns.min() <= 4
    assert (found.map > 0).sum() == (found.map == found.map.max()).sum()  # nowhere else
    assert (found.reach, found.declared) == (7, 9)


def test_a_blurred_pixel_comes_from_all_around_and_an_edge_from_beside(tried):
    blurred = pixel_origin(tried("box"), (40, 50))
    felt = np.argwhere(blurred.map > 0)
    assert blurred.reach == 4
    assert felt.min(0).tolist() <= [46, 36]
    assert felt.max(0).tolist() >= [54, 44]
    edge = pixel_origin(tried("edges"), (40, 50))
    assert edge.reach == 1
    assert edge.map[50, 41] > 0
    assert not edge.map[:, :38].any()


def test_a_filter_that_knows_where_it_is_looks_no_further_for_it(tried):
    found = pixel_origin(tried("slope"), (40, 50))
    assert (found.reach, found.declared) == (0, 0)
    assert (found.map > 0).sum() <= 4


def test_without_pytorch_the_map_is_by_covering_and_says_so(tried):
    found = inspect(tried("known"))
    assert not found.origin.gradients
    told = dict(found.sentences())["Where a pixel comes from"]
    assert "by covering, not by gradients, as PyTorch is not installed beside it." in told


def test_at_the_edge_of_the_picture_no_neighbouring_copy_is_seen(tried):
    found = pixel_origin(tried("box"), (1, 1))
    assert found.reach == 4
    assert not found.map[8:, 8:].any()


def test_a_filter_that_sees_further_than_it_says_is_found_out(tried):
    one, honest = tried("move_further"), tried("move")
    found = pixel_origin(one, (40, 50))
    assert (found.reach, found.declared) == (7, 3)
    seam = seam_check(one, one.made(one.picture))
    assert seam.visible
    assert seam.at_cut == seam.worst > 0.1
    assert seam_check(honest, honest.made(honest.picture)).worst == 0


def test_what_is_neither_light_nor_contrast_is_invented(tried):
    one = tried("fork")
    drawn = invention_map(one.picture, one.made(one.picture))
    middle = one.picture.shape[1] // 2
    assert drawn[:, middle].mean() > 10 * drawn[:, : middle - 9].mean()
    brighter = invention_map(one.picture, 0.1 + 0.7 * one.picture)
    assert brighter.max() < 2e-3


def test_an_enlargement_invents_what_is_gone_once_it_is_reduced():
    small = np.random.default_rng(2).random((24, 24, 3), np.float32)
    large = np.kron(small, np.ones((2, 2, 1), np.float32))
    checks = np.indices((48, 48)).sum(0) % 2 - np.float32(0.5)
    plain = invention_map(small, large).mean()
    assert invention_map(small, large + 0.4 * checks[..., None]).mean() > plain + 0.1


def test_robustness_tells_an_edge_filter_from_a_blur(tried):
    made = {}
    for name in ("box", "edges"):
        one = tried(name)
        made[name] = {item.change: item for item in changes(one, one.made(one.picture))}
    moved, noisy, saved = made["box"]
    assert made["box"][moved].made < 1e-6  # nothing but moved
    assert made["edges"][moved].made < 1e-6
    assert made["box"][noisy].gain == pytest.approx(1 / 9, rel=0.15)  # less of it at the rim
    assert made["edges"][noisy].gain == pytest.approx(2**0.5, rel=0.1)
    assert made["box"][saved].gain < made["edges"][saved].gain


def test_each_operator_has_its_cost_and_its_values_can_be_seen(tried):
    one = tried("known")
    (cost,), nothing = network_cost(one)
    assert nothing is None
    height, width = one.picture.shape[:2]
    assert cost.multiply_adds == height * width * 3 * 27
    assert cost.memory >= one.picture.nbytes
    assert 0 < sum(item.seconds for item in cost.operators) == pytest.approx(cost.seconds)
    assert [(item.name, item.kind, item.tensor) for item in cost.choices] == [
        ("see", "Conv", "felt"),
        ("keep", "Relu", "result"),
    ]
    expected = np.sqrt(np.square(one.made(one.picture)).mean(2))
    for tensor in ("felt", "result"):  # the second of which the network gives anyway
        _, values = network_cost(one, "one.onnx", tensor)
        assert np.abs(values - expected).max() < 0.02


def test_channels_that_the_runtime_fills_up_are_not_counted(tmp_path):
    """Of three convolutions, the last has the shape of the one before it once it is filled up."""
    random = np.random.default_rng(1)
    shapes = {"a": (16, 3, 5, 5), "b": (16, 16, 3, 3), "c": (3, 16, 3, 3)}
    arrays = {name: random.random(shape, np.float32) for name, shape in shapes.items()}
    nodes = [
        node("Conv", "image a", "felt", pads=[2] * 4, kernel_shape=[5, 5]),
        node("Relu", "felt", "bent"),
        node("Conv", "bent b", "more", pads=[1] * 4, kernel_shape=[3, 3]),
        node("Relu", "more", "most"),
        node("Conv", "most c", "result", pads=[1] * 4, kernel_shape=[3, 3]),
    ]
    stated = {"contract": "1", "reach": "4", "scale": "1", "multiple": "1"}
    content = model(
        nodes,
        [value("image", FREE)],
        [value("result", FREE)],
        arrays,
        {f"safelight.{name}": text for name, text in stated.items()},
    )
    (tmp_path / "three.onnx").write_bytes(content)
    watch = NetworkWatch()
    session = watch.load(str(tmp_path / "three.onnx"), "cpu")
    for _ in range(ROUNDS):
        watch.call(session, {"image": np.zeros((1, 3, 24, 32), np.float32)}, "three.onnx")
    (told,) = watch.told()
    found = [item for item in told["operators"] if item["kind"] == "Conv"]
    wanted = sorted(math.prod(shape) for shape in shapes.values())
    assert sorted(item["multiply_adds"] for item in found) == [24 * 32 * x for x in wanted]
    assert sorted(item["parameters"] for item in found) == wanted
    assert sorted(item["shape"][1] for item in found) == [3, 16, 16]
    watch.close()


def test_multiply_adds_are_those_of_the_shapes():
    assert multiply_adds("Conv", [(1, 8, 10, 10), (16, 8, 3, 3)], [(1, 16, 5, 5)]) == 400 * 72
    assert multiply_adds("ConvTranspose", [(1, 8, 5, 5), (8, 4, 2, 2)], []) == 0
    deep = [(1, 8, 5, 5), (8, 4, 2, 2)]
    assert multiply_adds("ConvTranspose", deep, [(1, 4, 10, 10)]) == 200 * 16
    assert multiply_adds("MatMul", [(2, 7, 5), (5, 3)], [(2, 7, 3)]) == 42 * 5
    assert multiply_adds("Relu", [(1, 8, 5, 5)], [(1, 8, 5, 5)]) == 0


@pytest.mark.parametrize("count", [MOST_OPERATORS + 1, 100_000])
def test_of_a_network_without_end_the_rest_is_told(tried, tmp_path, monkeypatch, count):
    many = [node("Relu", f"x{n}", f"x{n + 1}") for n in range(count)]
    last = f"x{count}"
    content = model(many, [value("x0", FREE)], [value(last, FREE)])
    (tmp_path / "long.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=rf"{count:,} operators; of more than 20,000") as refused:
        NetworkWatch().contract(tmp_path / "long.onnx")

    def cost(tried):
        raise NotInspected(str(refused.value))

    monkeypatch.setattr(inspection, "network_cost", cost)
    told = dict(inspection.inspect(tried("box")).sentences())
    assert told["Networks"] == str(refused.value)
    assert "pixels around" in told["Where a pixel comes from"]


def test_a_report_is_one_file_that_loads_nothing_and_obeys_no_name(tried):
    one = tried("known")
    one.document = replace(one.document, name="<script>alert(1)</script>")
    heard = []
    found = inspect(one, told=lambda done, words: heard.append(done))
    assert heard == sorted(heard)
    assert heard[-1] == 1
    text = report(found)
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"(?!data:image/png;base64,)", text)
    assert text.count("data:image/png") == len(maps_of(found)) >= 6
    assert "one.onnx" in text
    assert "<td>Conv</td>" in text


def test_what_makes_no_picture_of_a_picture_is_refused_and_a_stop_stops(studio, tried):
    document = Document.from_raster(Raster.from_array(np.zeros((20, 30, 3), np.uint8)))
    generator = next(item for item in studio.filters() if item.generates)
    with pytest.raises(NotInspected, match="picture of a picture"):
        TriedFilter.of(studio, generator, {}, document)
    with pytest.raises(NotInspected, match="not in the picture"):
        TriedFilter.of(studio, studio.filter("box"), {}, document, (30, 5))
    one = tried("box", stop=Stop())
    one.stop.ask()
    with pytest.raises(Stopped):
        inspect(one)

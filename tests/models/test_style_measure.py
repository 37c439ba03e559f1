"""Style: what is measured says what it says, and the files that ship are the networks."""

import json
import xml.etree.ElementTree as Tree

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from models import onnxfile  # noqa: E402
from models.style import export, independent, measure, objective  # noqa: E402
from models.style.network import BLOCKS, ITERATIONS, Stylizer  # noqa: E402
from models.tiles import Network  # noqa: E402
from models.training import save_weights  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import edges_picture, features  # noqa: E402


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The network whose features are compared, with random weights."""
    return objective.features(features(tmp_path_factory.mktemp("features") / "features.npz"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with both files of a fast network, its report, and the network."""
    folder = tmp_path_factory.mktemp("style")
    with pytest.MonkeyPatch.context() as patch:
        # Every block and every iteration takes as long to export: an attack has all.
        patch.setitem(BLOCKS, "fast", times(BLOCKS["fast"], (1, 1, 1)))
        patch.setattr("models.style.network.ITERATIONS", times(ITERATIONS, 3))
        torch.manual_seed(0)
        network = Stylizer("fast").eval()
        save_weights(folder / "weights.npz", network.state_dict())
        export.export_code(folder / "weights.npz", folder, "fast")
        report = export.export(folder / "weights.npz", folder, "fast")
        yield folder, report, network


class Blend:
    """A styler that mixes colours; with `fixed`, also a pattern that stays where it is."""

    name = "blend"

    def __init__(self, fixed=0.0):
        self.fixed = fixed

    def __call__(self, photograph, style, strength=1.0):
        rows, columns = np.indices(photograph.shape[:2])
        pattern = (self.fixed * ((rows + columns) % 3))[..., None]
        mixed = (1 - strength) * photograph + strength * style.mean((0, 1))
        return np.clip(0.5 * (photograph + mixed) + pattern, 0, 255).astype(np.uint8)


def test_every_judge_knows_the_photograph_and_the_style(compared):
    photograph, style = edges_picture(0), edges_picture(1, 96, 128)
    judge = measure.Judge(compared, photograph, style)
    photographs, styles = judge(photograph), judge(style[:, :96])
    assert photographs.content == pytest.approx(0, abs=1e-4)
    assert photographs.edges == pytest.approx(1, abs=1e-6)
    itself = measure.Judge(compared, photograph, photograph)(photograph)
    for figure in ("style", "texture", "colour", "mean", "deviation"):
        assert getattr(itself, figure) == pytest.approx(0, abs=1e-4)
        assert getattr(styles, figure) < getattr(photographs, figure)
    assert styles.content > 0.2
    assert styles.edges < 0.7


def test_edges_are_the_same_at_less_contrast_and_not_when_moved():
    picture = edges_picture(2)
    pale = (0.5 * picture.astype(float) + 60).astype(np.uint8)
    assert measure.measurement.edge_ssim(pale, picture) > 0.95
    assert measure.measurement.edge_ssim(np.roll(picture, 5, 0), picture) < 0.7


def test_texture_is_what_occurs_not_where():
    pictures = [measure.tensor(edges_picture(seed)) for seed in (0, 1)]
    rolled = torch.roll(pictures[0], (40, 30), (2, 3))
    moved = independent.texture_distance(rolled, pictures[0])
    assert moved < 0.3 * independent.texture_distance(pictures[1], pictures[0])


def test_colours_are_compared_in_units_of_cielab():
    grey, light = np.full((8, 8, 3), 119, np.uint8), np.full((9, 4, 3), 255, np.uint8)
    assert independent.colours(light).mean[0] == pytest.approx(100, abs=0.1)
    apart = 100 - independent.colours(grey).mean[0]
    assert independent.colour_distance(grey, light) == pytest.approx(apart / 3, abs=0.1)


def scores(content, style):
    return measure.Scores(content, style, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "style", "ratio", "said"),
    [
        (0.4, 0.9, 1.5, "at the same content loss"),
        (0.9, 0.6, 1.5, "with the most content loss, which is less"),
        (0.1, 1.2, 1.5, "with the least content loss, which is more"),
    ],
)
def test_a_style_loss_is_compared_at_the_same_content_loss(content, style, ratio, said):
    curve = {"1": scores(0.2, 0.8), "2": scores(0.6, 0.4)}
    found, words = measure.beside_optimisation(scores(content, style), curve)
    assert found == pytest.approx(ratio)
    assert words.endswith(said)


def test_methods_are_compared_on_the_pairs_that_were_optimised(compared):
    pairs = [(edges_picture(n, 64, 64), edges_picture(n + 5, 64, 64)) for n in range(2)]
    stylers = [Blend()]
    found = measure.measure(pairs, stylers, compared, optimised=1, steps=3)
    assert set(found.every) == {"photograph", "blend"}
    assert set(found.few) == {"photograph", "blend", "optimisation"}
    assert found.every["blend"]["1"].style != found.few["blend"]["1"].style
    assert found.few["photograph"][""].content == pytest.approx(0, abs=1e-4)
    assert len(found.few["optimisation"]) == len(measure.gatys.WEIGHTS)
    lines, files = measure.report(found, stylers, 2, 1, 3)
    assert files["blend"]["times_as_fast"] > 1
    assert any(line.startswith("- `blend` takes 1/") for line in lines)
    json.dumps(files)
    drawn = Tree.fromstring(measure.plot(found.few))
    circles = [part for part in drawn.iter() if part.tag.endswith("circle")]
    settings = sum(len(curve) for curve in found.few.values())
    assert len(circles) == settings + len(found.few)  # one more each in the key


def test_flicker_is_of_what_does_not_move_with_the_photograph():
    photographs, styles = [edges_picture(0, 192, 288)], [edges_picture(1)]
    still = measure.flicker(Blend(), photographs, styles)
    assert set(still) == {"0, 2", "2, 0", "2, 2"}
    assert max(still.values()) == 0
    assert min(measure.flicker(Blend(fixed=20.0), photographs, styles).values()) > 3


def test_a_sheet_has_every_photograph_in_every_style():
    photographs, styles = ([edges_picture(n + k) for n in range(2)] for k in (0, 5))
    sheet = np.asarray(measure.sheet(Blend(), photographs, styles))
    assert sheet.shape == (3 * measure.CELL, 3 * measure.CELL, 3)
    assert (sheet[: measure.CELL - 2, : measure.CELL - 2] == 255).all()  # the empty corner
    parts = sheet[measure.CELL :, measure.CELL :].reshape(2, measure.CELL, 2, measure.CELL, 3)
    assert len({parts[row, :, column].tobytes() for row in (0, 1) for column in (0, 1)}) == 4


def test_pictures_to_measure_on_fit_the_cells():
    for shape, wanted in (((300, 400), (384, 480)), ((1000, 700), (480, 384))):
        ready = measure.ready(edges_picture(0, *shape), 384)
        assert ready.shape[:2] == wanted
    assert measure.ready(edges_picture(0, 200, 900), 384).shape[:2] == (384, 576)


@pytest.mark.attack
def test_both_files_are_the_network(exported):
    folder, report, network = exported
    assert report.difference < onnxfile.LARGEST_DIFFERENCE
    assert report.reach == export.reach("fast")
    styler = measure.Styler.load(folder, "fast")
    photograph, style = edges_picture(0, 96, 192), edges_picture(1, 192, 96)
    with torch.no_grad():
        own, told = (network.describe(measure.tensor(x)) for x in (photograph, style))
        wanted = network(measure.tensor(photograph), own[:, 0], told, torch.ones(1, 1))
    wanted = measure.eight_bit(wanted[0].permute(1, 2, 0).numpy())
    result = styler(photograph, style)
    assert np.abs(result.astype(int) - wanted).max() <= 1
    weak = styler(photograph, style, 0.3)
    assert np.abs(weak.astype(int) - result).max() > 0


@pytest.mark.attack
def test_tiles_are_the_whole_and_would_not_be_with_less_reach(exported):
    styler = measure.Styler.load(exported[0], "fast")
    photograph, style = edges_picture(0, 96, 480), edges_picture(1)
    assert measure.seam(styler, photograph, style) < 0.01
    styler.paints.reach = 8
    assert measure.seam(styler, photograph, style) > 0.1


@pytest.mark.attack
def test_files_explain_themselves(exported):
    folder, _, network = exported
    stated = Network(folder / "fast.onnx").properties
    assert stated["multiple"] == "8"
    assert int(stated["parameters"]) == sum(p.numel() for p in network.parameters())
    code = Network(folder / "fast_code.onnx").properties
    assert code["multiple"] == "8"
    assert int(code["parameters"]) == sum(p.numel() for p in network.encoder.parameters())
    for properties in (stated, code):
        assert properties["title"] == "Style, Fast"
        assert "Art Institute of Chicago" in properties["training_data"]
    inputs = {one.name: one.shape for one in Network(folder / "fast.onnx").session.get_inputs()}
    assert inputs["image"][2:] == ["height", "width"]
    assert inputs["style"][1] == inputs["shares"][1] == "tokens"

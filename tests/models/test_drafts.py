"""Drafts: taught in eight bits, written as PyTorch has them; those that ship as good as said."""

import json

import numpy as np
import onnx
import pytest
import torch

from models import compress, drafts
from models.clean.network import Clean
from models.eight_bits import Range
from models.enlarge.network import Fast
from models.tiles import Network, drafts_of, sha256, state
from models.training import ROOT

SHIPPED = [path for plugin in sorted(ROOT.glob("plugins/*/*")) for path in drafts_of(plugin)]
STATED = {"contract": "1", "scale": "2", "reach": "5", "multiple": "1", "tile": "64"}


def picture(height, width, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random((1, 3, height, width), np.float32)


def little_fast():
    torch.manual_seed(3)
    made = Fast(2, channels=8, blocks=1)
    torch.nn.init.normal_(made.last.weight, std=0.05)
    torch.nn.init.normal_(made.blocks[0].second.weight, std=0.1)
    return made.merged()


def little_clean():
    torch.manual_seed(3)
    made = Clean((8, 12))
    torch.nn.init.normal_(made.last.weight, std=0.05)
    for block in (*made.before, *made.after, made.bottom):
        torch.nn.init.normal_(block.second.weight, std=0.1)
    return made.eval()


def settled(draft):
    drafts.settle(draft, lambda rng: (torch.from_numpy(picture(32, 48)), {}, None))
    return draft


@pytest.fixture(params=["fast", "clean"])
def draft(request):
    """A draft with ranges, and how to make another like it."""
    if request.param == "fast":
        return settled(drafts.draft_of(little_fast())), lambda: drafts.draft_of(little_fast())
    return settled(drafts.CleanDraft(little_clean(), (6,))), lambda: drafts.CleanDraft(
        little_clean(), (6,)
    )


def test_what_is_written_gives_what_pytorch_gives_to_a_step(draft, tmp_path):
    made, another = draft
    path = tmp_path / "little_draft.onnx"
    onnx.save(made.written(), str(path))
    onnx.checker.check_model(str(path), full_check=True)
    state(path, STATED | {"scale": str(made.scale), "multiple": str(made.multiple)})
    again = drafts.restored(another(), path)
    image = picture(24, 40, seed=2)
    with torch.no_grad():
        wanted, read = (x(torch.from_numpy(image)).numpy() for x in (made, again))
    found = Network(path).whole(image[0].transpose(1, 2, 0)).transpose(2, 0, 1)[None]
    step, _ = made.ranges["last"].scale_and_zero()
    for result in (read, found):
        away = np.abs(result - wanted)
        assert away.max() < 4 * step  # what lies between two steps is rounded to either
        assert away.mean() < step / 10


def test_a_level_is_told_to_the_written_draft_too(tmp_path):
    made = settled(drafts.CleanDraft(little_clean()))
    path = tmp_path / "little_draft.onnx"
    onnx.save(made.written(), str(path))
    state(path, STATED | {"scale": "1", "multiple": "2"})
    image = picture(16, 16)
    plain = image[0].transpose(1, 2, 0)
    told, untold = Network(path).whole(plain, level=0.2), Network(path).whole(plain)
    with torch.no_grad():
        wanted = made(torch.from_numpy(image), torch.tensor(0.2))[0].permute(1, 2, 0).numpy()
    assert np.abs(told - wanted).mean() < 0.1 * np.abs(untold - wanted).mean()


def test_a_range_leaves_rare_values_out_where_that_is_nearer():
    one = Range()
    usual = torch.linspace(0, 1, 4000)
    one.watch(torch.cat([usual, torch.tensor([1.8])]))
    one.settle()
    assert float(one.low) == 0
    assert 1 <= float(one.high) < 1.8


def test_a_draft_comes_nearer_to_its_teacher_in_eight_bits(monkeypatch):
    teacher = little_fast()
    made = drafts.draft_of(teacher)
    with torch.no_grad():
        made.convolutions["first_0"].weight.mul_(0.3)
    settled(made)
    image = torch.from_numpy(picture(24, 24))

    def example(rng):
        return image, {}, None

    def away():
        with torch.no_grad():
            return float((made(image) - teacher(image)).abs().mean())

    before = away()
    assert drafts._part(made, teacher, example, 0.03, 1e-3) > 3
    assert made.quantising
    assert away() < before


def test_least_squares_make_up_for_most_of_what_another_activation_costs():
    teacher = little_clean()
    made = drafts.CleanDraft(teacher)
    rng = np.random.default_rng(4)
    image, told = torch.from_numpy(rng.random((4, 3, 32, 32), np.float32)), {}

    def example(rng):
        levels = torch.tensor([0.2, -1.0, 0.1, -1.0])
        return torch.from_numpy(rng.random((4, 3, 32, 32), np.float32)), {"level": levels}, None

    def away():
        with torch.no_grad():
            return float((made(image, **told) - teacher(image, **told)).square().mean())

    before = away()
    made.begin(teacher, example)
    assert away() < before / 4
    assert not made.quantising


def test_of_what_no_draft_is_known_a_sentence_is_said():
    with pytest.raises(SystemExit, match="a draft of Linear"):
        drafts.draft_of(torch.nn.Linear(1, 1))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_draft_that_ships_is_the_one_that_was_measured_and_holds(path):
    name = path.parent.name.removeprefix("safelight_")
    found = json.loads((ROOT / "models" / name / "drafts.json").read_text())[path.name]
    assert found["sha256"] == sha256(path)
    assert found["lost"] <= 0.15
    assert found["seam"] <= 1 / 1024
    assert sha256(path) in (path.parent / "card.md").read_text()
    assert sha256(path) in (path.parent / "SHA256SUMS").read_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_draft_that_ships_loses_little_and_is_what_pytorch_makes_of_it(path):
    """On a sample of this repository, which no network was trained with."""
    full = Network(path.with_name(Network(path).properties["draft_of"]))
    draft, task = Network(path), compress.task_of(full)
    with np.errstate(all="ignore"):
        crops = held_out(full.scale)
    made = drafts.restored(drafts.draft_of(compress.taught(full.path)), path)
    spoilt = [task.spoilt(crop, seed) for seed, crop in enumerate(crops)]
    scores = [
        [
            task.psnr(np.rint(network.whole(image).clip(0, 1) * 255).astype(np.uint8), crop)
            for (image, _), crop in zip(spoilt, crops, strict=True)
        ]
        for network in (full, draft)
    ]
    assert np.mean(scores[0]) - np.mean(scores[1]) <= 0.15
    assert compress.parity(draft, made, spoilt) >= 45


def held_out(scale):
    """Crops of the samples that a person opens first, (h, w, 3) uint8."""
    side = 96 * max(scale // 2, 1)
    found = []
    for name in ("lake-sherburne", "oakland-zoo-otters", "tea-gardens"):
        pixels = compress.read(ROOT / "resources" / "samples" / f"{name}.jpg")
        y, x = (length // 2 - side // 2 for length in pixels.shape[:2])
        found.append(np.ascontiguousarray(pixels[y : y + side, x : x + side]))
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_draft_that_ships_leaves_no_seam_and_fits_into_its_networks_pieces(path):
    draft = Network(path)
    full = Network(path.with_name(draft.properties["draft_of"]))
    assert (draft.scale, draft.multiple) == (full.scale, full.multiple)
    assert draft.reach <= full.reach
    image = picture(176, 192)[0].transpose(1, 2, 0)
    apart = np.abs(draft.in_tiles(image, 96, draft.reach) - draft.whole(image))
    assert apart.max() <= 1e-5

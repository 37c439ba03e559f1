"""The test of training-data leak finds a network that knows its pictures, and no other."""

import json

import numpy as np
import pytest
from PIL import Image

from models import leak
from models.cards import ROOT, sha256
from models.leak_section import HEADING, section, with_section


@pytest.fixture
def pictures(tmp_path):
    """(trained with, kept from training), files of noise that is alike in kind."""
    rng = np.random.default_rng(2)
    made = []
    for number in range(24):
        small = rng.integers(0, 256, (12, 12, 3), np.uint8)
        path = tmp_path / f"{number}.png"
        Image.fromarray(small).resize((96, 96)).save(path)
        made.append(path)
    return made[:12], made[12:]


def noisy(clean, seed):
    noise = np.random.default_rng(seed).normal(0, 20, clean.shape)
    return np.clip(clean + noise, 0, 255).astype(np.uint8)


def halved(clean, seed):
    """Takes half of the noise away, whatever the picture."""
    damaged = noisy(clean, seed).astype(np.float32)
    return ((damaged + clean) / 2).astype(np.uint8), noisy(clean, seed)


def test_one_that_treats_all_alike_is_not_told_apart(pictures):
    found = leak.measured(halved, *pictures)
    assert abs(found["told_apart"] - 0.5) < 2.5 * found["standard_error"]
    assert 0.85 < found["nearness"] < 1.15


def test_one_that_knows_its_pictures_is_told_apart(pictures):
    known = [leak.middle(path) for path in pictures[0]]

    def restore(clean, seed):
        made, damaged = halved(clean, seed)
        return (clean if any(np.array_equal(clean, one) for one in known) else made), damaged

    assert leak.measured(restore, *pictures)["told_apart"] == 1.0


def test_one_that_puts_training_pictures_into_others_is_nearer_to_them(pictures):
    known = [leak.middle(path) for path in pictures[0]]

    def restore(clean, seed):
        made, damaged = halved(clean, seed)
        one = known[seed % len(known)].astype(np.float32)
        return (one * 0.7 + made * 0.3).astype(np.uint8), damaged

    assert leak.measured(restore, *pictures)["nearness"] < 0.7


def test_a_section_is_put_before_the_limits_once():
    card = "# A\n\n## Training\n\nT.\n\n## Limits\n\n- L.\n"
    once = with_section(card, f"{HEADING}\n\nOne.")
    again = with_section(once, f"{HEADING}\n\nTwo.")
    assert once == f"# A\n\n## Training\n\nT.\n\n{HEADING}\n\nOne.\n\n## Limits\n\n- L.\n"
    assert again == once.replace("One.", "Two.")


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("models/*/leak.json")), ids=lambda x: x.parent.name
)
def test_the_cards_say_what_was_measured_of_the_files_that_ship(file):
    plugin, found = leak.plugin_of(file.parent.name), json.loads(file.read_text())
    assert section(found) in (plugin / "card.md").read_text("utf-8")
    for name, item in found["files"].items():
        assert item["sha256"] == sha256(plugin / f"{name}.onnx")

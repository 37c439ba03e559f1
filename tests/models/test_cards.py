"""A model card says what was logged, measured and stated in the files, and refuses to guess."""

import json

import onnx
import pytest

from models import cards
from models.tiles import sha256, state

CARD = """
title = "Tiny"
version = "3"
licence = "CC0-1.0"
intended_use = "Trying\\nthings."
training = "L1."
data_note = "No weights of others."
photographs = "Ten of them."
limits = ["Small."]
[models.tiny]
title = "Tiny"
network = "One convolution."
[models.grand]
title = "Grand"
network = "Not shipped."
[[data]]
name = "Meadows"
licence = "CC BY-SA 4.0"
credit = "Credit: A. Gardener"
[[data]]
name = "Clouds"
licence = "CC0"
[runs.earlier]
hardware = "an older machine"
minutes = 40
steps = 1000
source = "card of version 2"
[runs.last]
hardware = "two CPU cores"
log = "last.jsonl"
[files]
tiny_x2 = ["earlier", "last"]
"""
LOG = [
    {"settings": {"scale": 2}},
    {"step": 100, "seconds": 60.0, "loss": 0.1},
    {"step": 100, "seconds": 61.0, "held_out_psnr": 30.0},
    {"settings": {"scale": 2}},
    {"step": 2500, "seconds": 1500.0, "loss": 0.05},
    {"step": 2500, "seconds": 1500.0, "held_out_psnr": 31.25},
]


@pytest.fixture
def made(tmp_path):
    """(folder of a model, folder of its plugin, metrics), as a session leaves them."""
    folder, plugin = tmp_path / "tiny", tmp_path / "plugin"
    (folder / "logs").mkdir(parents=True)
    plugin.mkdir()
    (folder / "card.toml").write_text(CARD)
    (folder / "logs" / "last.jsonl").write_text("\n".join(map(json.dumps, LOG)))
    value = onnx.helper.make_tensor_value_info
    image, result = (value(name, 1, [1, 3, "h", "w"]) for name in ("image", "result"))
    node = onnx.helper.make_node("Identity", ["image"], ["result"])
    graph = onnx.helper.make_graph([node], "tiny", [image], [result])
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10
    )
    path = plugin / "tiny_x2.onnx"
    onnx.save(model, str(path))
    stated = {"scale": "1", "reach": "7", "multiple": "1", "tile": "64"}
    state(path, stated | {"parameters": "1234", "seam": "noise 0.0e+00"})
    metrics = {"text": "| a table |", "files": {"tiny_x2": {"sha256": sha256(path)}}}
    return folder, plugin, metrics


def test_minutes_of_every_run_are_counted(made):
    text = cards.card(*made)
    assert "`earlier`: 40 minutes, 1,000 steps on an older machine (card of version 2)." in text
    assert "`last`: 25 minutes, 2,500 steps on two CPU cores, 31.25 dB" in text
    assert "`tiny_x2`: `earlier` → `last`, 65 minutes in all" in text


def test_the_card_holds_words_tables_files_and_credits(made):
    folder, plugin, metrics = made
    text = cards.card(*made)
    assert text.startswith("# Tiny\n\nVersion 3. Trying things.\n")
    assert "**Tiny**: One convolution." in text
    assert "Grand" not in text
    assert "| a table |" in text
    digest = sha256(plugin / "tiny_x2.onnx")
    assert f"| 1,234 | 64 + 7 | noise 0.0e+00 | `{digest}` |" in text
    assert "- Meadows, CC BY-SA 4.0. Credit: A. Gardener\n- Clouds, CC0\n" in text
    assert "- Small." in text
    assert cards.training_data(cards.words(folder)) == "Meadows (CC BY-SA 4.0), Clouds (CC0)"


def test_the_sheet_of_photographs_is_shown_once_it_is_there_and_what_else_is_to_be(made):
    folder, plugin, _ = made
    assert "photographs.jpg" not in cards.card(*made)
    (plugin / "photographs.jpg").write_bytes(b"")
    assert "Ten of them.\n\n![Crops](photographs.jpg)\n\n## Limits" in cards.card(*made)
    with (folder / "card.toml").open("a") as file:
        file.write('[[shown]]\nfile = "one.jpg"\ntitle = "A pillar"\nwords = "One  of them."\n')
    text = cards.card(*made)
    assert "(photographs.jpg)\n\nOne of them.\n\n![A pillar](one.jpg)\n\n## " in text
    (plugin / "photographs.jpg").unlink()
    assert "## On real photographs\n\nOne of them.\n\n![A pillar]" in cards.card(*made)


def test_a_file_that_changed_after_it_was_measured_is_refused(made):
    _, plugin, _ = made
    state(plugin / "tiny_x2.onnx", {"title": "another"})
    with pytest.raises(SystemExit, match="not the file that was measured"):
        cards.card(*made)


def test_a_file_that_the_card_does_not_tell_of_is_refused(made):
    _, plugin, _ = made
    (plugin / "extra_x2.onnx").write_bytes((plugin / "tiny_x2.onnx").read_bytes())
    with pytest.raises(SystemExit, match="the plugin holds extra_x2, tiny_x2"):
        cards.card(*made)


@pytest.mark.parametrize(("content", "said"), [(None, "is missing"), ("", "holds no step")])
def test_a_log_that_says_nothing_is_refused(made, content, said):
    folder, _, _ = made
    log = folder / "logs" / "last.jsonl"
    if content is None:
        log.unlink()
    else:
        log.write_text(content)
    with pytest.raises(SystemExit, match=said):
        cards.card(*made)


def test_what_was_measured_in_several_calls_is_one_card(made):
    folder, plugin, metrics = made
    outdated = {"tiny_x2": {"sha256": "0"}, "other": {}}
    both = cards.joined([{"text": "first", "files": outdated}, metrics])
    assert set(both["files"]) == {"tiny_x2", "other"}
    assert "first\n\n| a table |" in cards.card(folder, plugin, both)


def test_the_card_tells_of_drafts_and_of_none_that_was_not_measured(made):
    folder, plugin, metrics = made
    assert "Drafts" not in cards.card(*made)
    draft = plugin / "tiny_x2_draft.onnx"
    draft.write_bytes((plugin / "tiny_x2.onnx").read_bytes())
    figures = {"time": 0.35, "lost": 0.08, "psnr": 31.2, "agreement": 50.1, "parity": 60.0}
    figures |= {"seam": 0.0, "photographs": 12, "sha256": sha256(draft)}
    (folder / "drafts.json").write_text(json.dumps({draft.name: figures}))
    text = cards.card(*made)
    assert "| `tiny_x2_draft.onnx` | 0.00 | 0.35 | +0.08 | 31.20 | 50.1 | 60.0 | 0.0e+00 |" in text
    assert "On 12 photographs kept from training" in text
    state(draft, {"title": "another"})
    with pytest.raises(SystemExit, match="not the draft that was measured"):
        cards.card(folder, plugin, metrics)

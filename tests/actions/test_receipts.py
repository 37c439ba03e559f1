"""Receipts: what a kept result was made of, and whether it comes out again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from safelight.actions import Document, History, Project, Studio
from safelight.actions.receipts import NoReceipt, receipt_of, verified
from safelight.cli.main import main
from safelight.document import edits
from safelight.pixels import Raster


@pytest.fixture(scope="module")
def studio():
    with Studio("cpu") as studio:
        yield studio


@pytest.fixture(scope="module")
def denoised(studio):
    """A document with a layer of Denoise on top that keeps a result."""
    pixels = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    filter = studio.filter("denoise")
    job = studio.start(filter, {"automatic": False, "level": 20.0}, document)
    job.wait(180)
    made = job.edit().apply(document)
    return made, made.layers[-1].id


def test_a_result_comes_out_again_and_its_receipt_names_what_made_it(studio, denoised, tmp_path):
    document, layer = denoised
    verdict = verified(studio, document, layer)
    assert verdict.same
    assert verdict.fits
    assert verdict.others == ()
    receipt = json.loads(receipt_of(document, layer).to_json())["receipt"]
    assert receipt["settings"]["level"] == 20.0
    assert list(receipt["networks"]) == ["denoise.onnx"]
    assert receipt["made_with"]["runtime"].startswith("ONNX Runtime 1.")
    assert receipt["made_with"]["device"].startswith("CPU")
    assert len(receipt["input"]) == len(receipt["result"]) == 64
    path = tmp_path / "noise.safelight"
    Project.create(path, History.start(document)).close()
    project, history = Project.open(path)
    again = json.loads(receipt_of(history.document, layer).to_json())["receipt"]
    project.close()
    assert again == receipt


def test_what_was_changed_is_found_out_and_told(studio, denoised):
    document, layer = denoised
    held = document.layer(layer).filter
    pixels = held.kept.raster.to_array().copy()
    pixels[5, 7] ^= 3
    forged = replace(
        held.kept,
        raster=Raster.from_array(pixels),
        models={"denoise.onnx": "0" * 64},
        made_with=dict(held.kept.made_with) | {"runtime": "ONNX Runtime 0.1"},
    )
    changed = edits.keep_result(layer, forged, held).apply(document)
    verdict = verified(studio, changed, layer)
    assert not verdict.same
    assert verdict.share == pytest.approx(3 / (48 * 64 * 3))
    assert verdict.worst == pytest.approx(3 / 255)
    told = " ".join(verdict.sentences())
    assert "The network denoise.onnx was 000000000000…" in told
    assert "The runtime was ONNX Runtime 0.1, and is ONNX Runtime" in told
    other = Raster.from_array(255 - document.layers[0].raster.to_array())
    below = replace(document.layers[0], content=other)
    moved = replace(document, layers=(below, *document.layers[1:]))
    assert not verified(studio, moved, layer).fits
    with pytest.raises(NoReceipt, match="keeps no result"):
        receipt_of(document, document.layers[0].id)


def test_the_command_tells_each_layer_and_writes_receipts(denoised, tmp_path, capsys):
    document, _ = denoised
    path, receipt = tmp_path / "noise.safelight", tmp_path / "receipt.json"
    Project.create(path, History.start(document)).close()
    assert main(["verify", str(path), "--device", "cpu", "--receipt", str(receipt)]) == 0
    assert "the same, sample by sample" in capsys.readouterr().out
    (written,) = json.loads(receipt.read_text("utf-8"))
    assert written["receipt"]["filter"] == "safelight_clean.denoise"
    assert main(["verify", str(path), "--layer", "Other"]) == 1
    assert "No layer called Other" in capsys.readouterr().err

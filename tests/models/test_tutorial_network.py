"""The tutorial's chapter on PyTorch: its code trains and exports a network that explains itself."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "editor"))

from safelight.api.testing import photograph
from safelight.workers.far.inference import Inference

TUTORIAL = Path(__file__).parents[2] / "resources/tutorial.md"


def test_the_code_of_the_tutorial_makes_a_filter_of_a_folder_of_photographs(tmp_path, monkeypatch):
    text = TUTORIAL.read_text("utf-8")
    (code,) = re.findall(r"```pytorch\n(.*?)```", text, re.DOTALL)
    assert "STEPS, SIDE" in code
    (tmp_path / "photos").mkdir()
    picture = photograph(96, 80)
    Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(tmp_path / "photos/a.jpg")
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(code.replace("5000", "2", 1), "utf-8")
    runpy.run_path("train.py")
    inference, file = Inference(), tmp_path / "denoiser.onnx"
    contract = inference.contract(file)
    assert (contract.title, contract.reach) == ("Small denoiser", 3 + 2)  # 2: of grain beyond
    whole = inference.run(file, picture, {}, "cpu")
    part = inference.run(file, picture[:, : 40 + contract.reach], {}, "cpu")
    # The reach it states is enough: float32 alone differs.
    assert np.abs(whole[:, :40] - part[:, :40]).max() < 1e-5

"""Inspected plugin: the filters of ``safelight_inspected``, with their network, in a folder."""

from pathlib import Path

from tests.plugins.installed_module import install
from tests.workers.networks import FREE, model, node, value, weights


def inspected(folder: Path) -> Path:
    """The folder with the plugin: its network is a convolution, "see", and what keeps light."""
    folder.mkdir(parents=True, exist_ok=True)
    install(folder, "safelight_inspected")
    stated = {"contract": "1", "reach": "1", "scale": "1", "multiple": "1"}
    convolution = [
        node("Conv", "image kernel", "felt", pads=[1, 1, 1, 1], name="see"),
        node("Relu", "felt", "result", name="keep"),
    ]
    content = model(
        convolution,
        [value("image", FREE)],
        [value("result", FREE)],
        {"kernel": weights()},
        {f"safelight.{name}": text for name, text in stated.items()},
    )
    (folder / "one.onnx").write_bytes(content)
    return folder

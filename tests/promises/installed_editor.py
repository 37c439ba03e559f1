"""What an installed editor is asked, by its own Python and in an empty folder: its filters, one of
each plugin applied, samples, paintings and the window. The answer is JSON on standard output.
"""

import json
import os
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from PIL import Image

from safelight import actions
from safelight.actions.plugins.networks import known
from safelight.actions.tray_library import tray_pictures
from safelight.document import edits

SIDE = 48

APPLIED = {
    "safelight-adjust": ("exposure", {"stops": 1.0}),
    "safelight-blur": ("blur", {}),
    "safelight-clean": ("clean_jpeg", {}),
    "safelight-enlarge": ("enlarge", {"factor": 2}),
    "safelight-generate": ("surfaces", {}),
    "safelight-looks": ("change_look", {"light": 80.0}),
    "safelight-repair": ("repair", {}),
    "safelight-sequence": ("merge_burst", {"automatic": False, "level": 25.0}),
    "safelight-style": ("style", {"strokes": "from the network"}),
    "safelight-warmth": ("warmth", {"amount": 0.5}),
}
"""A filter of each plugin that has filters; none whose loops numba has to compile first."""


def picture() -> Path:
    """A small picture in the format of a plugin that has no filter: a gradient with noise."""
    across, down = np.meshgrid(*2 * [np.linspace(0, 1, SIDE, dtype="<f4")])
    pixels = np.stack([across, down, 1 - across], -1)
    pixels += np.random.default_rng(7).normal(0, 0.1, pixels.shape).astype("<f4")
    path = Path("picture.pfm")
    rows = np.ascontiguousarray(pixels.clip(0, 1)[::-1])
    path.write_bytes(f"PF\n{SIDE} {SIDE}\n-1\n".encode() + rows.tobytes())
    return path


def apply(studio: actions.Studio, name: str, settings: dict, document: actions.Document) -> dict:
    """The size of what a filter makes of a document, and how far that is from the document."""
    filter = studio.filter(name)
    if name == "style":
        settings = settings | {"style": tray_pictures()[0].text}
    if name == "repair":
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[20:26, 20:26] = 255
        Image.fromarray(mask).save("mask.png")
        document = edits.select(actions.read_mask(Path("mask.png"), document)).apply(document)
    job = studio.start(filter, filter.settings(settings), document)
    outcome = job.wait()
    if isinstance(outcome, actions.JobFailed):
        return {"failed": outcome.message}
    drawn = [shown(item, studio) for item in (document, job.edit().apply(document))]
    sizes = [list(item.shape[1::-1]) for item in drawn]
    apart = float(np.abs(drawn[1] - drawn[0]).max()) if sizes[0] == sizes[1] else 1.0
    return {"size": sizes[1], "apart": apart}


def shown(document: actions.Document, studio: actions.Studio) -> np.ndarray:
    """What a document shows, (height, width, 3) float64 of 0 to 255."""
    path = Path("shown.png")
    depth = actions.ExportOptions(depth=8)
    actions.export(document, path, depth, overwrite=True, live=studio.live)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float)


def samples_of_a_window() -> dict:
    """The samples that an empty window offers once it is there, and what opens of the first."""
    from PySide6.QtCore import QEventLoop

    from safelight.gui.application import make_application
    from safelight.gui.open_and_save.samples_and_recent_files import sample_photographs
    from safelight.gui.window import Window

    application = make_application([])
    window = Window("cpu", safe=False)
    window.show()
    end = time.monotonic() + 120
    while not window.welcome.samples and time.monotonic() < end:
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 200)
    found = [button.toolTip() for button in window.welcome.samples]
    title = window.windowTitle()
    window.close()
    return {"title": title, "offered": found, "files": [x.name for x in sample_photographs()]}


def main() -> None:
    facts: dict = {"folder": os.listdir(), "path": sys.path}
    source = picture()
    with actions.Studio("cpu") as studio:
        offers = studio.offers()
        facts["broken"] = {item.plugin: item.reason for item in offers.broken}
        facts["plugins"] = sorted({item.plugin for item in offers.filters})
        opened = actions.open_picture(source, importers=studio.importers)
        facts["opened"] = opened.format
        facts["applied"] = {
            plugin: apply(studio, *told, opened.document) for plugin, told in APPLIED.items()
        }
        facts["networks"] = {item.name: item.intact for item in known(())}
    facts["paintings"] = [item.title for item in tray_pictures()]
    facts["window"] = samples_of_a_window()
    loaded = list(sys.modules.items())  # a thread may load more meanwhile
    ours = {name: module for name, module in loaded if name.startswith("safelight")}
    facts["modules"] = sorted({str(item.__file__) for item in ours.values()})
    facts["licences"] = {
        item.name: [str(file) for file in item.files or () if "/licenses/" in str(file)]
        for item in metadata.distributions(path=[str(Path(actions.__file__).parents[2])])
        if item.name.startswith("safelight")
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()

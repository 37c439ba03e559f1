"""safelight models: what each command says, as text and as JSON, and its exit status."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.actions.plugins.plugin_store import Store
from safelight.cli import main
from tests.workers import networks


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A store of this test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def run(home, capsys):
    """Run a command; gives its exit status, what it printed and its complaint."""

    def command(*words):
        try:
            status = main(["models", *map(str, words)])
        except SystemExit as stopped:  # as argparse ends a help, or a mistake
            status = stopped.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def write(folder, content, name="mine.onnx"):
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_network_is_added_applied_checked_and_removed(run, home, capsys):
    path = write(home, networks.bgr_255())
    status, said, _ = run("add", path, "--title", "My own", "--licence", "CC0-1.0", "--json")
    assert status == 0
    facts = json.loads(said)
    assert facts["plugin"]["filters"][0]["title"] == "My own"
    assert {"property": "range", "value": "0..255", "how": "probed"} in facts["examined"][
        "findings"
    ]

    photo, result = home / "photo.png", home / "result.png"
    Image.fromarray(np.full((40, 50, 3), (200, 90, 40), np.uint8)).save(photo)
    assert main(["apply", "mine", str(photo), str(result), "--quiet"]) == 0
    capsys.readouterr()
    red, _, blue = np.asarray(Image.open(result))[20, 25]
    assert red < 120, "what is redder than it is blue is dimmed, so red went in last"
    assert blue > 100

    _, said, _ = run("list", "--json")
    own = [item for item in json.loads(said) if item["own"]]
    assert [(item["name"], item["licence"]) for item in own] == [("mine", "CC0-1.0")]
    status, said, _ = run("measure", "mine", "--device", "cpu", "--json")
    (speed,) = json.loads(said)
    assert (speed["network"], speed["filter"]) == ("mine.onnx", "network_mine.mine")
    assert speed["megapixels"] > 0

    network = next(Store().folder.rglob("mine.onnx"))
    assert run("verify")[0] == 0
    network.write_bytes(network.read_bytes() + b"\0")
    status, said, _ = run("verify")
    assert status == 1
    assert "mine (network-mine): CHANGED OR DAMAGED" in said
    assert run("remove", "mine")[0] == 0
    assert not any(Store().folder.rglob("*.onnx"))


def test_what_is_said_is_not_probed(run, home):
    words = ("--range", "1", "--order", "rgb", "--result", "rgb", "--layout", "nhwc")
    path = write(home, networks.bgr_255())
    status, said, _ = run("add", path, *words, "--reach", "12", "--dry-run", "--json")
    assert status == 0
    found = {item["property"]: item for item in json.loads(said)["examined"]["findings"]}
    told = [found[key]["value"] for key in ("range", "channels", "result", "layout", "reach")]
    assert told == ["0..1", "RGB", "RGB", "NHWC", "12"]
    assert {found[key]["how"] for key in ("range", "channels", "layout", "reach")} == {"given"}
    assert Store().installed() == ()


def test_what_is_asked_is_told_as_options_that_answer_it(run, home):
    path = write(home, networks.mixing())
    _, said, _ = run("add", path, "--dry-run")
    (line,) = [line for line in said.splitlines() if "asked: --guide" in line]
    assert line.split(": ")[1] == "--guide second or --guide input"
    words = ("--guide", "input", "--guide-fit", "whole", "--fit", "windows", "--order", "bgr")
    status, said, _ = run("add", path, *words, "--range", "1", "--dry-run", "--json")
    examined = json.loads(said)["examined"]
    found = {item["property"]: (item["value"], item["how"]) for item in examined["findings"]}
    assert status == 0
    assert found["guide"] == ("input", "given")
    assert (found["guide_fit"][0], found["fit"][0]) == ("whole", "windows")
    assert examined["asks"] == {}


def test_a_preview_is_before_and_after(run, home):
    photo, result = home / "photo.png", home / "both.png"
    pixels = np.random.default_rng(1).integers(0, 256, (40, 300, 3), np.uint8)
    Image.fromarray(pixels).save(photo)
    path = write(home, networks.enlarger(2))
    status, _, _ = run("add", path, "--dry-run", "--preview", photo, result)
    assert status == 0
    both = np.asarray(Image.open(result))
    assert both.shape == (80, 2 * 512, 3)
    assert np.array_equal(both[::2, :512:2], pixels[:, 22:278])
    assert not np.array_equal(both[:, 512:], both[:, :512])
    assert run("add", path, "--dry-run", "--preview", photo, result)[0] == 1, "it is there already"


def test_a_network_is_no_plugin_to_install_or_update(run, home, capsys):
    path = write(home, networks.enlarger(2))
    assert main(["plugins", "install", str(path), "--yes"]) == 1
    assert "safelight models add" in capsys.readouterr().err
    run("add", path)
    assert main(["plugins", "update", "--yes"]) == 0


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("add", "nowhere.onnx"), 1, "There is no file nowhere.onnx"),
        (("remove", "nothing"), 1, "no network nothing of your own"),
        (("measure", "nothing"), 1, "No filter runs a network called nothing"),
        (
            ("polish",),
            2,
            "there is no polish; there are list, verify, add, remove, lock, add-key, log, measure",
        ),
    ],
)
def test_what_cannot_be_done_is_said(run, words, status, complaint):
    ended, _, said = run(*words)
    assert ended == status
    assert complaint in said


def test_a_network_that_is_no_filter_is_refused(run, home):
    status, _, said = run("add", write(home, networks.classifier()))
    assert status == 1
    assert said == "safelight: mine.onnx gives 1 × 1000 numbers, not a picture.\n"
    assert Store().installed() == ()


def test_every_built_in_network_says_what_it_is_and_is_intact(run):
    _, said, _ = run("verify", "--json")
    found = json.loads(said)
    assert {"fast_faithful_x2", "fast_faithful_x4"} <= {item["name"] for item in found}
    for item in found:
        assert item["intact"] is True, item["name"]
        assert item["licence"], item["name"]
        assert item["training_data"], item["name"]

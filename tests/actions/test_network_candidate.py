"""Candidate: a network from elsewhere becomes a filter, or is refused and leaves nothing."""

import importlib.util
import subprocess
import sys
import threading

import numpy as np
import onnx
import pytest
from PIL import Image as PillowImage

from safelight.actions import Studio
from safelight.actions.plugins import networks as models
from safelight.actions.plugins.network_candidate import Candidate, _answer, _examined, middle
from safelight.actions.plugins.network_plugin import Examined, Identity, card, identifier
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.api import Region
from safelight.document import Document, Layer, edits
from safelight.pixels import Raster
from safelight.workers.confinement.sandbox import available
from safelight.workers.job_events import JobFinished
from tests.workers import networks


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def network(tmp_path):
    """Write a network's bytes as a file of the user's."""
    folder = tmp_path / "brought"
    folder.mkdir()

    def write(content, name="Real Thing-x2.onnx"):
        path = folder / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def document():
    pixels = np.random.default_rng(3).integers(0, 256, (120, 300, 3), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_network_becomes_a_filter_and_goes_again(store, network, document):
    path = network(networks.enlarger(2, metadata={"license": "BSD-3-Clause"}))
    before = path.read_bytes()
    with Candidate(store, path) as candidate:
        examined = candidate.examine()
        plugin = candidate.add(Identity.of(examined, title="Real Thing ×2"))
    assert path.read_bytes() == before
    assert plugin.name == "network-real-thing-x2"
    (declaration,) = plugin.filters
    assert declaration.id == "network_real_thing_x2.real_thing_x2"
    assert (declaration.title, declaration.category) == ("Real Thing ×2", "Size")
    with Studio(store=store, device="cpu") as studio:
        job = studio.start(studio.filter("real_thing_x2"), {}, document)
        outcome = job.wait(120)
        assert isinstance(outcome, JobFinished), outcome
        assert (outcome.raster.width, outcome.raster.height) == (600, 240)
        small = outcome.raster.to_array().reshape(120, 2, 300, 2, 3).mean(axis=(1, 3))
        # Its bias is 0.01, its kernel differs from a copy by noise of 0.004.
        assert np.abs(small - document.layers[0].content.to_array()).mean() < 0.04 * 255
    (found,) = [item for item in models.known(store.installed()) if not item.built_in]
    assert (found.name, found.licence, found.intact) == ("real_thing_x2", "BSD-3-Clause", True)
    assert models.remove(store, "real_thing_x2").name == plugin.name
    assert store.installed() == ()
    assert files(store.folder) == []


def test_a_preview_adds_nothing(store, network, document):
    path = network(networks.with_strength())
    with Candidate(store, path) as candidate:
        identity = Identity.of(candidate.examine())
        raster = candidate.preview(identity, document, middle(document))
        assert (raster.width, raster.height) == (256, 120)
        assert store.installed() == ()
    assert files(store.folder) == []


def test_a_network_that_makes_a_mask_selects_in_the_whole_picture(store, network, document):
    nodes = [
        networks.node("GlobalAveragePool", "input", "mean"),
        networks.node("Sub", "input mean", "a"),
        networks.node("ReduceMean", "a channels", "b"),
        networks.node("Sigmoid", "b", "output"),
    ]
    sides = [
        networks.value("input", (1, 3, 32, 32)),
        networks.value("output", (1, 1, 32, 32)),
    ]
    made = networks.model(nodes, sides[:1], sides[1:], {"channels": np.array([1])}, opset=18)
    with Candidate(store, network(made)) as candidate:
        examined = candidate.examine()
        assert set(examined.asks) >= {"result", "range", "channels"}
        identity = Identity.of(examined)
        raster = candidate.preview(identity, document, middle(document))
        assert raster.to_array().shape == (120, 256, 3)
        plugin = candidate.add(identity)
    (declaration,) = plugin.filters
    assert declaration.selects
    with Studio(store=store, device="cpu") as studio:
        outcome = studio.start(studio.filter(declaration.id), {}, document).wait(120)
        assert isinstance(outcome, JobFinished), outcome
        assert (outcome.raster.width, outcome.raster.height) == (300, 120)


def test_a_network_with_a_mask_fills_what_is_selected(store, network, document):
    with Candidate(store, network(networks.filling())) as candidate:
        examined = candidate.examine()
        assert (examined.found("mask"), examined.found("mask_range")) == ("mask", "0..1")
        assert examined.how("mask_range") == "probed"
        identity = Identity.of(examined, "fill")
        raster = candidate.preview(identity, document, middle(document))
        candidate.add(identity)
    made = raster.to_array()
    assert np.abs(made[40:80, 80:170].astype(int) - 64).max() <= 1, "the middle is selected"
    with Studio(store=store, device="cpu") as studio:
        declaration = studio.filter("fill")
        assert (declaration.masked, declaration.category) == (True, "Repair")
        refused = studio.start(declaration, {}, document).wait(120)
        assert "select what it should work on" in refused.message
        selected = edits.select_region(Region(200, 30, 50, 40)).apply(document)
        outcome = studio.start(declaration, {}, selected).wait(120)
    after, before = outcome.raster.to_array(), document.layers[0].content.to_array()
    # What is selected was resized to the network's 64 pixels together with what lies around it.
    assert np.abs(after[34:66, 204:246].astype(int) - 64).max() <= 1
    outside = np.ones((120, 300), bool)
    outside[30:70, 200:250] = False
    assert np.array_equal(after[outside], before[outside])


def test_a_second_picture_is_a_layer_or_a_file_and_without_one_the_picture_itself(
    store, network, document, tmp_path
):
    with Candidate(store, network(networks.mixing())) as candidate:
        examined = candidate.examine()
        assert examined.asks["guide"] == ("second", "input")
        assert (examined.found("guide_fit"), examined.how("guide_fit")) == ("aligned", "probed")
        identity = Identity.of(examined, "mix")
        shown = candidate.preview(identity, document, middle(document))
        candidate.add(identity)
    before = document.layers[0].content.to_array().astype(float)
    assert np.abs(shown.to_array() - before[:, 22:278]).mean() > 10, "with another picture"
    ramp = np.linspace(0, 255, 600)[None, :, None].repeat(240, 0).repeat(3, 2).astype(np.uint8)
    file = tmp_path / "ramp.png"
    PillowImage.fromarray(ramp).save(file)
    over = Layer("Over", Raster.from_array(np.full((120, 300, 3), 200, np.uint8)), visible=False)
    layered = edits.add_layer(over).apply(document)
    with Studio(store=store, device="cpu") as studio:
        declaration = studio.filter("mix")

        def made(settings):
            outcome = studio.start(declaration, settings, layered).wait(120)
            assert isinstance(outcome, JobFinished), outcome
            return outcome.raster.to_array()

        # Rounded once: half a step, and what float32 adds.
        assert np.abs(made({}) - before).max() <= 1
        assert np.abs(made({"layer": "Over"}) - (0.75 * before + 50)).max() <= 1
        # Twice as large as the picture, it is laid over all of it: the mean of two columns.
        halved = ramp.reshape(120, 2, 300, 2, 3).mean(axis=(1, 3))
        assert np.abs(made({"picture": str(file)}) - (0.75 * before + 0.25 * halved)).max() <= 2


@pytest.mark.parametrize("name", ["classifier", "random_result", "memory_bomb"])
def test_a_refusal_leaves_nothing(store, network, name):
    path = network(getattr(networks, name)())
    with (
        Candidate(store, path) as candidate,
        pytest.raises(StoreError, match=r"^Real Thing-x2.onnx .*\.$"),
    ):
        candidate.examine()
    assert files(store.folder) == []


def test_two_networks_of_one_name_are_refused(store, network):
    path = network(networks.enlarger(2))
    with Candidate(store, path) as candidate:
        identity = Identity.of(candidate.examine(), "mine")
        candidate.add(identity)
        with pytest.raises(StoreError, match="a network mine already"):
            candidate.add(identity)
    assert len(store.installed()) == 1


def test_a_changed_network_is_noticed(store, network):
    with Candidate(store, network(networks.enlarger(2))) as candidate:
        plugin = candidate.add(Identity.of(candidate.examine(), "mine"))
    path = plugin.library / plugin.networks[0].file
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    (found,) = [item for item in models.known(store.installed()) if not item.built_in]
    assert found.intact is False


def test_a_cancelled_examination_ends(store, network):
    candidate = Candidate(store, network(networks.enlarger(2)))
    threading.Timer(0.05, candidate.cancel).start()
    with pytest.raises(StoreError, match="cancelled"):
        candidate.add(Identity.of(candidate.examine(), "mine"))
    candidate.close()
    assert files(store.folder) == []


def test_the_editors_process_loads_no_network(store, network):
    """Reading and probing is done elsewhere: neither package is ever imported here."""
    path = network(networks.enlarger(2))
    script = (
        "import sys; from pathlib import Path;"
        "from safelight.actions.plugins.network_candidate import Candidate;"
        "from safelight.actions.plugins.plugin_store import Store;"
        f"candidate = Candidate(Store(Path({str(store.folder)!r})), Path({str(path)!r}));"
        "candidate.examine(); candidate.close();"
        "print({'onnx', 'onnxruntime', 'PySide6'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "set()"


def test_a_network_that_never_ends_is_given_up_and_what_is_tried_is_told_meanwhile(
    store, network, monkeypatch
):
    monkeypatch.setattr("safelight.actions.plugins.network_candidate._PATIENCE", 3.0)
    told = []
    path = network(networks.endless())
    with (
        Candidate(store, path, tell=lambda *said: told.append(said)) as candidate,
        pytest.raises(StoreError, match="within 3 seconds"),
    ):
        candidate.examine()
    assert told[-1] == (pytest.approx(1 / 11), "running it")
    assert files(store.folder) == []


@pytest.mark.skipif(not available().files, reason="this kernel confines no files")
def test_the_process_that_reads_it_reads_nothing_else(store, network, tmp_path):
    """A network in a folder that it was not given cannot be read."""
    path = network(networks.enlarger(2))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with (
        Candidate(store, path) as candidate,
        pytest.raises(StoreError, match="Permission denied|is not there"),
    ):
        candidate._ask(path, [elsewhere], candidate._folder(), given={})


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (-11, "", r"took the process down that tried it \(signal 11\)"),
        (139, "", r"took the process down that tried it \(signal 11\)"),  # through bubblewrap
        (1, "Traceback\nOSError: no", "cannot be read: OSError: no"),
        (0, "", "no answer came"),
        (0, "[1, 2]", "no answer came"),
        (0, '{"refused": "It is no picture."}', "^It is no picture.$"),
    ],
)
def test_whatever_the_process_does_is_a_sentence(status, said, reason):
    with pytest.raises(StoreError, match=reason):
        _answer("some.onnx", status, said)


@pytest.mark.parametrize("answer", [{}, {"findings": 3}, {"findings": [["a"]]}])
def test_an_answer_that_makes_no_sense_is_a_sentence(answer, tmp_path):
    with pytest.raises(StoreError, match="its answer makes no sense"):
        _examined("some.onnx", answer, tmp_path)


EXAMINED = Examined(
    file="A.onnx",
    findings=(("scale", "1", "probed"), ("reach", "4", "probed"), ("result", "RGB", "probed")),
    notes=("It computes with half precision.",),
    extras={'noise"level\n': 1, "noise.level": 0},
    scale=1,
    **{"input": "x float32", "output": "y float32", "producer": "pytorch 2.9", "opset": 17},
    **{"parameters": 1234, "bytes": 5000, "sha256": "ab", "metadata": {}, "network": None},
)


def test_a_card_says_what_is_known_and_what_is_not():
    text = card(EXAMINED, Identity.of(EXAMINED), b"network")
    assert "| reach | 4 | probed |" in text
    assert "- It computes with half precision." in text
    assert "Not stated: ask whoever made it" in text
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        *("Network", "Measured", "Training", "Limits", "Licence")
    ]  # the headings of the built-in networks' cards


def test_hostile_names_stay_names(tmp_path):
    from safelight.actions.plugins.network_plugin import write_wheel

    title = 'A"""\nimport os\n\\ {evil}'
    identity = Identity.of(EXAMINED, title=title, category="'\"", licence="x\ny: z")
    wheel = write_wheel(tmp_path, EXAMINED, identity, b"network")
    sys.path.insert(0, str(wheel))
    try:
        spec = importlib.util.find_spec(identity.package)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(wheel))
    assert not hasattr(module, "os")
    from safelight.api import registered

    (declaration,) = (registered(item).declaration for item in module.filters())
    assert declaration.title == 'A"""  import os \\ {evil}'.replace("  ", " ")
    assert [item.name for item in declaration.parameters] == ["number_1", "number_2"]


@pytest.mark.parametrize(
    ("name", "expected"), [("4x-Ultra Sharp.v2", "n4x_ultra_sharp_v2"), ("ß Filter", "filter")]
)
def test_names_become_identifiers(name, expected):
    assert identifier(name) == expected


@pytest.mark.parametrize("name", ["", "…", "class", "filters", "api"])
def test_names_that_cannot_be_are_refused(name):
    with pytest.raises(StoreError, match="no name for a filter"):
        identifier(name)


def test_a_built_in_network_is_no_network_of_ones_own(store):
    name = "fast_faithful_x2"
    with pytest.raises(StoreError, match=f"{name} is a part of the plugin safelight-enlarge"):
        models.remove(store, name)
    with pytest.raises(StoreError, match="no network other of your own; there are: none"):
        models.remove(store, "other")


@pytest.mark.parametrize(
    ("opset", "ir", "said"), [(99, 8, "the opset 99"), (17, 99, r"the format \(IR\) 99")]
)
def test_a_network_newer_than_the_runtime_is_told_with_what_mends_it(
    store, network, opset, ir, said
):
    model = onnx.load_model_from_string(networks.enlarger(2))
    model.ir_version = ir
    model.opset_import[0].version = opset
    model.graph.node[0].name = "n" * 400  # the runtime's own text is cut off
    with (
        Candidate(store, network(model.SerializeToString())) as candidate,
        pytest.raises(StoreError, match=rf"{said}, newer than .* is \d\d: .*opset_version=17"),
    ):
        candidate.examine()

"""The template: the plugin it writes is complete, passes its own tests and explains its network."""

import importlib.metadata
import os
import re
import subprocess
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from safelight import actions, api
from safelight.actions.plugins import autoencoder_texts, plugin_template, smallest_network
from safelight.api import testing
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.tensors import GRAIN_REACH
from tests.conftest import CHECKOUT

VARIANTS = pytest.mark.parametrize("variant", actions.VARIANTS)


def run(python, folder, *words):
    """pytest as an author runs it, in the plugin's own folder; its exit status and its text."""
    environment = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@VARIANTS
def test_the_plugin_it_writes_passes_its_own_tests(tmp_path, python, variant):
    folder = actions.write_plugin(tmp_path, "soft-glow", 'Soft "glow" \\ 50 %', variant)
    status, text = run(python, folder, "--safelight")
    assert status == 0, text
    own = {"generator": 8, "autoencoder": 9}.get(variant, 6)
    assert re.search(rf"\b{own + len(testing.PROMISES)} passed", text), text


@VARIANTS
def test_its_tests_can_fail(tmp_path, python, variant):
    folder = actions.write_plugin(tmp_path, "soft-glow", "Soft glow", variant)
    module = folder / "safelight_soft_glow/__init__.py"
    source = module.read_text("utf-8")
    module.write_text(source.replace("np.float32(amount)", "np.float64(amount)"), "utf-8")
    if variant == "classic":
        module.write_text(source.replace("np.float32(", "np.float64("), "utf-8")
    if variant == "autoencoder":
        module.write_text(source.replace("image.copy()", "image.astype(float)"), "utf-8")
    status, text = run(python, folder, "--safelight", "-k", "size or well_behaved")
    assert status == 1, text
    assert "returns float64 instead of float32" in text
    assert "soft_glow[size]" in text


@VARIANTS
def test_what_it_writes_is_a_distribution_with_an_entry_point(tmp_path, variant):
    folder = actions.write_plugin(tmp_path, "Soft_Glow", "Soft glow", variant)
    assert folder == tmp_path / "safelight-soft-glow"
    data = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert data["project"]["name"] == "safelight-soft-glow"
    assert data["project"]["entry-points"][api.PROJECT] == {"soft_glow": "safelight_soft_glow"}
    assert data["build-system"]["build-backend"] == "setuptools.build_meta"
    packaged = data["tool"]["setuptools"].get("package-data", {})
    beside = {"neural": ["*.onnx"], "autoencoder": ["*.onnx", "directions.json"]}
    assert packaged.get("safelight_soft_glow", []) == beside.get(variant, [])
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    expected = {"pyproject.toml", "README.md", "tests/test_soft_glow.py"}
    expected |= {"safelight_soft_glow/__init__.py"}
    if variant == "autoencoder":
        expected |= {f"safelight_soft_glow/{name}" for name in autoencoder_texts.FILES}
    assert found - {"safelight_soft_glow/model.onnx"} == expected
    assert ("safelight_soft_glow/model.onnx" in found) == (variant == "neural")


@VARIANTS
def test_no_gap_is_left_open_in_what_it_writes(tmp_path, variant):
    folder = actions.write_plugin(tmp_path, "soft-glow", "Soft glow", variant)
    for path in folder.rglob("*"):
        if path.suffix in (".py", ".md", ".toml"):
            text = path.read_text("utf-8")
            assert "$" not in text, path
            if path.suffix == ".py":
                assert max(map(len, text.splitlines())) <= 100, path


@pytest.mark.parametrize("title", ['"""', "\\", "' + 1", "{x} $name %s", "Grün 光", "# x = [1]"])
def test_a_title_is_only_ever_a_title(tmp_path, title):
    folder = actions.write_plugin(tmp_path, "odd", title, "classic")
    data = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert data["project"]["description"] == title
    module = {"__name__": "safelight_odd"}
    source = (folder / "safelight_odd/__init__.py").read_text("utf-8")
    exec(compile(source, "odd", "exec"), module)  # noqa: S102  our own template
    assert api.registered(module["odd"]).declaration.title == title


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "is no name for a plugin"),
        ("-glow", "is no name for a plugin"),
        ("glow.", "is no name for a plugin"),
        ("../glow", "is no name for a plugin"),
        ("soft glow", "is no name for a plugin"),
        ("grün", "is no name for a plugin"),
        ("glow\n", "^$"),  # what is typed may end so; it is cut off
        ("2fast", "begins with a digit"),
        ("lambda", "has a meaning of its own; try lambda-filter"),
        ("filters", "has a meaning of its own"),
        ("api", "has a meaning of its own"),
        ("testcard", "pytest would take testcard for a test"),
        ("a" * 41, "40 letters are the most"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_the_reason(tmp_path, name, complaint):
    if complaint == "^$":
        assert actions.write_plugin(tmp_path, name, "Glow", "classic").is_dir()
        return
    with pytest.raises(actions.TemplateError, match=complaint):
        actions.write_plugin(tmp_path, name, "Glow", "classic")
    assert not list(tmp_path.iterdir())


def test_every_name_offered_instead_would_do():
    for name in ("2fast", "lambda", "filters", "007"):
        with pytest.raises(actions.TemplateError) as caught:
            actions.plugin_names(name)
        actions.plugin_names(str(caught.value).rsplit(" ", 1)[1])


def test_the_prefix_is_not_doubled():
    names = actions.plugin_names("safelight-soft.glow")
    assert names == plugin_template.PluginNames(
        "safelight-soft-glow", "safelight_soft_glow", "soft_glow"
    )
    assert actions.default_title(names) == "Soft glow"


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "tab\there", "x" * 61])
def test_a_title_that_will_not_do_is_refused(tmp_path, title):
    with pytest.raises(actions.TemplateError, match="title"):
        actions.write_plugin(tmp_path, "glow", title, "classic")
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_never_touched(tmp_path):
    there = tmp_path / "safelight-glow"
    there.mkdir()
    (there / "mine").write_text("mine")
    with pytest.raises(actions.TemplateError, match="exists already"):
        actions.write_plugin(tmp_path, "glow", "Glow", "classic")
    assert [path.name for path in there.iterdir()] == ["mine"]


def test_a_missing_folder_an_unknown_variant_and_an_installed_plugin_are_named(tmp_path):
    with pytest.raises(actions.TemplateError, match="there is no folder .*nowhere"):
        actions.write_plugin(tmp_path / "nowhere", "glow", "Glow", "classic")
    with pytest.raises(actions.TemplateError, match="no variant magic; there are classic, neural"):
        actions.write_plugin(tmp_path, "glow", "Glow", "magic")
    assert importlib.metadata.version("safelight-warmth")
    with pytest.raises(actions.TemplateError, match="safelight-warmth is installed"):
        actions.write_plugin(tmp_path, "Warmth", "Warmth", "classic")
    assert not list(tmp_path.iterdir())


def test_half_a_plugin_is_not_left_behind(tmp_path, monkeypatch):
    def full(path, write):
        if path.name == "model.onnx":
            raise actions.WriteError("model.onnx was not saved: the disk is full.")
        path.write_bytes(b"")

    monkeypatch.setattr(plugin_template, "atomic_write", full)
    with pytest.raises(actions.WriteError, match="the disk is full"):
        actions.write_plugin(tmp_path, "glow", "Glow", "neural")
    assert not list(tmp_path.iterdir())


# --- a network of the author's own --------------------------------------------------------------


def trained(tmp_path, **properties):
    """A network that inverts the picture halfway, with what it says of itself."""
    weights = np.zeros((3, 3, 3, 3), np.float32)
    weights[range(3), range(3), 1, 1] = -0.5
    path = network(tmp_path / "own.onnx", weights, **properties)
    return actions.Trained(path.read_bytes(), "Style", "Paint it in one style.")


def test_a_plugin_around_a_network_of_ones_own_passes_its_own_tests(tmp_path, python):
    own = trained(tmp_path, **{"safelight.licence": "CC0-1.0"})
    folder = actions.write_plugin(tmp_path, "soft-glow", 'Soft "glow" \\ 50 %', "neural", own)
    assert (folder / "safelight_soft_glow/model.onnx").read_bytes() == own.network
    status, text = run(python, folder, "--safelight")
    assert status == 0, text
    assert re.search(rf"\b{4 + len(testing.PROMISES)} passed", text), text


def test_its_files_say_what_the_network_says_of_itself_and_where_it_stands(tmp_path):
    said = {"safelight.licence": "CC0-1.0", "safelight.training_data": "The Wave;\nmy photos"}
    own = trained(tmp_path, **said)
    folder = actions.write_plugin(tmp_path, "wave", "Wave", "neural", own)
    readme = (folder / "README.md").read_text("utf-8")
    for text in ("| Licence | CC0-1.0 |", "| Training data | The Wave; my photos |", "under Style"):
        assert text in readme
    module = (folder / "safelight_wave/__init__.py").read_text("utf-8")
    assert 'category="Style"' in module
    assert '"""Paint it in one style."""' in module
    for path in folder.rglob("*.*"):
        assert path.suffix == ".onnx" or "$" not in path.read_text("utf-8"), path


def test_a_network_that_takes_something_else_brings_its_own_texts_and_files(tmp_path):
    parts = actions.PluginParts(
        module='"""$summary"""\n',
        tests="",
        about="$facts",
        parameters="None.\n",
        command="generate $name texture.png",
        settings=" --seed 7",
        needs=', "pillow"',
    )
    own = trained(tmp_path, **{"safelight.scale": "2"})
    own = replace(own, parts=parts, beside={"codes.npz": b"codes"})
    folder = actions.write_plugin(tmp_path, "wave", "Wave", "generator", own)
    package = folder / "safelight_wave"
    assert (package / "codes.npz").read_bytes() == b"codes"
    assert (package / "model.onnx").read_bytes() == own.network
    assert (package / "__init__.py").read_text("utf-8") == '"""Paint it in one style."""\n'
    assert "safelight generate wave texture.png --seed 7\n" in (folder / "README.md").read_text()
    needs = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    assert needs == ["safelight>=0.2,<1", "numpy", "pillow"]


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"safelight.scale": "2"}, "it makes a picture of another size"),
        (None, "it does not explain itself"),
    ],
)
def test_a_network_that_will_not_do_is_refused_with_the_reason(tmp_path, properties, complaint):
    own = trained(tmp_path, **properties or {})
    if properties is None:
        bare = smallest_network.residual_network(smallest_network.sharpening(), {})
        own = actions.Trained(bare)
    with pytest.raises(actions.TemplateError, match=complaint):
        actions.write_plugin(tmp_path, "wave", "Wave", "neural", own)
    with pytest.raises(actions.TemplateError, match="it is no ONNX file"):
        actions.write_plugin(tmp_path, "wave", "Wave", "neural", actions.Trained(b"PNG"))
    with pytest.raises(actions.TemplateError, match="the variant classic runs no network"):
        actions.write_plugin(tmp_path, "wave", "Wave", "classic", own)
    assert [path.name for path in tmp_path.iterdir()] == ["own.onnx"]


# --- the network file -------------------------------------------------------------------------


def network(path, weights, **properties):
    contract = smallest_network.contract(
        title="Tiny", licence="Apache-2.0", training_data="none", reach=1
    )
    path.write_bytes(smallest_network.residual_network(weights, contract | properties))
    return path


def convolved(image, weights):
    """image + its convolution, edge pixels continued, by the definition: (height, width, 3)."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    result = image.astype(np.float64)
    for y in range(3):
        for x in range(3):
            window = padded[y : y + height, x : x + width]
            result += window @ weights[:, :, y, x].T.astype(np.float64)
    return result


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4), (33, 20)])
def test_the_runtime_computes_what_the_weights_say(tmp_path, size):
    random = np.random.default_rng(3)
    weights = random.normal(0, 0.2, (3, 3, 3, 3)).astype(np.float32)
    image = random.random((*size, 3), np.float32)
    result = Inference().run(network(tmp_path / "tiny.onnx", weights), image, {}, "cpu")
    # 27 products of about 0.2 each in float32.
    assert result == pytest.approx(convolved(image, weights), abs=2e-6)


def test_the_network_explains_itself_and_has_only_what_it_needs(tmp_path):
    path = network(tmp_path / "tiny.onnx", smallest_network.sharpening())
    found = Inference().contract(path)
    # Beside what it looks at itself, what the host looks at around light beyond its range.
    assert (found.title, found.scale, found.reach) == ("Tiny", 1, 1 + GRAIN_REACH)
    assert found.multiple == 1
    assert (found.licence, found.training_data) == ("Apache-2.0", "none")
    assert path.stat().st_size < 2000


def test_properties_longer_than_one_byte_can_count_are_read_whole(tmp_path):
    long = "Photographs of my own; Grün 光. " * 1000
    path = network(
        tmp_path / "tiny.onnx",
        smallest_network.sharpening(),
        **{"safelight.training_data": long},
    )
    assert Inference().contract(path).training_data == long


def test_a_network_without_its_contract_is_refused_by_the_host(tmp_path):
    path = tmp_path / "mute.onnx"
    path.write_bytes(smallest_network.residual_network(smallest_network.sharpening(), {}))
    with pytest.raises(ModelError, match="does not explain itself"):
        Inference().contract(path)


@pytest.mark.parametrize("weights", [np.zeros((3, 3)), np.full((3, 3, 3, 3), np.nan)])
def test_weights_that_make_no_network_are_refused(weights):
    with pytest.raises(ValueError, match="weights are finite"):
        smallest_network.residual_network(weights, {})


def test_the_contract_says_all_that_a_trained_network_of_ours_says():
    path = CHECKOUT / "plugins/enlarge/safelight_enlarge/fast_faithful_x2.onnx"
    ours = Inference().session(path, "cpu").get_modelmeta().custom_metadata_map
    said = smallest_network.contract(title="", licence="", training_data="", reach=1)
    measured = {f"safelight.{name}" for name in ("difference", "metrics", "parameters", "seam")}
    assert set(ours) - set(said) == measured
    assert set(said) <= set(ours)


def test_onnx_itself_finds_nothing_wrong_with_it(tmp_path):
    onnx = pytest.importorskip("onnx")
    path = network(tmp_path / "tiny.onnx", smallest_network.sharpening())
    onnx.checker.check_model(str(path), full_check=True)

"""Editable plugins: what their author changes is what runs next, without a restart."""

import os
import threading

import numpy as np
import pytest

from safelight import actions
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.document import Document, Layer, edits, render
from safelight.pixels import Raster
from safelight.workers.conversation import Conversation
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.job_kinds import live_filter
from safelight.workers.plugin_environment import stamp_of
from safelight.workers.wire.messages import Describe, Described

MODULE = '''
from safelight import api


@api.filter("Gain", category="Mine")
def soft_glow(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Multiply."""
    return image * image.dtype.type({factor})


@api.hookimpl
def filters():
    return [soft_glow]
'''


def write(plugin, text):
    """Write the plugin's module; its time is another one even where clocks are coarse."""
    module = plugin / "safelight_soft_glow/__init__.py"
    then = module.stat().st_mtime_ns
    module.write_text(text, "utf-8")
    os.utime(module, ns=(then + 10**9, then + 10**9))


def install(store, source, **options):
    installer = Installer(store, str(source), **options)
    with store.staging() as staging:
        return installer.install(installer.prepare(staging))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A plugin that was installed as editable: its folder and the store."""
    place = tmp_path_factory.mktemp("editable")
    plugin = actions.write_plugin(place, "soft-glow", "Soft glow", "classic")
    write(plugin, MODULE.format(factor=0.5))
    store = Store(place / "store")
    install(store, plugin, editable=True)
    return plugin, store


@pytest.fixture
def plugin(installed):
    """Its folder, with the module that halves."""
    write(installed[0], MODULE.format(factor=0.5))
    return installed[0]


@pytest.fixture
def studio(installed, plugin):
    with actions.Studio("cpu", store=installed[1]) as studio:
        studio.reload()
        yield studio


def half_grey():
    return Document.from_raster(Raster.from_array(np.full((8, 8, 3), 200, np.uint8)))


def brightness(studio):
    """What the filter makes of grey of 200, in a job; the reason when it fails."""
    outcome = studio.start(studio.filter("soft_glow"), {}, half_grey()).wait(180)
    if isinstance(outcome, JobFailed):
        return outcome.message
    assert isinstance(outcome, JobFinished)
    return int(outcome.raster.to_array()[0, 0, 0])


def test_the_next_run_is_of_the_code_as_it_is_now(studio, plugin):
    assert brightness(studio) == 100
    write(plugin, MODULE.format(factor=0.25))
    assert brightness(studio) == 50


def test_filter_layers_are_drawn_with_the_code_as_it_is_now(studio, plugin):
    layer = Layer("Gain", live_filter(studio.filter("soft_glow"), {}))
    layered = edits.add_layer(layer, None, "Gain").apply(half_grey())
    assert render(layered, layered.region, studio.live)[0, 0, 0] == 100
    write(plugin, MODULE.format(factor=0.25))
    assert render(layered, layered.region, studio.live)[0, 0, 0] == 50


def test_new_parameters_are_known_after_reloading(studio, plugin):
    assert studio.reload() == ()
    write(plugin, MODULE.format(factor=0.5).replace("amount:", "strength:"))
    (reloaded,) = studio.reload()
    assert reloaded.sentence() == "safelight-soft-glow reloaded"
    assert studio.filter("soft_glow").parameters[0].name == "strength"
    assert studio.reload() == ()


def test_what_cannot_be_loaded_is_said_once_and_comes_back(studio, plugin):
    write(plugin, "import nonsense")
    (reloaded,) = studio.reload()
    assert "cannot be loaded: ModuleNotFoundError: No module named 'nonsense'" in reloaded.fault
    assert reloaded.sentence() == reloaded.fault
    assert studio.reload() == ()
    assert "is not installed" in brightness(studio)
    write(plugin, MODULE.format(factor=1))
    assert studio.reload()[0].fault == ""
    assert brightness(studio) == 200


def test_a_job_under_way_ends_with_the_code_it_began_with(studio, plugin):
    pool = studio._pools.of("safelight-soft-glow")
    begun, go_on = threading.Event(), threading.Event()
    ended = []

    def work():
        with pool.worker() as worker:
            begun.set()
            go_on.wait(180)
            ended.append(type(Conversation(worker).ask(Describe(), Described)))
        ended.append(worker.alive)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(180)
    write(plugin, MODULE.format(factor=0.25))
    assert brightness(studio) == 50
    go_on.set()
    thread.join(180)
    assert ended == [Described, False]


def test_only_a_folder_whose_package_is_found_can_be_editable(tmp_path):
    store = Store(tmp_path / "store")
    with pytest.raises(StoreError, match="only a folder can be editable"):
        install(store, "safelight-soft-glow", editable=True)
    plugin = actions.write_plugin(tmp_path, "soft-glow", "Soft glow", "classic")
    package = plugin / "safelight_soft_glow"
    (plugin / "code").mkdir()
    package.rename(plugin / "code/safelight_soft_glow")
    project = plugin / "pyproject.toml"
    moved = '[tool.setuptools]\npackage-dir = {"" = "code"}\n'
    text = project.read_text("utf-8").replace("[tool.setuptools]\n", moved)
    project.write_text(text, "utf-8")
    with pytest.raises(StoreError, match="lies neither in the folder nor in src"):
        install(store, plugin, editable=True)
    (plugin / "src").mkdir()
    (plugin / "code/safelight_soft_glow").rename(plugin / "src/safelight_soft_glow")
    project.write_text(text.replace('"code"', '"src"'), "utf-8")
    assert install(store, plugin, editable=True).sources.endswith("src/safelight_soft_glow")


def test_the_stamp_tells_of_what_is_changed_added_and_removed(tmp_path):
    package = tmp_path / "package"
    (package / "deep").mkdir(parents=True)
    seen = [stamp_of(package)]
    for change in (
        lambda: (package / "a.py").write_text("1"),
        lambda: (package / "a.py").write_text("12"),
        lambda: os.utime(package / "a.py", ns=(1, 1)),
        lambda: (package / "deep/net.onnx").write_bytes(b"x"),
        lambda: (package / "a.py").unlink(),
    ):
        change()
        seen.append(stamp_of(package))
    assert len(set(seen)) == len(seen)
    (package / "a.pyc").write_bytes(b"x")
    assert stamp_of(package) == seen[-1]
    assert stamp_of(tmp_path / "gone") == stamp_of(tmp_path / "gone")


def test_what_was_reloaded_is_told_once(studio, plugin):
    heard = []
    studio.hear_offers(heard.append)
    assert studio.reload() == ()
    assert heard == []
    write(plugin, MODULE.format(factor=0.5).replace("amount:", "strength:"))
    studio.reload()
    (offers,) = heard
    assert [item.name for item in offers.editable] == ["safelight-soft-glow"]
    assert offers.by_id["safelight_soft_glow.soft_glow"].parameters[0].name == "strength"

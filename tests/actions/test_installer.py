"""Installing strangers' plugins: what comes, what runs, what is refused, and what is left."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safelight.actions import Studio
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.pip import Stopped
from safelight.actions.plugins.plugin_bundle import bundle
from safelight.actions.plugins.plugin_index import BUNDLE
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.document import Document
from safelight.pixels import Raster, from_float, to_float
from safelight.workers.job_events import JobFinished
from tests.attack import times
from tests.plugins.plugin_projects import BACKEND, library, project, wheel

SHADE = '''
import numpy as np
import strange_shades
from safelight import api

@api.filter("Shade", category="Test")
def {name}(image: api.Image) -> api.Image:
    """Shades by what its library says."""
    return image * np.float32(strange_shades.VALUE)

@api.hookimpl
def filters():
    return [{name}]
'''


def shade(folder, name, version):
    source = SHADE.format(name=name)
    return project(
        folder, f"safelight-{name}", source, dependencies=(f"strange-shades=={version}",)
    )


def left(store):
    """Every file of the store but those of installed plugins."""
    names = {item.name for item in store.installed()}
    return [
        path
        for path in store.folder.rglob("*")
        if path.is_file() and path.relative_to(store.folder).parts[0] not in names
    ]


def editor_packages():
    from importlib import metadata

    return {(item.name, item.version) for item in metadata.distributions()}


def run(studio, name, pixels):
    document = Document.from_raster(Raster.from_array(pixels))
    outcome = studio.start(studio.filter(f"safelight_{name}.{name}"), {}, document).wait(180)
    assert isinstance(outcome, JobFinished), outcome
    return outcome.raster.to_array()


@pytest.fixture
def pixels():
    return np.random.default_rng(5).integers(0, 256, (64, 80, 3), np.uint8)


def test_two_plugins_that_need_conflicting_versions_run_in_one_session(
    tmp_path, store, add, pixels
):
    before = editor_packages()
    light = add(shade(tmp_path, "light", "2.0"))
    dark = add(shade(tmp_path, "dark", "1.0"))
    assert [(p.name, p.version) for p in light.packages][1:] == [("strange-shades", "2.0")]
    assert [(p.name, p.version) for p in dark.packages][1:] == [("strange-shades", "1.0")]
    with Studio(store=store) as studio:
        for _ in range(2):
            for name, value in (("light", 0.75), ("dark", 0.25)):
                expected = from_float(to_float(pixels) * np.float32(value), "uint8")
                assert np.array_equal(run(studio, name, pixels), expected)
    assert editor_packages() == before
    with pytest.raises(ImportError):
        __import__("strange_shades")


def test_what_the_editor_has_is_not_installed_again(tmp_path, add):
    needs = ("numpy", "pillow>=12", "safelight>=0.1,<1", "strange-shades")
    plugin = add(project(tmp_path, "safelight-few", dependencies=needs))
    assert [item.name for item in plugin.packages] == ["safelight-few", "strange-shades"]
    assert not (plugin.library / "numpy").exists()


def test_another_version_of_what_the_editor_has_comes_beside_the_plugin_alone(
    tmp_path, store, add, own_index, monkeypatch, pixels
):
    own = tmp_path / "own"
    own.mkdir()
    library(own, "pillow", "9.0.0", "__version__ = '9.0.0'")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{own_index} {own}")
    source = (
        SHADE.format(name="old")
        .replace("import strange_shades", "import pillow")
        .replace("strange_shades.VALUE", "float(pillow.__version__[0]) / 10")
    )
    needs = ("pillow<10", "safelight>=0.1")
    plugin = add(project(tmp_path, "safelight-old", source, dependencies=needs))
    assert [(item.name, item.version) for item in plugin.packages][1:] == [("pillow", "9.0.0")]
    with Studio(store=store) as studio:
        expected = from_float(to_float(pixels) * np.float32(0.9), "uint8")
        assert np.array_equal(run(studio, "old", pixels), expected)
    import PIL

    assert int(PIL.__version__.split(".")[0]) >= 12


def sources(tmp_path, index):
    """One plugin in every form that it can come in."""
    folder = project(tmp_path, "safelight-many")
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, Path("safelight-many-main") / path.relative_to(folder))
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *words], check=True)
    made = wheel(tmp_path / "made", "safelight-many")
    (index / made.name).write_bytes(made.read_bytes())
    return {
        "folder": folder,
        "zip": archive,
        "wheel": made,
        "git": f"git+file://{folder}",
        "name": "safelight-many",
    }


@pytest.mark.parametrize("form", ["folder", "zip", "wheel", "git", "name"])
def test_a_plugin_is_installed_from_every_form(form, tmp_path, store, add, own_index, pixels):
    source = sources(tmp_path, own_index)[form]
    plugin = add(source)
    assert (plugin.name, plugin.version, plugin.source) == ("safelight-many", "1.0", str(source))
    assert [item.id for item in plugin.filters] == ["safelight_many.many"]
    with Studio(store=store) as studio:
        expected = from_float(to_float(pixels) * np.float32(0.5), "uint8")
        assert np.array_equal(run(studio, "many", pixels), expected)
    assert left(store) == []


def test_the_offer_says_what_would_be_added_and_adds_nothing(tmp_path, store):
    from hashlib import sha256

    with store.staging() as staging:
        installer = Installer(store, str(shade(tmp_path, "light", "2.0")))
        offer = installer.prepare(staging)
        assert store.installed() == ()
        assert [item.name for item in offer.packages] == ["safelight-light", "strange-shades"]
        for item in offer.packages:
            (file,) = (staging / "wheels").glob(f"{item.name.replace('-', '_')}-*.whl")
            assert item.size == file.stat().st_size
            assert item.sha256 == sha256(file.read_bytes()).hexdigest()
            assert item.licence == "MIT"
        assert json.loads(json.dumps(offer.to_json()))["size"] == offer.size
    assert store.installed() == ()
    assert left(store) == []


def test_nothing_of_the_plugin_runs_outside_the_sandbox_while_it_is_built(tmp_path, store, add):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("1234")
    spy = f"""
import os, pathlib, socket
def tried(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return
    raise SystemExit(f"the sandbox let {{what}} through")
tried(pathlib.Path({str(home / "secret")!r}).read_text)
tried(pathlib.Path({str(home / "written")!r}).write_text, "x")
tried(socket.socket)
tried(os.fork)
tried(os.execv, "/bin/true", ["true"])
"""
    place = project(tmp_path, "safelight-spy", backend=spy + BACKEND)
    assert add(place).name == "safelight-spy"
    assert [item.name for item in home.iterdir()] == ["secret"]


# -- what goes wrong ---------------------------------------------------------------------------


def cases(tmp_path, index):
    """A source that cannot be installed for every reason, with what the sentence says."""
    damaged = tmp_path / "safelight_damaged-1.0-py3-none-any.whl"
    damaged.write_bytes(b"PK\x03\x04 this is no archive")
    text = tmp_path / "notes.txt"
    text.write_text("not a plugin")
    other = tmp_path / "safelight_other-1.0-cp27-cp27m-win_amd64.whl"
    made = wheel(tmp_path / "made", "safelight-other")
    other.write_bytes(made.read_bytes())
    bare = tmp_path / "bare"
    bare.mkdir()
    broken = BACKEND + "\n\ndef build_wheel(*_):\n    raise RuntimeError('no compiler found')\n"
    empty = BACKEND + "\n\ndef build_wheel(*_):\n    return 'nothing'\n"

    def make(name, source="", **options):
        return project(tmp_path, f"safelight-{name}", source, **options)

    crash = "import os\nos.abort()\n"
    two = "from safelight import api\n\n@api.hookimpl\ndef filtres():\n    return []\n"
    return {
        "no such package": ("safelight-nowhere", "There is no safelight-nowhere for Python"),
        "no such file": ("./nowhere.whl", "There is no file nowhere.whl"),
        "no name": ("what is this?", "is no name of a package and no file"),
        "not a plugin": (text, "neither a wheel, a zip nor a bundle"),
        "damaged": (damaged, "is damaged"),
        "other system": (other, "was made for another system or Python version"),
        "no project": (bare, "has no pyproject.toml"),
        "unbuildable": (make("unbuilt", backend=broken), "cannot be built: RuntimeError: no comp"),
        "builds nothing": (make("void", backend=empty), "its backend made no wheel"),
        "missing dependency": (
            make("lonely", dependencies=("nobody-has",)),
            "There is no nobody-has",
        ),
        "wrong Python": (make("future", requires_python=">=4"), "needs Python >=4"),
        "too new": (make("newer", dependencies=("safelight>=9",)), "another version of Safelight"),
        "too old": (make("older", dependencies=("safelight<0.1",)), "another version of Safelight"),
        "brings Qt": (make("window", dependencies=("PySide6-Essentials<6",)), "PySide6"),
        "no entry point": (make("mute", entry_point=False), "has no entry point in the group"),
        "no filter": (make("idle", "x = 1\n"), "it offers no filter"),
        "misspelt hook": (make("typo", two), "filtres"),
        "fails to load": (make("sad", "import nobody\n"), "No module named 'nobody'"),
        "takes its worker down": (make("crash", crash), "crashed (SIGABRT)"),
        "no repository": (f"git+file://{tmp_path}/nowhere", "Git cannot fetch"),
    }


@pytest.mark.parametrize(
    "case",
    [
        *("no such package", "no such file", "no name", "not a plugin", "damaged", "other system"),
        *("no project", "unbuildable", "builds nothing", "missing dependency", "wrong Python"),
        *("too new", "too old", "brings Qt", "no entry point", "no filter", "misspelt hook"),
        *("fails to load", "takes its worker down", "no repository"),
    ],
)
def test_what_cannot_be_installed_is_one_sentence_and_leaves_nothing(
    case, tmp_path, store, add, own_index
):
    source, expected = cases(tmp_path, own_index)[case]
    with pytest.raises(StoreError) as refusal:
        add(source)
    message = str(refusal.value)
    assert expected in message
    assert "\n" not in message
    assert len(message) < 400
    assert store.installed() == ()
    assert left(store) == []


def test_an_index_that_cannot_be_reached_is_a_sentence(tmp_path, add, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(StoreError, match="The package index cannot be reached"):
        add("safelight-elsewhere")


def test_a_full_disk_is_a_sentence(tmp_path, store, add, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "place", full)
    with pytest.raises(StoreError, match="The disk is full"):
        add(project(tmp_path, "safelight-large"))
    assert store.installed() == ()
    assert left(store) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_cannot_be_written_is_a_sentence(tmp_path, add, store):
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o555)
    with pytest.raises(StoreError, match="cannot be written"):
        add(project(tmp_path, "safelight-shut"))


def names(*items):
    def change(archive):
        for item in items:
            archive.writestr(item, "x")

    return change


def link(archive):
    info = zipfile.ZipInfo("safelight_evil/link")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


@pytest.mark.parametrize(
    "change",
    [names("../outside"), names("/outside"), names("a/../../outside"), names("C:\\outside"), link],
    ids=["parent", "root", "deep", "drive", "link"],
)
@pytest.mark.parametrize("ending", [".zip", ".whl", BUNDLE])
def test_an_archive_that_leaves_its_folder_is_refused(change, ending, tmp_path, store, add):
    path = tmp_path / f"safelight_evil-1.0-py3-none-any{ending}"
    with zipfile.ZipFile(path, "w") as archive:
        change(archive)
    with pytest.raises(StoreError, match="leaves its folder"):
        add(path)
    assert not (tmp_path / "outside").exists()
    assert left(store) == []


def test_an_archive_that_unpacks_to_something_absurd_is_refused(tmp_path, store, add):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("safelight_evil/zeros", bytes(1 << 20))
        archive.infolist()[-1].file_size = 5 << 30  # what it claims is what it is believed
    with pytest.raises(StoreError, match="would unpack to more than 4 GB"):
        add(path)


def test_a_wheel_whose_hash_differs_from_the_index_is_refused(
    tmp_path, add, own_index, monkeypatch
):
    made = wheel(tmp_path / "made", "safelight-swapped")
    page = tmp_path / "simple" / "safelight-swapped"
    page.mkdir(parents=True)
    (page / "index.html").write_text(
        f'<a href="file://{made}#sha256={"0" * 64}">{made.name}</a>', "utf-8"
    )
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"file://{tmp_path}/simple")
    with pytest.raises(StoreError, match="is not what the index promised"):
        add("safelight-swapped")


# -- cut off, undone, gone ---------------------------------------------------------------------


def test_cancelled_while_it_builds_leaves_nothing(tmp_path, store):
    slow = BACKEND + "\n\ndef build_wheel(*_):\n    import time\n    time.sleep(600)\n"
    told = []
    installer = Installer(
        store, str(project(tmp_path, "safelight-slow", backend=slow)), told=told.append
    )
    threading.Timer(1.0, installer.cancel).start()
    with pytest.raises(Stopped), store.staging() as staging:
        installer.prepare(staging)
    assert told[-1] == "Building"
    assert store.installed() == ()
    assert left(store) == []


def test_cancelled_before_the_last_step_leaves_what_was_there(tmp_path, store, add):
    add(project(tmp_path / "a", "safelight-kept", version="1.0"))
    with store.staging() as staging:
        installer = Installer(store, str(project(tmp_path / "b", "safelight-kept", version="2.0")))
        offer = installer.prepare(staging)
        installer.cancel()
        with pytest.raises(Stopped):
            installer.install(offer)
    assert [item.version for item in store.installed()] == ["1.0"]


KILLED = """
import sys
from pathlib import Path
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Store

store = Store(Path(sys.argv[1]))
with store.staging() as staging:
    installer = Installer(store, sys.argv[2], told=lambda text: print(text, flush=True))
    installer.install(installer.prepare(staging))
print("done", flush=True)
"""


@pytest.mark.attack
def test_a_killed_install_leaves_nothing_or_the_whole_plugin(tmp_path, store, add):
    source = project(tmp_path, "safelight-cut")
    whole = 0
    for delay in np.linspace(0.3, 3.5, times(9, 4)):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "store"), str(source)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        found = store.installed()
        assert [item.fault for item in found] in ([], [""])
        if found:
            whole += 1
            store.uninstall("safelight-cut")
        with store.staging():  # the next one, which sweeps
            pass
        assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    assert add(source).filters


def test_uninstalling_leaves_nothing(tmp_path, store, add):
    before = {path for path in tmp_path.rglob("*") if "store" not in path.parts}
    place = tmp_path / "sources"
    add(project(place, "safelight-gone", version="1.0"))
    add(project(tmp_path / "more", "safelight-gone", version="2.0"))
    store.uninstall("safelight-gone")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    assert [path.name for path in store.folder.iterdir() if not path.name.startswith(".")] == []
    assert before <= set(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match="There is no plugin safelight-gone; installed: none"):
        store.uninstall("safelight-gone")


def test_an_update_is_undone_and_done_again(tmp_path, store, add):
    add(project(tmp_path / "a", "safelight-dated", version="1.0"))
    add(project(tmp_path / "b", "safelight-dated", version="2.0"))
    assert store.find("safelight-dated").version == "2.0"
    assert store.undo("safelight_dated").version == "1.0"
    assert store.undo("safelight-dated").version == "2.0"
    assert len(store.installed()) == 1
    add(project(tmp_path / "c", "safelight-once"))
    with pytest.raises(StoreError, match="no earlier version"):
        store.undo("safelight-once")


def test_a_bundle_installs_without_any_network(tmp_path, store, add, monkeypatch, pixels):
    made = bundle(add(shade(tmp_path, "light", "2.0")), tmp_path / f"light{BUNDLE}")
    store.uninstall("safelight-light")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    plugin = add(made)
    assert [item.name for item in plugin.packages] == ["safelight-light", "strange-shades"]
    with Studio(store=store) as studio:
        expected = from_float(to_float(pixels) * np.float32(0.75), "uint8")
        assert np.array_equal(run(studio, "light", pixels), expected)


def test_a_filter_that_another_plugin_has_is_refused(tmp_path, store, add):
    first = add(project(tmp_path, "safelight-first"))
    taken = [replace(item, plugin="X") for item in first.filters]
    store.uninstall("safelight-first")
    with pytest.raises(StoreError, match="brings safelight_first.first, which X has already"):
        add(tmp_path / "safelight-first", reserved=taken)

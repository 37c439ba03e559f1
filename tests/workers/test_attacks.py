"""A stranger's plugin attacks: the photograph, the home folder, the network and the next plugin
are as before, and the message names who did it."""

import contextlib
import hashlib
import json
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from safelight.actions import Studio
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Store
from safelight.document import Document
from safelight.pixels import Raster, from_float, to_float
from safelight.workers.confinement import bubblewrap, sandbox
from safelight.workers.job_events import JobFailed, JobFinished
from tests.plugins.installed_module import HERE
from tests.plugins.plugin_projects import project

pytestmark = pytest.mark.skipif(
    not sandbox.available().complete,
    reason=f"nothing is confined here: {sandbox.available().reason}",
)

DENIED = "PermissionError"
HIDDEN = (DENIED, "No such file or directory", "Read-only file system")
"""What a process hears of files that are there: Landlock refuses, bubblewrap has none of them."""

REFUSED = {
    "read_home": HIDDEN,
    "list_home": HIDDEN,
    "read_passwords": HIDDEN,
    "read_parent": HIDDEN,
    "write_outside": HIDDEN,
    "write_own_code": HIDDEN,
    "write_editor": HIDDEN,
    "remove": HIDDEN,
    "connect": DENIED,
    "datagram": DENIED,
    "local_socket": DENIED,
    "fork_bomb": DENIED,
    "shell": DENIED,
    "thread_bomb": "can't start new thread",
    "fill_memory": "ran out of memory",
    "fill_shared_memory": "Cannot allocate memory",
    "fill_disk": ("No space left on device", "was ended because it filled its scratch folder"),
    "large_file": "File too large",
    "spin": "did not answer for 8 s",
    "hold": "did not answer for 8 s",
    "stop": "did not answer for 8 s",
    "segfault": "crashed (SIGSEGV)",
    "leave": "ended itself (exit code 3)",
    "kill_editor": (DENIED, "ProcessLookupError"),
    "kill_all": DENIED,
    "write_input": "read-only",
    "force_input": "WRITEABLE",
    "force_input_memory": "crashed (SIGSEGV)",
    "nonsense": "(safelight-attacks)",
    "flood": "(safelight-attacks)",
    "wrong_shape": "of shape",
    "not_a_picture": "it returned <U9 of shape ()",
    "import_qt": "a plugin has no window",
    "patch_numpy": "(safelight-attacks)",
    "remove_limits": "not allowed to raise",
    "debug_editor": DENIED,
    "namespace": DENIED,
}
"""What each attack ends with; HARMLESS ones end with the picture."""

HARMLESS = ("say", "patch_editor", "remember")


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    """A home folder with a secret, and servers that should hear nothing."""
    home = tmp_path_factory.mktemp("victim")
    secret = home / "secret.txt"
    secret.write_text("the combination is 1234")
    heard = []
    # Not of the process alone: a file's tests may come in parts, each with a victim of its own.
    abstract = f"safelight-test-{os.getpid()}-{home.name}"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = server.getsockname()[1]
        datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", port))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind("\0" + abstract)
        local.listen()

        def listen(one):
            with contextlib.suppress(OSError):
                while True:
                    heard.append(one.accept() if one is not datagrams else one.recv(100))

        for one in (server, datagrams, local):
            threading.Thread(target=listen, args=(one,), daemon=True).start()
        target = {"home": str(home), "secret": str(secret), "port": port, "abstract": abstract}
        target["editor"] = os.getpid()
        yield target, heard


@pytest.fixture(scope="module", params=["landlock", "bubblewrap"])
def studio(request, tmp_path_factory, victim):
    """A session with the attacking plugin and an honest one, installed as a user would."""
    if request.param == "bubblewrap" and not bubblewrap.usable():
        pytest.skip("bubblewrap is not installed, or may not make namespaces here")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "bubblewrap":
            patch.setattr(sandbox, "landlock_version", lambda: 0)
        elif sandbox.landlock_version() == 0:
            pytest.skip("this kernel has no Landlock")
        yield from session(tmp_path_factory.mktemp(request.param), victim)


def session(base, victim):
    attacks = project(base, "safelight-attacks", (HERE / "safelight_attacks.py").read_text())
    (attacks / "safelight_attacks" / "target.json").write_text(json.dumps(victim[0]))
    honest = project(base, "safelight-honest")
    store = Store(base / "store")
    for source in (attacks, honest):
        with store.staging() as staging:
            installer = Installer(store, str(source))
            installer.install(installer.prepare(staging))
    with Studio(patience=8.0, memory_limit=1200 << 20, store=store) as studio:
        yield studio


@pytest.fixture
def document():
    pixels = np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def pixels(document):
    return document.layers[0].raster.to_array()


def attack(studio, name, document):
    declaration = studio.filter(f"safelight_attacks.{name}")
    return studio.start(declaration, {}, document).wait(180)


def expect_honest_work(studio, document):
    job = studio.start(studio.filter("safelight_honest.honest"), {}, document)
    outcome = job.wait(180)
    assert isinstance(outcome, JobFinished), outcome
    expected = from_float(to_float(pixels(document)) * np.float32(0.5), "uint8")
    assert np.array_equal(outcome.raster.to_array(), expected)


def state(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_ends_as_a_message_and_nothing_else(name, studio, document, victim):
    target, heard = victim
    library = studio.store.find("safelight-attacks").library
    before, files, code = pixels(document).copy(), state(target["home"]), state(library)
    outcome = attack(studio, name, document)
    assert isinstance(outcome, JobFailed), outcome
    assert "(safelight-attacks)" in outcome.message
    expected = REFUSED[name] if isinstance(REFUSED[name], tuple) else (REFUSED[name],)
    assert any(text in outcome.message for text in expected), outcome.message
    assert np.array_equal(pixels(document), before)
    assert state(target["home"]) == files
    assert state(library) == code
    assert heard == []
    expect_honest_work(studio, document)
    assert isinstance(attack(studio, "fine", document), JobFinished)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_nobody_runs_and_leaves_nothing(name, studio, document):
    for _ in range(2):
        outcome = attack(studio, name, document)
        assert isinstance(outcome, JobFinished), outcome
        assert np.array_equal(outcome.raster.to_array(), pixels(document))
        studio.release("safelight-attacks")  # its workers end, and what they wrote goes
    expect_honest_work(studio, document)


def test_nothing_is_left_of_what_a_plugin_wrote(studio, document):
    attack(studio, "remember", document)
    studio.release("safelight-attacks")
    assert list((studio.store.folder / ".scratch" / "safelight-attacks").iterdir()) == []


def test_every_attack_is_tried():
    source = (HERE / "safelight_attacks.py").read_text()
    named = {line.split("(")[0][4:] for line in source.splitlines() if line.startswith("def ")}
    assert named - {"attack", "fine", "filters"} == {*REFUSED, *HARMLESS}


def test_unconfined_the_attacks_would_work(tmp_path, victim):
    """So that what is refused above is refused by the sandbox."""
    secret = Path(victim[0]["secret"])
    assert secret.read_text()
    assert os.listdir(victim[0]["home"])
    assert Path("/etc/passwd").read_text()

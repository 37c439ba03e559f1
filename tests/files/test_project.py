"""The project file: what is saved is what is opened, and strangers' files are refused."""

import hashlib
import json
import math
import os
import queue
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    DECLARED,
    Document,
    Group,
    History,
    Kept,
    Layer,
    LiveFilter,
    Metadata,
    Step,
    edits,
    render,
)
from safelight.files.disk_operations import Operations
from safelight.files.project import project_database as database
from safelight.files.project import project_writer as writing
from safelight.files.project import recovery as recovery_module
from safelight.files.project.document_to_json import to_json
from safelight.files.project.project import Project, ProjectChanged, ProjectError, ProjectInUse
from safelight.files.project.recovery import Recovery, left_behind
from safelight.files.temporary_files import LONGEST_TEMPORARY
from safelight.files.write_errors import FileExists
from safelight.pixels import MODES, Profile, Raster
from safelight.pixels.known_profiles import adobe_rgb_profile
from tests import attack, pictures
from tests.files.ordinary_user import as_ordinary_user


def noise(height, width, channels, depth="uint8", seed=0):
    values = np.random.default_rng(seed).random((height, width, channels), np.float32)
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    return Raster.from_array((values * full).astype(depth))


def rich(depth="uint8"):
    """A document with everything a document can have."""
    size = 300, 280
    mask = noise(*size, 1, seed=4)
    held = LiveFilter(
        *("plugin.filter", "Filter", "plugin", "1.2"),
        {"amount": 0.25, "count": 3, "on": True, "mode": "soft", "huge": 1e-300},
        *("luminance", 0.5),
        Kept(noise(*size, 3, depth, seed=2), "key", {"net.onnx": "ab"}, "wholly"),
        *(-12.5, 30.0),
    )
    layers = (
        Layer("Grund – 地", noise(*size, 3, depth), locked=True, synthetic="partly"),
        Layer("Group", Group((Layer("Inside", noise(*size, 4, depth, 1), mode="multiply"),))),
        Layer("Filter", held, opacity=0.5, mask=mask),
        Layer("Clipped", noise(*size, 4, depth, 3), clipped=True, visible=False),
    )
    metadata = Metadata(b"II*\0exif", b"<xmp/>", None, (300.0, 299.5))
    selection = Raster.filled(280, 300, (255,), "uint8")
    return Document(280, 300, depth, layers, metadata=metadata, name="Ä", selection=selection)


def plain(value):
    """A document as values that compare by content."""
    if isinstance(value, Raster):
        return value.digest()
    if isinstance(value, Document):
        fields = (value.width, value.height, value.depth, value.name, value.selection)
        return (
            *map(plain, fields),
            (value.profile.icc, value.profile.name, value.metadata),
            tuple(map(plain, value.layers)),
        )
    if isinstance(value, Layer):
        own = (value.id, value.name, value.opacity, value.mode, value.visible, value.locked)
        return own, value.clipped, value.synthetic, plain(value.mask), plain(value.content)
    if isinstance(value, Group):
        return tuple(map(plain, value.layers))
    if isinstance(value, LiveFilter):
        kept = value.kept and (
            *(plain(value.kept.raster), value.kept.key, dict(value.kept.models)),
            value.kept.synthetic,
        )
        text = (value.id, value.title, value.plugin, value.version)
        strip = (value.channels, value.texture, value.grow, value.feather, value.generates)
        return text, strip, json.dumps(dict(value.settings), sort_keys=True), kept
    return value


def steps_of(history):
    return [(step.label, step.token, plain(step.document)) for step in history.steps]


def saved_and_opened(path, history):
    Project.create(path, history, overwrite=True).close()
    project, opened = Project.open(path)
    project.close()
    return opened


def painted(history, number):
    layer = history.document.layers[-1]
    dab = np.full((9, 9, layer.raster.channels), number % 256, layer.raster.depth)
    raster = layer.raster.replaced(Region(5 * (number % 9), 7, 9, 9), dab)
    return history.do(edits.set_pixels(layer.id, raster, f"Stroke {number}"))


def rows(project, table):
    found = project._connection.execute(f"SELECT hash, length(data) FROM {table}")
    return dict(found.fetchall())


# -- what is saved is what is opened ---------------------------------------------------------


def test_a_document_holds_every_raster_that_a_project_keeps_of_it():
    """Else the next save takes it for one that nobody needs."""
    told = {"points": "100,100,1;130,120,1", "radius": 40.0}
    flat = Layer("Liquified", noise(300, 280, 4), id="top")
    document = DECLARED["liquify"](layer="top", **told).apply(
        replace(rich(), layers=(*rich().layers, flat))
    )
    kept = []
    to_json(document, lambda raster: str(kept.append(raster)), lambda data: "")
    assert {id(raster) for raster in kept} == {id(raster) for raster in document.rasters()}


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_everything_a_document_has_survives(tmp_path, depth):
    history = History.start(rich(depth))
    history = painted(history, 1).do(
        edits.set_opacity(history.document.layers[2].id, 0.3, token="t")
    )
    opened = saved_and_opened(tmp_path / "a.safelight", history)
    assert steps_of(opened) == steps_of(history)
    assert opened.position == history.position


@st.composite
def layers_of(draw, width, height, depth, deep=2):
    def raster(channels):
        return noise(height, width, channels, depth, draw(st.integers(0, 50)))

    words = st.sampled_from(["", "partly", "wholly"])
    kind = draw(st.sampled_from(["pixels", "filter", "group"] if deep else ["pixels", "filter"]))
    content = raster(draw(st.sampled_from([3, 4])))
    if kind == "group":
        inside = layers_of(width, height, depth, deep - 1)
        content = Group(tuple(draw(st.lists(inside, max_size=3))))
    elif kind == "filter":
        kept = Kept(raster(3), draw(st.text()), draw(st.dictionaries(st.text(), st.text())))
        kept = replace(kept, synthetic=draw(words))
        values = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.text())
        content = LiveFilter(
            *draw(st.tuples(*[st.text(max_size=9)] * 4)),
            draw(st.dictionaries(st.text(), values, max_size=4)),
            draw(st.sampled_from(["all", "luminance", "colour"])),
            draw(st.floats(0, 1)),
            draw(st.sampled_from([None, kept])),
            *draw(st.tuples(st.floats(-64, 256), st.floats(0, 256))),
            generates=draw(st.booleans()),
        )
    return Layer(
        draw(st.text(max_size=8)),
        content,
        synthetic=draw(words) if kind == "pixels" else "",
        opacity=draw(st.floats(0, 1)),
        mode=draw(st.sampled_from(sorted(MODES))),
        visible=draw(st.booleans()),
        locked=draw(st.booleans()),
        clipped=draw(st.booleans()),
        mask=draw(st.sampled_from([None, noise(height, width, 1)])),
    )


@st.composite
def documents(draw):
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 300))
    depth = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    data = st.none() | st.binary(max_size=20)
    dpi = st.none() | st.tuples(st.floats(5e-324, 1e308), st.floats(1, 1000))
    return Document(
        *(width, height, depth),
        tuple(draw(st.lists(layers_of(width, height, depth), min_size=1, max_size=3))),
        metadata=Metadata(*draw(st.tuples(data, data, data, dpi))),
        name=draw(st.text(max_size=9)),
        selection=draw(st.sampled_from([None, noise(height, width, 1)])),
    )


@pytest.mark.attack
@settings(max_examples=attack.times(40, 15), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(documents(), min_size=1, max_size=3), st.data())
def test_any_history_survives(tmp_path, made, data):
    label = st.text(st.characters(exclude_categories=()), max_size=9)  # surrogates too
    steps = [Step(data.draw(label), x, data.draw(st.none() | label)) for x in made]
    history = History(tuple(steps), data.draw(st.integers(0, len(steps) - 1)))
    opened = saved_and_opened(tmp_path / "any.safelight", history)
    assert steps_of(opened) == steps_of(history)
    assert opened.position == history.position


def test_numbers_that_are_none_survive(tmp_path):
    held = LiveFilter("f", settings={"a": math.nan, "b": -math.inf, "c": "nan"})
    document = Document(1, 1, "uint8", (Layer("Filter", held),))
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(document))
    values = opened.document.layers[0].filter.settings
    assert math.isnan(values["a"])
    assert (values["b"], values["c"]) == (-math.inf, "nan")


def test_shapes_survive_as_what_they_were(tmp_path):
    held = {"centre": (0.5, 1.0), "curve": ((0.0, 0.25), (1.0, 0.75)), "odd": (math.inf,)}
    document = Document(1, 1, "uint8", (Layer("Filter", LiveFilter("f", settings=held)),))
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(document))
    values = opened.document.layers[0].filter.settings
    assert values == held
    assert len({tuple(values.items())}) == 1


def test_what_a_step_did_is_kept_as_data_unless_it_holds_a_picture(tmp_path):
    document = Document(1, 1, "uint8", (Layer("Filter", LiveFilter("f"), id="a"),))
    history = History.start(document).do(edits.set_opacity("a", 0.5))
    history = history.do(edits.set_filter("a", settings={"style": "A" * 60_000}))
    opened = saved_and_opened(tmp_path / "a.safelight", history)
    before, faded, styled = (step.record for step in opened.steps)
    assert before is None
    assert faded == history.steps[1].record
    assert styled is None


def test_a_picture_that_a_setting_holds_is_stored_once_for_all_steps(tmp_path):
    picture = "data:image/webp;base64," + "A" * 60_000
    held = LiveFilter("f", settings={"style": picture, "odd": "\ud800" * 3000, "amount": 0.0})
    document = Document(1, 1, "uint8", (Layer("Filter", held, id="a"),))
    history = History.start(document)
    for number in range(20):
        settings = dict(held.settings) | {"amount": float(number + 1)}
        history = history.do(edits.set_filter("a", settings=settings))
    path = tmp_path / "a.safelight"
    opened = saved_and_opened(path, history)
    assert steps_of(opened) == steps_of(history)
    texts = [step.document.layers[0].filter.settings["style"] for step in opened.steps]
    assert all(text is texts[0] for text in texts)
    assert path.stat().st_size < 5 * len(picture)


def test_a_profile_survives(tmp_path):
    profile = Profile.from_icc(adobe_rgb_profile())
    document = Document.from_raster(noise(5, 5, 3), profile=profile)
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(document))
    assert opened.document.profile == profile


def test_that_a_picture_was_grey_survives_with_its_profile(tmp_path):
    profile = Profile.from_grey(pictures.grey_profile(1.8))
    document = Document.from_raster(noise(5, 5, 3), profile=profile, grey=True)
    blur = Layer("Blur", LiveFilter("blur", keeps_grey=True))
    document = edits.add_layer(blur).apply(document)
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(document)).document
    assert opened.profile == profile
    assert opened.grey
    assert opened.layers[1].filter.keeps_grey


def test_steps_undone_can_be_redone_after_opening(tmp_path):
    history = History.start(rich())
    for number in range(5):
        history = painted(history, number)
    opened = saved_and_opened(tmp_path / "a.safelight", history.jump(2))
    assert (opened.position, len(opened.steps)) == (2, 6)
    assert plain(opened.redo().document) == plain(history.steps[3].document)


def test_pixels_that_steps_share_are_shared_after_opening(tmp_path):
    opened = saved_and_opened(tmp_path / "a.safelight", painted(History.start(rich()), 1))
    one, other = (step.document.layers[0].raster for step in opened.steps)
    assert one is other


def test_a_project_whose_plugin_is_missing_shows_what_was_kept(tmp_path):
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(rich()))
    region = opened.document.region
    assert np.array_equal(render(opened.document, region), render(rich(), region))
    assert opened.document.layers[2].filter.plugin == "plugin"


# -- a save costs what has changed -----------------------------------------------------------


def test_a_save_after_a_stroke_writes_only_what_is_new(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    before = rows(project, "tiles")
    history = painted(history, 1)
    project.save(history)
    after = rows(project, "tiles")
    assert len(set(after) - set(before)) == 1
    assert set(before) <= set(after)
    project.close()


def test_what_no_step_needs_leaves_the_file(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    first = rows(project, "tiles")
    for number in range(3):
        project.save(painted(history, number))
    project.save(history)
    assert rows(project, "tiles") == first
    project.close()


def test_a_file_shrinks_when_much_of_it_is_not_needed_any_more(tmp_path):
    path = tmp_path / "a.safelight"
    small = History.start(Document.from_raster(noise(200, 200, 3)))
    project = Project.create(path, History.start(Document.from_raster(noise(900, 900, 3))))
    large = path.stat().st_size
    project.save(small)
    assert path.stat().st_size < large / 5
    project.close()
    assert steps_of(Project.open(path)[1]) == steps_of(small)


def test_what_a_later_version_notes_is_kept(tmp_path):
    path = tampered(tmp_path)
    change_meta(path, lambda meta: meta | {"later": "kept"})
    project, history = Project.open(path)
    project.save(painted(history, 1))
    assert database.read_meta(project._connection)["later"] == "kept"
    project.close()


# -- others ----------------------------------------------------------------------------------

OPEN = """
import sys
from safelight.files.project.document_to_json import to_json
from safelight.files.project.project import Project, ProjectError
try:
    Project.open(sys.argv[1])
except ProjectError as error:
    print(type(error).__name__)
else:
    print("opened")
"""


PEAK = """
import resource, sys
from safelight.files.project.document_to_json import to_json
from safelight.files.project.project import Project, ProjectError
import imagecodecs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    Project.open(sys.argv[1])
except ProjectError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def elsewhere(script, path):
    """What a script in another process says about the file."""
    words = [sys.executable, "-c", script, str(path)]
    found = os.environ | {"PYTHONPATH": str(Path(database.__file__).parents[3])}
    return subprocess.run(words, check=True, capture_output=True, text=True, env=found).stdout


def opened_elsewhere(path):
    """What another process meets when it opens the project."""
    return elsewhere(OPEN, path).strip()


def test_a_project_cannot_be_open_twice(tmp_path):
    path = tmp_path / "a.safelight"
    project = Project.create(path, History.start(rich()))
    for _ in range(2):
        with pytest.raises(ProjectInUse, match=r"a\.safelight is open already"):
            Project.open(path)
        with pytest.raises(ProjectInUse):
            Project.create(path, History.start(rich()), overwrite=True)
    # Refusing must not have cost the lock: closing any descriptor would.
    assert opened_elsewhere(path) == "ProjectInUse"
    project.save(painted(History.start(rich()), 1))
    assert opened_elsewhere(path) == "ProjectInUse"
    project.close()
    assert opened_elsewhere(path) == "opened"
    assert [item.name for item in tmp_path.iterdir()] == ["a.safelight"]


def test_a_project_is_the_same_by_another_name(tmp_path):
    path, link = tmp_path / "a.safelight", tmp_path / "link.safelight"
    project = Project.create(path, History.start(rich()))
    link.symlink_to(path)
    with pytest.raises(ProjectInUse):
        Project.open(link)
    project.close()
    Project.create(link, painted(History.start(rich()), 1), overwrite=True).close()
    assert link.is_symlink()
    assert len(Project.open(path)[1].steps) == 2


def replaced_by_rename(path, other):
    os.replace(other, path)


def rewritten_in_place(path, other):
    before = path.stat()
    data = other.read_bytes()
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def truncated(path, other):
    os.truncate(path, path.stat().st_size // 2)


def deleted(path, other):
    path.unlink()


@pytest.mark.parametrize("change", [replaced_by_rename, rewritten_in_place, truncated, deleted])
def test_a_file_that_another_program_has_changed_is_not_overwritten(tmp_path, change):
    path, other = tmp_path / "a.safelight", tmp_path / "b.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    Project.create(other, painted(history, 1)).close()
    change(path, other)
    found = path.read_bytes() if path.exists() else None
    for _ in range(2):
        with pytest.raises(ProjectChanged, match="save under another name"):
            project.save(painted(history, 2))
    project.close()
    assert (path.read_bytes() if path.exists() else None) == found
    Project.create(tmp_path / "c.safelight", painted(history, 2)).close()
    assert steps_of(Project.open(tmp_path / "c.safelight")[1]) == steps_of(painted(history, 2))


def touched(path):
    os.utime(path, ns=(1, 1))


def copied_and_back(path):
    shutil.copy(path, path.with_name("copy"))
    os.replace(path.with_name("copy"), path)


@pytest.mark.parametrize("change", [touched, copied_and_back])
def test_a_file_that_holds_the_same_save_can_be_saved_again(tmp_path, change):
    path = tmp_path / "a.safelight"
    project = Project.create(path, History.start(rich()))
    change(path)
    history = painted(History.start(rich()), 1)
    project.save(history)
    assert opened_elsewhere(path) == "ProjectInUse"
    project.close()
    assert steps_of(Project.open(path)[1]) == steps_of(history)


def test_nothing_is_written_over_a_file_unasked(tmp_path):
    path = tmp_path / "a.safelight"
    path.write_bytes(b"mine")
    with pytest.raises(FileExists, match="exists already"):
        Project.create(path, History.start(rich()))
    assert path.read_bytes() == b"mine"
    Project.create(path, History.start(rich()), overwrite=True).close()
    assert len(Project.open(path)[1].steps) == 1


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    before = path.read_bytes()
    (pages,) = project._connection.execute("PRAGMA page_count").fetchone()
    project._connection.execute(f"PRAGMA max_page_count = {pages}")
    layer = history.document.layers[-1]
    larger = history.do(edits.set_pixels(layer.id, noise(300, 280, 4, seed=9)))
    with pytest.raises(ProjectError, match=r"a\.safelight cannot be saved: the disk is full;"):
        project.save(larger)
    assert path.read_bytes() == before
    project._connection.execute(f"PRAGMA max_page_count = {1 << 30}")
    project.save(larger)  # when there is room again
    project.close()
    assert steps_of(Project.open(path)[1]) == steps_of(larger)


def test_a_new_project_on_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.safelight"
    path.write_bytes(b"mine")
    make = database.connect_new

    def small(path):
        connection = make(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(database, "connect_new", small)
    with pytest.raises(ProjectError, match="the disk is full"):
        Project.create(path, History.start(rich()), overwrite=True)
    assert path.read_bytes() == b"mine"
    assert [item.name for item in tmp_path.iterdir()] == ["a.safelight"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX rights")
def test_a_read_only_project_can_be_looked_at_and_saved_elsewhere():
    def attempt(folder):
        path = folder / "a.safelight"
        history = History.start(rich())
        Project.create(path, history).close()
        before, answers = path.read_bytes(), []
        for mode, of_folder in ((0o444, 0o755), (0o444, 0o555), (0o644, 0o555)):
            path.chmod(mode)
            folder.chmod(of_folder)
            project, opened = Project.open(path)
            answers.append(steps_of(opened) == steps_of(history))
            try:
                project.save(painted(history, 1))
            except ProjectError as error:
                answers.append(str(error))
            project.close()
            answers.append(path.read_bytes() == before)
        try:
            Project.create(folder / "b.safelight", history)
        except ProjectError as error:
            answers.append(str(error))
        return answers

    same, words, whole, *rest = as_ordinary_user(attempt)
    assert (same, whole) == (True, True)
    assert words == "a.safelight cannot be saved: the file may not be written; save elsewhere."
    assert rest[:3] == [same, words, whole]
    folder = "a.safelight cannot be saved: the file or its folder may not be written;"
    assert rest[3:6] == [True, f"{folder} save elsewhere.", True]
    assert rest[6].startswith("b.safelight was not saved: you have no permission")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ProjectError, match="does not exist"):
        Project.create(tmp_path / "no" / "a.safelight", History.start(rich()))
    with pytest.raises(ProjectError, match="cannot be opened"):
        Project.open(tmp_path / "no" / "a.safelight")


def test_a_failed_save_leaves_nothing_beside(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(28, "no")

    monkeypatch.setattr(Operations, "replace", refused)
    with pytest.raises(ProjectError, match="disk is full"):
        Project.create(tmp_path / "a.safelight", History.start(rich()), overwrite=True)
    assert list(tmp_path.iterdir()) == []


def journal_of_a_cut_off_save(path):
    """What lies beside a project whose process was killed while it wrote to the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN")
    connection.execute("UPDATE tiles SET data = data || x'00'")
    journal = path.with_name(f"{path.name}-journal").read_bytes()
    connection.execute("ROLLBACK")
    connection.close()
    return journal


@pytest.mark.parametrize("old", [None, b"no project"])
def test_a_cut_off_save_of_a_file_that_is_gone_does_not_reach_the_new_one(tmp_path, old):
    path, history = tmp_path / "a.safelight", History.start(rich())
    Project.create(path, painted(history, 1)).close()
    journal = journal_of_a_cut_off_save(path)
    assert journal[:8] == bytes.fromhex("d9d505f920a163d7")  # SQLite would take it up
    path.unlink()
    if old is not None:
        path.write_bytes(old)
    path.with_name("a.safelight-journal").write_bytes(journal)
    Project.create(path, history, overwrite=True).close()
    assert steps_of(Project.open(path)[1]) == steps_of(history)


def nested(deep):
    layer = Layer("Pixels", noise(3, 3, 3))
    for number in range(deep):
        layer = Layer(str(number), Group((layer,)))
    return History.start(Document(3, 3, "uint8", (layer,)))


def test_groups_as_deep_as_a_document_can_have_them_are_opened(tmp_path):
    path = tmp_path / "a.safelight"
    Project.create(path, nested(64)).close()
    opened = Project.open(path)[1].document
    assert sum(1 for _ in opened.walk()) == 65
    inner = next(opened.walk()).raster.to_array()
    np.testing.assert_array_equal(render(opened, opened.region)[..., :3], inner)


# -- damaged and hostile files ---------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"\xff\xd8\xff", b"x" * 5000])
def test_what_is_no_project_is_refused(tmp_path, content):
    path = tmp_path / "a.safelight"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="no Safelight project"):
        Project.open(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_the_database_of_another_program_is_not_touched(tmp_path, mode):
    path = tmp_path / "a.safelight"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE places (name)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="database of another program"):
        Project.open(path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["a.safelight"]


def test_a_fifo_is_refused(tmp_path):
    path = tmp_path / "a.safelight"
    os.mkfifo(path)
    with pytest.raises(ProjectError, match="no file"):
        Project.open(path)


def damaged(whole, dice):
    """The bytes of a file after something happened to it."""
    data, kind = bytearray(whole), dice.randrange(5)
    if kind == 0:
        del data[dice.randrange(len(data)) :]
    elif kind == 1:  # a bit
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    elif kind == 2:  # where the tables are described
        data[dice.randrange(4096)] = dice.randrange(256)
    elif kind == 3:
        for _ in range(60):
            data[dice.randrange(len(data))] = dice.randrange(256)
    else:  # a block that never reached the disk, or went to another place
        start, to = (dice.randrange(len(data)) // 512 * 512 for _ in range(2))
        data[to : to + 512] = dice.choice([bytes(512), data[start : start + 512]])
    return bytes(data)


@pytest.mark.attack
def test_a_damaged_file_opens_as_it_was_or_is_refused(tmp_path):
    path, broken = tmp_path / "a.safelight", tmp_path / "b.safelight"
    history = painted(painted(History.start(rich()), 1), 2).undo()
    Project.create(path, history).close()
    whole, expected = path.read_bytes(), steps_of(history)
    dice, refused = random.Random(5), []
    turns = attack.times(400, 40)
    for _ in range(turns):
        broken.write_bytes(damaged(whole, dice))
        try:
            project, opened = Project.open(broken)
        except ProjectError as error:
            refused.append(str(error))
            continue
        project.close()
        assert (steps_of(opened), opened.position) == (expected, 1)
    assert turns // 2 < len(refused) < turns
    assert all(text.startswith("b.safelight ") and text.endswith(".") for text in refused)


def tampered(tmp_path, *statements):
    """A project that a stranger has changed with these statements (or statement and values)."""
    path = tmp_path / "a.safelight"
    Project.create(path, History.start(rich()), overwrite=True).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        words = statement if isinstance(statement, tuple) else (statement,)
        connection.execute(*words).fetchall()
    connection.close()
    return path


def change_meta(path, change):
    """Change what a file says of itself, and seal it again as Safelight does."""
    connection = sqlite3.connect(path)
    database.write_meta(connection, change(database.read_meta(connection)))
    connection.commit()
    connection.close()


def with_text(tmp_path, text):
    """A project whose document is that text, under its right name."""
    name = hashlib.sha256(text.encode()).hexdigest()
    path = tampered(tmp_path, ("UPDATE documents SET hash = ?, data = ?", (name, text)))
    steps = [{"label": "Open", "token": None, "document": name}]
    history = json.dumps({"position": 0, "steps": steps})
    change_meta(path, lambda meta: meta | {"history": history})
    return path


def with_json(tmp_path, change):
    """A project whose document's JSON was changed."""
    path = tampered(tmp_path)
    connection = sqlite3.connect(path)
    data = json.loads(connection.execute("SELECT data FROM documents").fetchone()[0])
    connection.close()
    change(data)
    return with_text(tmp_path, json.dumps(data))


def test_a_changed_document_opens_when_it_makes_sense(tmp_path):
    path = with_json(tmp_path, lambda data: data.update(name="Another"))
    project, history = Project.open(path)
    project.close()
    assert history.document.name == "Another"


def test_a_filter_saved_before_masks_could_grow_opens_with_its_mask_as_it_was(tmp_path):
    def forget(data):
        for name in ("grow", "feather"):
            del data["layers"][2]["filter"][name]

    project, history = Project.open(with_json(tmp_path, forget))
    project.close()
    held = history.document.layers[2].filter
    assert (held.grow, held.feather) == (0, 0)


def test_what_was_saved_before_generators_were_there_is_not_synthetic(tmp_path):
    def forget(data):
        del data["layers"][0]["synthetic"], data["layers"][2]["filter"]["kept"]["synthetic"]

    project, history = Project.open(with_json(tmp_path, forget))
    project.close()
    ground, _, held, _ = history.document.layers
    assert (ground.synthetic, held.filter.kept.synthetic) == ("", "")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", "saved by a later version"),
        ("PRAGMA user_version = -1", "its tables are not|later version"),
        ("PRAGMA user_version = 0", "its tables are not a project's"),
        ("PRAGMA application_id = 1", "a database of another program"),
        ("PRAGMA journal_mode = WAL", "no database as Safelight writes them"),
        ("CREATE VIEW v AS SELECT 1", "its tables are not a project's"),
        ("CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT 1; END", "are not a project's"),
        ("CREATE INDEX i ON tiles (length(data))", "are not a project's"),
        ("CREATE TABLE more (x)", "are not a project's"),
        ("DROP TABLE blobs", "are not a project's"),
        ("DELETE FROM documents", "missing"),
        ("DELETE FROM tiles", "missing"),
        ("DELETE FROM rasters", "missing"),
        ("UPDATE rasters SET width = 100000000, height = 100000000", "too large"),
        ("UPDATE rasters SET width = 900000000, height = 1", "too large|not as many tiles"),
        ("UPDATE rasters SET width = 0", "0 x"),
        ("UPDATE rasters SET width = -5", "-5 x"),
        ("UPDATE rasters SET width = 'x'", "no size"),
        ("UPDATE rasters SET channels = 2", "no known kind"),
        ("UPDATE rasters SET depth = 'float64'", "no known kind"),
        ("UPDATE rasters SET depth = x'00'", "no known kind"),
        ("UPDATE rasters SET tiles = x'00'", "not as many tiles"),
        (
            "UPDATE rasters SET tiles = CAST(substr(tiles, 17) || substr(tiles, 1, 16) AS BLOB)",
            "a tile|damaged",
        ),
        ("UPDATE tiles SET data = x'01'", "too small|unpacked"),
        ("UPDATE tiles SET data = zeroblob(3000000)", "a tile has a size of its own"),
        ("UPDATE tiles SET data = 'text'", "missing"),
        ("UPDATE blobs SET data = x'00'", "damaged"),
        ("UPDATE documents SET data = '{}'", "a document in it is damaged"),
        ("UPDATE documents SET data = x'ff'", "missing"),
        ("UPDATE documents SET data = CAST(x'ff' AS TEXT)", "cannot be opened"),
        ("UPDATE meta SET value = '{}' WHERE name = 'history'", "its history is damaged"),
        ("UPDATE meta SET value = x'00'", "makes no sense"),
        ("DELETE FROM meta", "its history is damaged"),
    ],
)
def test_a_hostile_file_is_refused_in_words(tmp_path, statement, message):
    path = tampered(tmp_path, statement)
    with pytest.raises(ProjectError, match=message):
        Project.open(path)


@pytest.mark.parametrize(
    "history",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        '{"position": 0, "steps": []}',
        '{"position": 0, "steps": [{}]}',
        '{"position": 0, "steps": [5]}',
        '{"position": 1, "steps": [{"label": "x", "token": null, "document": "HERE"}]}',
        '{"position": -1, "steps": [{"label": "x", "token": null, "document": "HERE"}]}',
        '{"position": true, "steps": [{"label": "x", "token": null, "document": "HERE"}]}',
        '{"position": 0, "steps": [{"label": 1, "token": null, "document": "HERE"}]}',
        '{"position": 0, "steps": [{"label": "x", "token": 7, "document": "HERE"}]}',
        '{"position": 0, "steps": [{"label": "x", "token": null, "document": "other"}]}',
        '{"position": 0, "steps": [{"label": "x", "token": null, "document": {}}]}',
    ],
)
def test_a_history_that_makes_no_sense_is_refused(tmp_path, history):
    path = tampered(tmp_path)

    def change(meta):
        name = json.loads(meta["history"])["steps"][0]["document"]
        return meta | {"history": history.replace("HERE", name)}

    change_meta(path, change)
    with pytest.raises(ProjectError, match="cannot be opened"):
        Project.open(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[" * 50_000, "cannot be read"),
        ("null", "should have fields"),
        ('{"width": ' + "9" * 5000 + "}", "cannot be read|makes no sense|is"),
        (" " * (33 << 20), "far too large"),
    ],
)
def test_a_text_that_is_no_document_is_refused(tmp_path, text, message):
    with pytest.raises(ProjectError, match=message):
        Project.open(with_text(tmp_path, text))


def set_layer(index, **values):
    return lambda data: data["layers"][index].update(values)


def set_filter(**values):
    return lambda data: data["layers"][2]["filter"].update(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_layer(0, opacity=float("nan")), "NaN is no number"),
        (set_layer(0, opacity=2), "opacity"),
        (set_layer(0, opacity="1"), "opacity"),
        (set_layer(0, mode="invert"), "unknown blend mode"),
        (set_layer(0, mode=["normal"]), "mode"),
        (set_layer(0, visible=1), "visible"),
        (set_layer(0, name=None), "name"),
        (set_layer(0, pixels="../x"), "missing"),
        (set_layer(0, pixels=None), "filter"),
        (set_layer(0, mask=5), "mask"),
        (set_layer(0, synthetic=True), "synthetic is 'True'"),
        (set_layer(0, synthetic=["wholly"]), "synthetic is"),
        (set_layer(0, synthetic="a little"), "synthetic is 'a little'"),
        (lambda data: data["layers"].append(data["layers"][0]), "the same id"),
        (lambda data: data.update(width=-1), "width is -1"),
        (lambda data: data.update(width=10**30), "width is 1000"),
        (lambda data: data.update(frame=[0] * 9), "turned back"),
        (lambda data: data.update(frame=[1, 2]), "place"),
        (lambda data: data.update(depth="float64"), "depth"),
        (lambda data: data.update(depth="uint16"), "uint8"),
        (lambda data: data.update(layers={}), "layers"),
        (lambda data: data.update(layers=[]), r"it has no layers\."),
        (lambda data: data["layers"][2].update(mask=data["layers"][0]["pixels"]), "one channel"),
        (lambda data: data.update(selection=data["layers"][0]["pixels"]), "one channel"),
        (
            lambda data: data["layers"][2]["filter"]["kept"].update(raster=data["selection"]),
            "a filter has kept is a mask",
        ),
        (lambda data: data.update(quantisation=[[10**9] * 64]), "a step that none can have"),
        (lambda data: data.update(quantisation=[[0] * 64]), "a step that none can have"),
        (lambda data: data.update(quantisation=[[1]]), "64 steps"),
        (lambda data: data.update(layers=[None]), "fields"),
        (lambda data: data.update(layers=[{}] * 20_000), "more than 10000 layers"),
        (lambda data: data.update(dpi=[1]), "dpi"),
        (lambda data: data.update(dpi=[{"number": "many"}, 1]), "no value"),
        (lambda data: data.update(profile="missing"), "missing"),
        (lambda data: data.update(profile=data["exif"]), "profile"),
        (set_filter(channels="red"), "red"),
        (set_filter(settings={"a": [None]}), "no value"),
        (set_filter(settings={"a": [[[[[1]]]]]}), "no value"),
        (set_filter(settings={"a": {"text": "missing"}}), "missing"),
        (set_filter(settings={"a": {"text": 5}}), "no value"),
        (set_filter(settings={"a": [{"text": "missing"}]}), "no value"),
        (set_filter(texture=-1), "texture"),
        (set_filter(grow=5000), "grow"),
        (set_filter(grow=True), "grow"),
        (set_filter(feather=-1), "feather"),
        (set_filter(feather="wide"), "feather"),
        (set_filter(kept={"raster": 1}), "models"),
    ],
)
def test_a_document_that_makes_no_sense_is_refused(tmp_path, change, message):
    path = with_json(tmp_path, change)
    with pytest.raises(ProjectError, match=f"cannot be opened: .*{message}"):
        Project.open(path)


def test_a_document_without_layers_is_a_sentence_again_and_again(tmp_path):
    path = with_json(tmp_path, lambda data: data.update(layers=[]))
    for _ in range(2):
        with pytest.raises(
            ProjectError, match=r"^a\.safelight cannot be opened: it has no layers\.$"
        ):
            Project.open(path)
    assert opened_elsewhere(path) == "ProjectError"
    history = History.start(rich())
    history = History((Step("Nothing", replace(history.document, layers=())),))
    with pytest.raises(ProjectError, match=r"^b\.safelight cannot be saved: it has no layers\.$"):
        Project.create(tmp_path / "b.safelight", history)


@pytest.mark.parametrize("dpi", [(0.0, 0.0), (math.inf, 300.0), (math.nan, 1.0), (-72.0, 72.0)])
def test_numbers_that_are_no_resolution_are_none(tmp_path, dpi):
    document = replace(rich(), metadata=Metadata(b"II", dpi=dpi))
    opened = saved_and_opened(tmp_path / "b.safelight", History.start(document))
    assert opened.document.metadata == Metadata(b"II")
    stated = [value if math.isfinite(value) else {"number": str(value)} for value in dpi]
    project, opened = Project.open(with_json(tmp_path, lambda data: data.update(dpi=stated)))
    project.close()
    assert opened.document.metadata.dpi is None


def test_the_pixel_limit_counts_when_a_project_is_opened(tmp_path, monkeypatch):
    path = tmp_path / "a.safelight"
    Project.create(path, History.start(rich())).close()
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", str(280 * 300 - 1))
    sentence = (
        "a.safelight cannot be opened: a picture of 280 x 300 pixels is too large: the limit is"
        " 0.084 megapixels. If you trust the file, raise it: --pixel-limit 84000 on the command"
        " line, or SAFELIGHT_PIXEL_LIMIT=84000 in the environment."
    )
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert str(caught.value) == sentence
    Project.open(path, pixel_limit=84000)[0].close()
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", "84000")
    Project.open(path)[0].close()
    with pytest.raises(ProjectError, match="too large: the limit is 0.001 megapixels"):
        Project.open(path, pixel_limit=1000)
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", "many")
    with pytest.raises(ProjectError, match=r"^SAFELIGHT_PIXEL_LIMIT must be a whole number"):
        Project.open(path)


def test_the_pixel_limit_counts_for_a_document_without_pixels(tmp_path):
    def vast(data):
        data.update(width=900_000, height=900_000, selection=None)
        data["layers"] = [data["layers"][1] | {"group": []}]

    with pytest.raises(
        ProjectError, match="900000 x 900000 pixels is too large: the limit is 1000"
    ):
        Project.open(with_json(tmp_path, vast))


def test_free_memory_does_not_count_when_a_project_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys.modules["safelight.files.pixel_limit"], "default_pixel_limit", lambda: 100
    )
    history = painted(History.start(rich()), 1)
    assert steps_of(saved_and_opened(tmp_path / "a.safelight", history)) == steps_of(history)


# -- long names, many layers -------------------------------------------------------------------


def deep(folder, length):
    """A folder below one, whose path has ``length`` bytes."""
    while len(os.fsencode(folder)) < length - 1:
        folder /= "d" * min(200, length - len(os.fsencode(folder)) - 1)
    folder.mkdir(parents=True)
    return folder


def test_a_name_that_is_too_long_is_a_sentence_about_the_name(tmp_path):
    history = History.start(rich())
    longest = tmp_path / ("n" * 237 + ".safelight")
    project = Project.create(longest, history)
    project.save(painted(history, 1))
    project.close()
    for letters in (238, 245, 246, 500):
        path = tmp_path / ("n" * letters + ".safelight")
        sentence = f"{path.name} cannot be saved: the name is too long ({letters + 10} bytes, at"
        with pytest.raises(ProjectError) as caught:
            Project.create(path, history)
        assert str(caught.value) == f"{sentence} most 247); choose a shorter one."
    with pytest.raises(ProjectError, match=r"cannot be opened: File name too long\."):
        Project.open(tmp_path / ("n" * 300 + ".safelight"))
    moved = longest.rename(tmp_path / ("n" * 240 + ".safelight"))
    project, opened = Project.open(moved)
    with pytest.raises(ProjectError, match=r"cannot be saved: the name is too long \(250 bytes"):
        project.save(painted(opened, 2))
    project.close()
    assert [item.name for item in tmp_path.iterdir()] == [moved.name]


@pytest.mark.skipif(sys.platform != "linux", reason="SQLite's longest path on Linux")
@pytest.mark.parametrize("length", [500, 700, 2000])
def test_a_path_that_is_too_long_is_a_sentence_about_the_path(tmp_path, length):
    folder, history = deep(tmp_path, length), History.start(rich())
    path = folder / "a.safelight"
    sentence = (
        f"its path is too long ({len(os.fsencode(path))} bytes); choose a folder nearer to the top."
    )
    with pytest.raises(ProjectError) as caught:
        Project.create(path, history)
    assert str(caught.value) == f"a.safelight cannot be saved: {sentence}"
    assert list(folder.iterdir()) == []
    Project.create(tmp_path / "a.safelight", history).close()
    shutil.copy(tmp_path / "a.safelight", path)
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert str(caught.value) == f"a.safelight cannot be opened: {sentence}"
    with pytest.raises(ProjectError, match=r"\.safelight cannot be saved: its path is too long"):
        Recovery(folder / "recovery", None, "Untitled").save(history)


def test_a_path_as_long_as_sqlite_takes_is_saved_and_opened(tmp_path):
    history = History.start(rich())
    path = deep(tmp_path, 512 - len("-journal") - 1 - LONGEST_TEMPORARY) / "a.safelight"
    project = Project.create(path, history)
    project.save(painted(history, 1))
    project.close()
    assert len(Project.open(path)[1].steps) == 2


def many_layers(count, steps):
    """A document of empty layers, each of them a stroke's, and steps that rename one each."""
    shared = Raster.filled(20, 10, (1, 2, 3, 4), "uint8")
    layers = tuple(Layer(f"Layer {number}", shared) for number in range(count))
    history = History.start(Document(20, 10, "uint8", layers))
    for number in range(steps):
        history = history.do(edits.rename_layer(layers[number].id, f"Renamed {number}"))
    return history


def test_ten_thousand_layers_are_saved_and_opened(tmp_path):
    history = many_layers(10_000, 3)
    project = Project.create(tmp_path / "a.safelight", history)
    project.save(history.do(edits.rename_layer(history.document.layers[-1].id, "Last")))
    project.close()
    project, opened = Project.open(tmp_path / "a.safelight")
    assert [layer.name for layer in opened.document.layers[:3]] == [
        f"Renamed {n}" for n in range(3)
    ]
    assert opened.document.layers[-1].name == "Last"
    assert len(opened.document.layers) == 10_000
    # Steps share the layers that they did not change, as they did before they were saved.
    first, last = opened.steps[0].document, opened.document
    assert sum(a is b for a, b in zip(first.layers, last.layers, strict=True)) == 10_000 - 4
    project.close()


def test_a_save_tells_the_new_steps_alone(tmp_path, monkeypatch):
    history = many_layers(50, 8)
    project = Project.create(tmp_path / "a.safelight", history)
    told, to_json = [], writing.to_json
    monkeypatch.setattr(
        writing,
        "to_json",
        lambda document, *rest: told.append(document) or to_json(document, *rest),
    )
    after = history.do(edits.rename_layer(history.document.layers[-1].id, "Last"))
    project.save(after)
    project.save(after.undo())
    assert told == [after.document]
    project.close()
    opened = Project.open(tmp_path / "a.safelight")[1]
    assert steps_of(opened) == steps_of(after)


def test_groups_in_groups_without_end_are_refused(tmp_path):
    def nest(data):
        layer = data["layers"][0]
        for number in range(200):
            layer = layer | {"group": [layer], "pixels": None, "id": str(number)}
        data["layers"] = [layer]

    with pytest.raises(ProjectError, match="more than 64 deep"):
        Project.open(with_json(tmp_path, nest))


def test_a_tile_that_unpacks_to_more_than_a_tile_is_refused(tmp_path):
    bomb = b"\1" + bytes(imagecodecs.zstd_encode(bytes(2 << 30), 1))
    path = tampered(tmp_path, ("UPDATE tiles SET data = ?", (bomb,)))
    answer = elsewhere(PEAK, path)
    assert "a tile cannot be unpacked" in answer
    assert int(answer.split()[-1]) < 100 << 20  # bytes more than before


# -- versions, recovery ----------------------------------------------------------------------


def version_0(path):
    """A file as version 0 wrote it, made by hand: one red layer, one step undone."""
    tile = np.zeros((2, 3, 3), np.uint8)
    tile[..., 0] = 255
    raster = Raster.from_array(tile)
    layer = {
        **{"pixels": raster.digest().hex(), "id": "a", "name": "Red", "opacity": 1.0},
        **{"mode": "normal", "visible": True, "locked": False, "clipped": False, "mask": None},
    }
    texts = [
        json.dumps({"width": 3, "height": 2, "depth": "uint8", "name": name, "layers": [layer]})
        for name in ("First", "Second")
    ]
    names = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA application_id = 1526600039; PRAGMA user_version = 0;"
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "CREATE TABLE tiles (hash BLOB PRIMARY KEY, data BLOB NOT NULL);"
        "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL);"
        "CREATE TABLE rasters (hash TEXT PRIMARY KEY, width INTEGER NOT NULL,"
        " height INTEGER NOT NULL, channels INTEGER NOT NULL, depth TEXT NOT NULL,"
        " tiles BLOB NOT NULL);"
        "CREATE TABLE documents (hash TEXT PRIMARY KEY, data TEXT NOT NULL);"
        "CREATE TABLE steps (position INTEGER PRIMARY KEY, label TEXT NOT NULL,"
        " document TEXT NOT NULL);"
        "INSERT INTO meta VALUES ('position', '0')"
    )
    (digest,) = raster.digests()
    connection.execute("INSERT INTO tiles VALUES (?, ?)", (digest, b"\0" + tile.tobytes()))
    row = (raster.digest().hex(), 3, 2, 3, "uint8", digest)
    connection.execute("INSERT INTO rasters VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.executemany("INSERT INTO documents VALUES (?, ?)", zip(names, texts, strict=True))
    steps = [(0, "Open", names[0]), (1, "Rename", names[1])]
    connection.executemany("INSERT INTO steps VALUES (?, ?, ?)", steps)
    connection.commit()
    connection.close()


def test_a_project_of_version_0_is_migrated(tmp_path):
    path = tmp_path / "a.safelight"
    version_0(path)
    project, history = Project.open(path)
    assert [(step.label, step.token) for step in history.steps] == [
        ("Open", None),
        ("Rename", None),
    ]
    assert (history.position, history.redo().document.name) == (0, "Second")
    assert history.document.layers[0].raster.to_array()[1, 2].tolist() == [255, 0, 0]
    after = painted_over(history)
    project.save(after)
    project.close()
    assert steps_of(Project.open(path)[1]) == steps_of(after)


def painted_over(history):
    layer = history.document.layers[0]
    return history.do(edits.set_pixels(layer.id, Raster.filled(3, 2, (1, 2, 3), "uint8")))


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.safelight"
    version_0(path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM meta")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="no present step"):
        Project.open(path)
    assert path.read_bytes() == before


def test_what_a_living_process_holds_is_not_offered_for_recovery(tmp_path):
    recovery = Recovery(tmp_path, tmp_path / "photo.jpg", "photo.jpg")
    history = painted(History.start(rich()), 1)
    recovery.save(history)
    assert left_behind(tmp_path) == []
    recovery._project.close()  # as a kill does
    (left,) = left_behind(tmp_path)
    assert (left.name, left.original) == ("photo.jpg", tmp_path / "photo.jpg")
    again, recovered = Recovery.taken(left)
    assert steps_of(recovered) == steps_of(history)
    again.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_recovery_file_that_somebody_deleted_is_written_again(tmp_path):
    folder = tmp_path / "recovery"
    recovery = Recovery(folder, None, "Untitled")
    history = History.start(rich())
    recovery.save(history)
    next(folder.iterdir()).unlink()
    recovery.save(painted(history, 1))
    recovery._project.close()
    (left,) = left_behind(folder)
    assert left.original is None
    again, recovered = Recovery.taken(left)
    assert steps_of(recovered) == steps_of(painted(history, 1))
    again.discard()


def test_a_recovery_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProjectError, match="cannot be saved"):
        Recovery(tmp_path / "file" / "x", None, "Untitled").save(History.start(rich()))


def test_only_the_user_may_look_at_what_is_not_saved(tmp_path):
    folder = tmp_path / "recovery"
    recovery = Recovery(folder, None, "Untitled")
    recovery.save(History.start(rich()))
    assert folder.stat().st_mode & 0o077 == 0
    recovery.discard()


@pytest.mark.skipif(os.name != "posix", reason="what is held cannot be deleted elsewhere")
def test_a_recovery_file_is_gone_at_once_and_its_space_on_another_thread(tmp_path, monkeypatch):
    recovery = Recovery(tmp_path, None, "photo.png")
    recovery.save(painted(History.start(rich()), 1))
    (kept,) = tmp_path.glob("*.safelight")
    closed, hold = queue.Queue(), recovery_module._held

    class Noted:
        def __init__(self, file):
            self.file = file

        def close(self):
            gone = os.fstat(self.file.fileno()).st_nlink == 0
            self.file.close()
            closed.put((gone, threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr(recovery_module, "_held", lambda path: hold(path) and Noted(hold(path)))
    recovery.discard()
    assert not kept.exists()
    assert closed.get(timeout=180) == (True, False)


def test_a_project_keeps_the_gradient_of_a_mask_and_what_was_masked_before(tmp_path):
    before = edits.select_box(box=(0, 0, 50, 60)).apply(Document.from_raster(noise(80, 100, 3)))
    before = edits.deselect().apply(edits.add_mask().apply(before))
    ramp = DECLARED["gradient_mask"](x=3, y=4, to_x=90, to_y=60, how="intersect")
    before = ramp.apply(before)
    after = saved_and_opened(tmp_path / "sky.safelight", History.start(before)).document
    gradient = before.layers[0].mask_gradient
    assert after.layers[0].mask_gradient.gradient == gradient.gradient
    again = DECLARED["gradient_mask"](to_y=80, how="add", edits=True)
    masks = [again.apply(one).layers[0].mask.to_array() for one in (before, after)]
    assert np.array_equal(*masks)

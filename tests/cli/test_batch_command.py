"""``safelight run``: batches that are named, counted, stopped, killed and resumed."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.actions.batch import run_batch
from safelight.actions.batch.batch_journal import BatchError, Journal
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.process_file import Processed
from safelight.actions.stop import Stop
from safelight.cli.main import main
from safelight.files import WriteError, open_picture
from tests import pictures
from tests.attack import times

FADE = {"command": "set_opacity", "settings": {"opacity": 0.5}}
FLIP = {"command": "flip", "settings": {"axis": "horizontal"}}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def photographs(folder, count):
    folder.mkdir()
    for number in range(count):
        pixels = np.full((6, 8, 3), 10 + number, np.uint8)
        pixels[:, :4] = 200
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"version": 2, "steps": [FLIP]}))
    return path


def run(recipe, *words):
    return main(["run", str(recipe), *map(str, words)])


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_folder_is_done_with_names_of_a_pattern_in_its_order_however_many_at_once(
    tmp_path, recipe, capsys
):
    photographs(tmp_path / "in", 5)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    words = [tmp_path / "in", "--output-dir", tmp_path / "out", "--pattern", "trip-{number}"]
    assert run(recipe, *words, "--jobs", 3, "--json") == 0
    told = sorted(lines(capsys.readouterr().out), key=lambda item: item["number"])
    assert [Path(item["target"]).name for item in told] == [f"trip-{n:04}.png" for n in range(1, 6)]
    assert {item["state"] for item in told} == {"done"}
    for number, path in enumerate(sorted((tmp_path / "out").iterdir())):
        pixels = np.asarray(Image.open(path))
        assert (pixels[0, 0] == 10 + number).all()
        assert (pixels[0, 7] == 200).all()


def test_names_come_from_standard_input_whatever_their_bytes(tmp_path, recipe, monkeypatch, capsys):
    (first, second) = photographs(tmp_path / "in", 2)
    odd = os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff.png")
    os.rename(second, odd)
    given = io.TextIOWrapper(io.BytesIO(os.fsencode(first) + b"\n\n" + os.fsencode(odd) + b"\n"))
    monkeypatch.setattr(sys, "stdin", given)
    assert run(recipe, "-", "--output-dir", tmp_path / "out") == 0
    assert len(os.listdir(tmp_path / "out")) == 2


def test_a_dry_run_tells_names_and_writes_nothing(tmp_path, recipe, capsys):
    paths = photographs(tmp_path / "in", 2)
    words = [*paths, tmp_path / "gone.png", "--output-dir", tmp_path / "out", "--dry-run", "--json"]
    assert run(recipe, *words, "--format", "JPEG") == 1
    told = lines(capsys.readouterr().out)
    assert [Path(item["target"]).name for item in told] == ["000.jpg", "001.jpg", "gone.jpg"]
    assert [item["state"] for item in told] == ["done", "done", "failed"]
    assert not (tmp_path / "out").exists()


def test_a_format_of_a_plugin_names_its_ending_and_one_that_is_not_there_is_refused_at_once(
    tmp_path, recipe, capsys
):
    (path,) = photographs(tmp_path / "in", 1)
    words = [path, "--output-dir", tmp_path / "out", "--json", "--format"]
    assert run(recipe, *words, "Portable FloatMap") == 0
    (told,) = lines(capsys.readouterr().out)
    assert Path(told["target"]).name == "000.pfm"
    assert Path(told["target"]).read_bytes().startswith(b"Pf")  # the picture is grey
    assert run(recipe, *words, "Polaroid") == 2
    assert "no export to Polaroid" in capsys.readouterr().err


def test_a_finished_file_is_not_touched_when_a_batch_is_resumed_and_a_failed_one_is_tried_again(
    tmp_path, recipe, capsys
):
    paths = photographs(tmp_path / "in", 3)
    whole = paths[1].read_bytes()
    paths[1].write_bytes(b"no picture")
    words = [tmp_path / "in", "--output-dir", tmp_path / "out"]
    assert run(recipe, *words) == 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert len(before) == 2
    paths[1].write_bytes(whole)
    capsys.readouterr()
    assert run(recipe, *words, "--resume", "--json") == 0
    assert sorted(item["state"] for item in lines(capsys.readouterr().out)) == [
        *("done", "there", "there")
    ]
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert len(after) == 3
    assert before.items() <= after.items()


def test_what_was_another_recipe_is_not_resumed(tmp_path, recipe, capsys):
    paths = photographs(tmp_path / "in", 2)
    paths[1].write_bytes(b"no picture")
    words = [tmp_path / "in", "--output-dir", tmp_path / "out"]
    assert run(recipe, *words) == 1
    recipe.write_text(json.dumps({"version": 2, "steps": [FADE]}))
    assert run(recipe, *words, "--resume") == 1
    assert "was another recipe" in capsys.readouterr().err


def test_two_batches_do_not_write_into_one_folder(tmp_path):
    with Journal(tmp_path, "a"), pytest.raises(BatchError, match="Another batch is writing into"):
        Journal(tmp_path, "a")
    Journal(tmp_path, "a").close()


def test_the_same_file_twice_is_done_once_and_another_of_its_name_has_a_number(tmp_path, recipe):
    (path,) = photographs(tmp_path / "in", 1)
    (other,) = photographs(tmp_path / "more", 1)
    words = [path, path, other, "--output-dir", tmp_path / "out", "--jobs", 2]
    assert run(recipe, *words) == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["000-2.png", "000.png"]


def test_a_folder_that_goes_stops_a_batch_with_a_sentence(tmp_path, recipe, monkeypatch, capsys):
    photographs(tmp_path / "in", 4)
    out = tmp_path / "out"
    process = run_batch.process_file

    def gone(*given, **told):
        found = process(*given, **told)
        found.path.unlink()
        out.rmdir()
        return found

    monkeypatch.setattr(run_batch, "process_file", gone)
    assert run(recipe, tmp_path / "in", "--output-dir", out, "--jobs", 1) == 1
    assert "out is gone; the batch has stopped, and can be resumed" in capsys.readouterr().err


def test_a_full_disk_stops_a_batch_with_a_sentence(tmp_path, recipe, monkeypatch, capsys):
    photographs(tmp_path / "in", 4)
    begun = []

    def full(recipe, studio, source, target, *given, **told):
        begun.append(source)
        raise OSError("the disk is full; free some space or save elsewhere")

    monkeypatch.setattr(run_batch, "process_file", full)
    assert run(recipe, tmp_path / "in", "--output-dir", tmp_path / "out", "--jobs", 1) == 1
    assert len(begun) == 1
    assert "is full; the batch has stopped, and can be resumed" in capsys.readouterr().err


def test_a_folder_is_watched_until_it_is_stopped_and_never_its_own_output(tmp_path, recipe, capsys):
    folder = tmp_path / "in"
    photographs(folder, 1)
    stop = Stop()
    found = run_batch.watched(folder, stop, {".png"}, every=0.01)
    assert next(found).name == "000.png"
    part = folder / "late.png"
    part.write_bytes((folder / "000.png").read_bytes())
    assert next(found).name == "late.png"
    stop.ask()
    assert list(found) == []
    assert run(recipe, "--watch", folder, "--output-dir", folder) == 2
    assert "would be seen there as new" in capsys.readouterr().err


def test_the_names_of_ten_thousand_files_are_kept_on_the_disk(tmp_path):
    with Journal(tmp_path, "a") as journal:
        tracemalloc.start()
        for number in range(10_000):
            source = tmp_path / f"{number // 2}" / f"{number % 2}.png"
            journal.first_time(source)
            journal.name(source, tmp_path / f"picture-{number:05}-of-a-long-name.png")
        taken = tracemalloc.take_snapshot()
        tracemalloc.stop()
    held = taken.filter_traces([tracemalloc.Filter(True, "*batch_journal.py")])
    assert sum(item.size for item in held.statistics("filename")) < 64 << 10


def test_answers_are_of_the_kind_that_is_asked_for(tmp_path, capsys):
    (path,) = photographs(tmp_path / "in", 1)
    asks = {"command": "set_opacity", "settings": {"opacity": {"open": "strength"}}}
    recipe = tmp_path / "r.json"
    recipe.write_text(
        json.dumps({"version": 2, "steps": [asks], "open": {"strength": {"default": 0.5}}})
    )
    words = [path, "--output-dir", tmp_path / "out", "--answer"]
    assert run(recipe, *words, "strength=much") == 2
    assert "strength is a number" in capsys.readouterr().err
    assert run(recipe, *words, "strength=0.25", "--pattern", "{nme}") == 2
    assert "has no {nme}" in capsys.readouterr().err
    assert run(recipe, *words, "strength=0.25") == 0


def test_a_closed_batch_leaves_no_thread_and_can_be_resumed(tmp_path, recipe):
    photographs(tmp_path / "in", 6)
    before = threading.active_count()

    def slowly(order, number, source, path, stop, at_once):
        while not stop.wait(0.01):
            pass
        stop.check()

    order = run_batch.Order(run_batch.Recipe(()), tmp_path / "out")
    batch = run_batch.Batch(order, sorted((tmp_path / "in").iterdir()), slowly, jobs=3)
    reports = iter(batch)
    threading.Timer(0.05, batch.stop.ask).start()
    assert list(reports) == []
    deadline = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_files_share_the_processor_and_the_last_one_has_it_to_itself(tmp_path):
    sources = photographs(tmp_path / "in", 3)
    together, seen = threading.Barrier(2), {}

    def work(order, number, source, path, stop, at_once):
        if number < 3:
            together.wait(30)
        deadline = time.monotonic() + 30
        while number == 3 and at_once() > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        seen[number] = at_once()
        if number < 3:
            together.wait(30)
        return Processed(source, 1, 8, 6)

    order = run_batch.Order(run_batch.Recipe(()), tmp_path / "out")
    assert len(list(run_batch.Batch(order, sources, work, jobs=2))) == 3
    assert seen == {1: 2, 2: 2, 3: 1}


def test_jobs_have_equal_parts_of_the_processor_s_threads_and_one_alone_has_all(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [Studio.threads_of_each(jobs) for jobs in (1, 2, 4)] == [0, 4, 4]  # two jobs run at once
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert Studio.threads_of_each(2) == 1


@pytest.mark.attack
def test_a_killed_batch_is_resumed_until_every_file_is_whole_and_written_once(tmp_path, recipe):
    """Kills at moments spread over the whole run; the last run is let through."""
    count = 12
    photographs(tmp_path / "in", count)
    words = [sys.executable, "-m", "safelight", "run", str(recipe), str(tmp_path / "in")]
    words += ["--output-dir", str(tmp_path / "out"), "--resume", "--quiet", "--jobs", "2"]
    stamps = {}
    for number in range(times(200, 6)):
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        try:
            process.wait(0.6 + 0.13 * (number % 17))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for path in (tmp_path / "out").glob("*.png"):
            Image.open(path).load()  # whole
            assert stamps.setdefault(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns
    assert subprocess.run(words).returncode == 0
    assert sorted(os.listdir(tmp_path / "out")) == [f"{n:03}.png" for n in range(count)]
    assert (
        stamps.items()
        <= {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}.items()
    )


def test_sidecars_are_read_and_written_a_killed_run_s_goes_on_and_another_s_is_left(
    tmp_path, recipe, capsys
):
    first, second = photographs(tmp_path / "in", 2)
    first.with_suffix(".xmp").write_bytes(pictures.XMP)
    out = tmp_path / "out"
    out.mkdir()
    # As a run leaves it that was killed between the two files of a picture.
    (out / "000.xmp").write_bytes(pictures.XMP)
    assert run(recipe, first, "--output-dir", out, "--sidecar") == 0
    assert (out / "000.xmp").read_bytes() == pictures.XMP
    assert open_picture(out / "000.png").document.metadata.xmp == pictures.XMP
    (out / "001.xmp").write_bytes(b"somebody's")
    assert run(recipe, second, "--output-dir", out, "--sidecar") == 1
    assert "001.xmp exists" in capsys.readouterr().err
    assert (out / "001.xmp").read_bytes() == b"somebody's"
    assert not (out / "001.png").exists()
    broken = first.with_name("002.png")
    broken.write_bytes(first.read_bytes())
    broken.with_suffix(".xmp").write_bytes(b"no packet")
    assert run(recipe, broken, "--output-dir", out, "--sidecar") == 1
    assert sorted(path.name for path in out.iterdir()) == ["000.png", "000.xmp", "001.xmp"]


def test_a_sidecar_is_taken_back_where_its_picture_cannot_be_written(tmp_path, recipe, monkeypatch):
    (source,) = photographs(tmp_path / "in", 1)

    def full(*args, **more):
        raise WriteError("000.png was not saved: it is Tuesday.")

    monkeypatch.setattr("safelight.actions.recipes.process_file.export", full)
    assert run(recipe, source, "--output-dir", tmp_path / "out", "--sidecar") == 1
    assert not list((tmp_path / "out").iterdir())

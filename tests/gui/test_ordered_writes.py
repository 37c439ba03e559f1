"""Ordered writes: however threads take their turns, the newest version of a file stays."""

import threading

import pytest

from safelight.gui.threads.ordered_writes import OrderedWrites


def test_an_older_version_is_not_written_over_a_newer_one(tmp_path):
    writes, file = OrderedWrites(), tmp_path / "kept"
    first, second = writes.ask(file), writes.ask(file)
    writes.write(file, second, lambda: file.write_text("new"))
    writes.write(file, first, lambda: file.write_text("old"))
    assert file.read_text() == "new"


def test_a_reader_waits_for_the_version_that_was_asked_for_last(tmp_path):
    writes, file, go_on = OrderedWrites(), tmp_path / "kept", threading.Event()
    file.write_text("old")
    number = writes.ask(file)

    def slowly():
        go_on.wait(60)
        file.write_text("new")

    seen = []
    reader = threading.Thread(target=lambda: seen.append((writes.settled(file), file.read_text())))
    writer = threading.Thread(target=writes.write, args=(file, number, slowly))
    for thread in (reader, writer):
        thread.start()
    reader.join(0.2)
    assert reader.is_alive()
    go_on.set()
    for thread in (reader, writer):
        thread.join(60)
    assert seen == [(True, "new")]


def test_what_cannot_be_written_is_told_and_waited_for_no_longer(tmp_path):
    writes, file = OrderedWrites(), tmp_path / "kept"
    number = writes.ask(file)

    def fails():
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        writes.write(file, number, fails)
    assert writes.settled(file)
    assert writes.settled(tmp_path / "another")

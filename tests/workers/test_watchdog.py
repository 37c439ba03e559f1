"""Patience: a worker is judged by whether it gets anywhere, not by the clock of a busy machine."""

import os
import subprocess
import sys

import pytest

from safelight.workers.watchdog import LOOK, PATIENCE, Doing, Patience, doing


class Machine:
    """A clock and a process, both told what happens."""

    def __init__(self, told=True):
        self.now, self.ran, self.busy, self.told = 100.0, 5.0, False, told
        self.looks = 0

    def patience(self, limit=20.0):
        return Patience(limit, self.look, lambda: self.now)

    def look(self):
        self.looks += 1
        return Doing(self.ran, self.busy) if self.told else None

    def passes(self, patience, seconds, share, busy=True):
        """Let time pass of which the process gets a ``share``; the seconds until it is over."""
        self.busy = busy
        for step in range(round(seconds / LOOK)):
            self.now += LOOK
            self.ran += share * LOOK
            if patience.over():
                return (step + 1) * LOOK
        return None


def test_a_filter_that_waits_for_a_processor_is_not_hanging():
    machine = Machine()
    patience = machine.patience()
    assert machine.passes(patience, 190.0, 0.1) is None
    assert machine.passes(patience, 20.0, 0.1) == pytest.approx(10.0, abs=1)


def test_one_that_loops_without_an_end_is_ended_after_its_own_time():
    machine = Machine()
    assert machine.passes(machine.patience(), 60.0, 1.0) == pytest.approx(20.0, abs=2 * LOOK)


def test_who_has_much_patience_looks_seldom():
    machine = Machine()
    assert machine.passes(machine.patience(PATIENCE), 60.0, 1.0) is None
    assert 100 < machine.looks < 250


def test_several_threads_that_run_at_once_have_no_less_time():
    machine = Machine()
    assert machine.passes(machine.patience(), 60.0, 8.0) == pytest.approx(20.0, abs=2 * LOOK)


def test_one_that_sleeps_is_ended_after_the_time_of_the_clock():
    machine = Machine()
    found = machine.passes(machine.patience(), 60.0, 0.0, busy=False)
    assert found == pytest.approx(20.0, abs=2 * LOOK)


def test_where_the_system_tells_nothing_the_clock_counts():
    machine = Machine(told=False)
    found = machine.passes(machine.patience(), 60.0, 0.0)
    assert found == pytest.approx(20.0, abs=2 * LOOK)


def test_time_in_which_nobody_could_look_is_nobodys_fault():
    machine = Machine(told=False)
    patience = machine.patience()
    machine.now += 3600
    assert not patience.over()


def test_progress_that_rises_is_getting_somewhere_and_saying_the_same_is_not():
    machine = Machine()
    patience = machine.patience()
    for step in range(10):
        assert machine.passes(patience, 15.0, 1.0) is None
        patience.hear({"type": "progress", "fraction": step / 10})
    for _ in range(3):
        patience.hear({"type": "progress", "fraction": 0.9})
        patience.hear({"type": "progress", "fraction": 9.0})
        patience.hear({"type": "progress", "fraction": "1"})
        if machine.passes(patience, 15.0, 1.0) is not None:
            return
    raise AssertionError("it was never over")


LOOP = "print(flush=True)\nwhile True: pass"
SLEEP = "import time\nprint(flush=True)\nwhile True: time.sleep(3600)"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {LOOP!r}])"


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's /proc")
@pytest.mark.parametrize(("code", "busy"), [(LOOP, True), (SLEEP, False), (PARENT, True)])
def test_what_a_process_does_is_what_it_and_its_children_do(code, busy):
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout.readline() == b"\n"
        first = doing(process.pid)
        for _ in range(100_000):
            seen = doing(process.pid)
            if seen.busy == busy and (not busy or seen.ran > first.ran):
                break
        assert seen.busy == busy
        assert seen.ran > first.ran if busy else seen.ran == pytest.approx(first.ran, abs=0.05)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        process.stdout.close()


def test_of_a_process_that_is_gone_nothing_is_told():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert doing(process.pid) is None

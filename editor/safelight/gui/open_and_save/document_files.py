"""Document files: the project of one open document, and what is recovered after a kill.

They are written one after the other, in the order in which that was asked for, on a thread of
their own. Nobody waits for it but the process's exit: what was asked for is finished, what was
only noted for recovery stops when the document is closed.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from safelight import actions
from safelight.document import History

_ending: set[Future[None]] = set()
"""Documents that are closed and have not let go of their files yet."""

_lock = threading.Lock()


class Keeping:
    """The files of one document. Each method but ``end`` gives a future of what it asks for."""

    def __init__(self, project: actions.Project | None, recovery: actions.Recovery) -> None:
        self._project = project
        self._recovery = recovery
        self._ended = False
        # Unlike a daemon's, its work is finished before the process ends.
        self._thread = ThreadPoolExecutor(1, "keeping")

    def save(
        self, history: History, path: Path | None, *, overwrite: bool = False
    ) -> Future[actions.Project]:
        """Save as a project: where it is saved already, or at ``path``.

        The future has ProjectError or FileExists when it cannot be.
        """
        return self._thread.submit(self._save, history, path, overwrite)

    def note(self, history: History) -> Future[None]:
        """Write the history into the recovery file; the future may have ProjectError."""
        return self._thread.submit(self._recovery.save, history)

    def forget_notes(self) -> Future[None]:
        """Nothing needs to be recovered any more: it is saved."""
        return self._thread.submit(self._recovery.discard)

    def end(self) -> None:
        """Finish what was asked for, stop what is noted, let go of the files. Does not wait."""
        if self._ended:
            return
        self._ended = True
        self._recovery.give_up()
        ending = self._thread.submit(self._let_go)
        with _lock:
            _ending.add(ending)
        ending.add_done_callback(_forget)
        self._thread.shutdown(wait=False)

    def _save(self, history: History, path: Path | None, overwrite: bool) -> actions.Project:
        project = self._project
        if project is not None and path in (None, project.path):
            project.save(history)
            return project
        assert path is not None
        made = actions.Project.create(path, history, overwrite=overwrite)
        if project is not None:
            project.close()
        self._project = made
        return made

    def _let_go(self) -> None:
        self._recovery.discard()
        if self._project is not None:
            self._project.close()


def wait_for_closed() -> None:
    """Wait until the documents that are closed have let go of their files. Not for the window."""
    with _lock:
        ending = set(_ending)
    wait(ending)


def _forget(ending: Future[None]) -> None:
    with _lock:
        _ending.discard(ending)

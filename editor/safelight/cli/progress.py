"""Progress: one line on a terminal that is drawn over itself; nothing in a pipe."""

from __future__ import annotations

from typing import TextIO

from safelight.cli.terminal import draw, visible

_WIDTH = 30


class ProgressBar:
    """``Enlarge ━━━━━━━╸          42 %  0:12 left``."""

    def __init__(self, title: str, stream: TextIO | None, *, hidden: bool = False) -> None:
        self._title = visible(title)
        self._stream = stream
        self._shown = stream is not None and stream.isatty() and not hidden

    def show(self, done: float, remaining: float | None, words: str = "") -> None:
        """Draw the bar: ``done`` 0 to 1, ``remaining`` in seconds, ``words`` of what is done."""
        if not self._shown:
            return
        bar = ("━" * round(done * _WIDTH)).ljust(_WIDTH)
        left = "" if remaining is None else f"  {duration(remaining)} left"
        said = f"  {visible(words)}" if words else ""
        draw(self._stream, f"\r\x1b[K{self._title} {bar} {done:4.0%}{left}{said}")

    def end(self) -> None:
        """Wipe the line, so that what follows starts on a clean one."""
        if self._shown:
            draw(self._stream, "\r\x1b[K")


def duration(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

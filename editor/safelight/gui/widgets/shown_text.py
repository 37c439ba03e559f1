"""Shown text: what plugins and files say, made fit to be shown, and numbers as people read them."""

from __future__ import annotations

_LONGEST = 400


def plain(text: str, *, lines: bool = False, longest: int = _LONGEST) -> str:
    """Text without control characters or direction overrides, of a bearable length.

    ``longest`` is that length in characters. ``lines`` keeps line breaks. Names of plugins and
    files may be hostile.
    """
    kept = text
    # Nearly all of it is fit, and a window says thousands of words.
    if not (text.replace("\n", "") if lines else text).isprintable():
        kept = "".join(c if c.isprintable() or (lines and c == "\n") else " " for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def tooltip(text: str, *, lines: bool = False) -> str:
    """What ``plain`` makes of a text, for a tooltip: none of it is read as markup.

    Qt looks at what a tooltip says to find out, and draws a file called ``<b>.png`` as it likes.
    A word joiner, which is not seen, is behind what could begin markup.
    """
    return plain(text, lines=lines).replace("<", "<\u2060").replace("&", "&\u2060")


def size(width: int, height: int) -> str:
    """``6000 × 4000 px (24.0 MP)``."""
    return f"{width} × {height} px ({width * height / 1e6:.{1 if width * height < 1e8 else 0}f} MP)"


def duration(seconds: float) -> str:
    """``about 5 s``, ``about 2 min``."""
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s"
    return f"about {round(seconds / 60)} min"


def file_size(count: int) -> str:
    """``3.4 MB``, ``850 kB``."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count / 1e3, 1):.0f} kB"

"""Typeset apart: words laid out by a process of its own, for whoever has no window.

Qt's fonts are the window's; the command line, a batch and a notebook ask a process that has them,
once for each wording.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache

from safelight.document.contents.outlined import outline_of
from safelight.document.contents.text import TYPESETTERS, TextError, Wording
from safelight.pixels import Outline

MODULE = "safelight.gui.canvas.typesetter"

_PATIENCE = 30.0
"""Seconds after which words will not be laid out, however busy the machine is."""


@lru_cache(64)
def typeset_apart(wording: Wording) -> Outline:
    """The outline of words, as the window would lay them out. Raises TextError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE],
            input=json.dumps(wording.to_json()),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            check=False,
        )
        answer = json.loads(done.stdout)
        if "outline" in answer:
            return outline_of(str(answer["outline"]))
        raise TextError(str(answer["error"]))
    except subprocess.TimeoutExpired:
        raise TextError(f"words were not laid out within {_PATIENCE:.0f} seconds") from None
    except TextError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TextError("words cannot be laid out: the window's part does not start") from error


# Whoever has a window puts its own in place of it.
TYPESETTERS[:] = TYPESETTERS or [typeset_apart]

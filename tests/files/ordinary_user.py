"""Runs a test's function as an ordinary user: permissions do not stop root."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOBODY = 65534


def as_ordinary_user(function: Callable[[Path], Any]) -> Any:
    """What ``function`` gives (as JSON) for an empty folder of its own, run without root's rights.

    An exception in it fails the test with its text. Modules it needs must be imported before.
    """
    folder = Path(tempfile.mkdtemp(prefix="ordinary-user-"))
    try:
        if os.geteuid() != 0:
            return json.loads(json.dumps(function(folder)))
        os.chown(folder, NOBODY, NOBODY)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                answer = {"result": function(folder)}
            except BaseException as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            os.write(writer, json.dumps(answer).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = json.loads(pipe.read())
        os.waitpid(child, 0)
        assert "error" not in answer, answer["error"]
        return answer["result"]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)

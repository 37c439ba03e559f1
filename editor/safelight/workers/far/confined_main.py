"""Confined main: the far side's first steps: confine the process, then be a worker.

Run by its path with ``-I -S``: nothing of a site folder is executed, no ``.pth`` file of the
plugin's either. Until the process is confined it imports the standard library and
``safelight.workers.confinement.sandbox`` alone.
"""

import importlib
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """``arguments``: the order as JSON, then the first ones of the module that works."""
    order = json.loads(arguments[0])
    scratch = Path(order["scratch"])
    editor = str(Path(__file__).resolve().parents[3])
    sys.path.insert(0, editor)
    from safelight.workers.confinement.own_tree import Room
    from safelight.workers.confinement.sandbox import confine, limit_resources, yield_to_the_window
    from safelight.workers.far.search_path import import_from

    # As workers/kernel_cache.py has filled it.
    os.environ["NUMBA_CACHE_DIR"] = str(scratch / "kernels")
    os.environ |= order["kept"]
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = str(scratch)
    os.chdir(scratch)
    if order["yields"]:
        yield_to_the_window()
    limit_resources(int(order["memory"]), int(order["limit"]))
    writable = [scratch, *map(Path, order["kept"].values())]
    readable = map(Path, order["readable"])
    room = Room(scratch, *order["room"])
    confine(readable, writable, card=order["card"], wrapped=order["wrapped"], room=room)
    sys.path.remove(editor)
    import_from(order)
    module, *last = order["work"]
    importlib.import_module(module).main([*arguments[1:], *last])


if __name__ == "__main__":
    main(sys.argv[1:])

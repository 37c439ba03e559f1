"""Build wheel: a plugin's sources become a wheel, by its own build backend, confined.

Run by its path with ``-I -S``, like ``confined``. A build backend is code of the plugin's choice:
it reads its sources and what it needs, writes to the folders it is given and reaches no network.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> None:
    """``arguments``: the order as JSON. Calls one hook of PEP 517: ``build_wheel``, or
    ``get_requires_for_build_wheel``, whose answer is the last line printed, as JSON.
    """
    order = json.loads(arguments[0])
    writable = [Path(order["source"]), Path(order["out"]), Path(order["scratch"])]
    editor = str(Path(__file__).resolve().parents[3])
    sys.path.insert(0, editor)
    from safelight.workers.confinement.sandbox import confine, limit_resources, yield_to_the_window
    from safelight.workers.far.search_path import import_from

    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = order["scratch"]
    os.chdir(order["source"])
    yield_to_the_window()
    limit_resources(int(order["memory"]), int(order["limit"]))
    confine(map(Path, order["readable"]), writable, wrapped=order["wrapped"])
    sys.path.remove(editor)
    import_from(order)
    sys.path[:0] = [os.path.join(order["source"], part) for part in order["backend_path"]]
    module, _, attribute = order["backend"].partition(":")
    backend = importlib.import_module(module)
    for part in attribute.split(".") if attribute else ():
        backend = getattr(backend, part)
    if order["hook"] == "build_wheel":
        backend.build_wheel(order["out"], {}, None)
    else:
        wants: Any = getattr(backend, "get_requires_for_build_wheel", lambda settings: [])
        sys.stdout.write("\n" + json.dumps(list(wants({}))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

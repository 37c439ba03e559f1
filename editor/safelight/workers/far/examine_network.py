"""Examine network: a network that a user brings along is read and run, confined.

Run by its path with ``-I -S``, like ``building``. The network is a stranger's: the process that
reads it reaches the network's own folder, no other file of the user's and no other machine.
"""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safelight.workers.onnx_file import OnnxFile

_PLAIN_IR, _PLAIN_OPSET = 8, 17
"""Versions that every ONNX Runtime that Safelight runs with reads."""


def main(arguments: list[str]) -> None:
    """``arguments``: the order as JSON. Its answer is the last line printed, as JSON.

    With ``given`` a file is examined; with ``properties`` they are written into its metadata.
    The network, whole, is left as ``network.onnx`` in the folder ``out``.
    """
    order = json.loads(arguments[0])
    editor = str(Path(__file__).resolve().parents[3])
    sys.path.insert(0, editor)
    from safelight.workers.confinement.sandbox import confine, limit_resources, yield_to_the_window
    from safelight.workers.far.search_path import import_from

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = order["out"]
    os.chdir(order["out"])
    yield_to_the_window()
    limit_resources(int(order["memory"]), int(order["limit"]))
    confine(map(Path, order["readable"]), [Path(order["out"])], wrapped=order["wrapped"])
    sys.path.remove(editor)
    import_from(order)
    sys.stdout.write("\n" + json.dumps(_answer(order)) + "\n")


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    from safelight.workers.onnx_file import OnnxError, described

    path, whole = Path(order["file"]), Path(order["out"]) / "network.onnx"
    try:
        # With the numbers that lay beside it, whatever folder it comes to.
        whole.write_bytes(described(path, order.get("properties", {})))
        return _examined(path, whole, order["given"]) if "given" in order else {}
    except OnnxError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": f"{path.name} needs more memory than there is."}


def _examined(path: Path, whole: Path, given: dict[str, str]) -> dict[str, Any]:
    from safelight.workers.far.inference import Inference
    from safelight.workers.far.network_contract import Contract, ModelError
    from safelight.workers.far.probe.probe_network import probe
    from safelight.workers.far.probe.probed_properties import sentences
    from safelight.workers.onnx_file import read_onnx

    file = read_onnx(path)

    def run(feeds: dict[str, Any]) -> list[Any]:
        with _in_words(path, whole):
            return trial.run(feeds)

    with _in_words(path, whole):
        try:
            trial = Inference().trial(whole)
        except ModelError:
            _refuse_newer(file, path.name)
            raise

    progress = whole.parent / "progress"

    def tell(fraction: float, words: str) -> None:
        # Read by the host while this runs; what is half written then is read the next time.
        progress.write_text(json.dumps([fraction, words]))

    found = probe(file, path.name, run, given, tell)
    named = {f"safelight.{key}": value for key, value in found.properties.items()}
    with _in_words(path, whole):
        Contract.read({"safelight.contract": "1"} | named, path.name, "")
    return {
        "findings": list(sentences(found)),
        "notes": found.notes,
        "extras": found.extras,
        "kinds": found.kinds,
        "asks": found.asks,
        "scale": int(found.properties["scale"]),
        "input": "; ".join(item.text() for item in file.inputs),
        "output": "; ".join(item.text() for item in file.outputs[:4]),
        "producer": file.producer,
        "opset": file.opset,
        "parameters": file.parameters,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "metadata": {key: value[:2000] for key, value in list(file.metadata.items())[:64]},
    }


def _refuse_newer(file: OnnxFile, name: str) -> None:
    """Refuse a file format or an opset that the runtime does not read; the runtime is asked.

    ``name`` is the file's. Raises OnnxError.
    """
    from safelight.workers.far.onnx_runtime import runtime_version
    from safelight.workers.onnx_file import OnnxError

    checks: tuple[tuple[str, int, Callable[[int], bool]], ...] = (
        ("format (IR)", file.ir, lambda tried: _reads(tried, _PLAIN_OPSET)),
        ("opset", file.opset, lambda tried: _reads(_PLAIN_IR, tried)),
    )
    for what, version, read in checks:
        tried = range(1, min(version, 1000) + 1)  # a file may state any number
        newest = bisect.bisect_left(tried, True, key=lambda one: not read(one))
        if newest < version:
            raise OnnxError(
                f"{name} has the {what} {version}, newer than ONNX Runtime {runtime_version()}"
                f" reads, which is {newest}: export it again with opset_version={_PLAIN_OPSET} and"
                " an onnx package of the runtime's age, or install a newer runtime."
            )


def _reads(ir: int, opset: int) -> bool:
    """Whether the runtime loads a network of one node in those versions."""
    import onnx

    from safelight.workers.far.network_contract import ModelError
    from safelight.workers.far.onnx_runtime import loaded

    helper: Any = onnx.helper
    sides = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Neg", "x", "y")], "one", sides[:1], sides[1:])
    model = helper.make_model(graph)
    model.ir_version, model.opset_import[0].version = ir, opset
    try:
        loaded(model.SerializeToString())
    except ModelError:
        return False
    return True


@contextlib.contextmanager
def _in_words(path: Path, whole: Path) -> Iterator[None]:
    """What the runtime says becomes a sentence about the user's file."""
    from safelight.workers.far.network_contract import ModelError
    from safelight.workers.far.onnx_runtime import OutOfMemory
    from safelight.workers.onnx_file import OnnxError

    try:
        yield
    except OutOfMemory:
        raise OnnxError(f"{path.name} needs more memory than there is.") from None
    except ModelError as error:
        text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
        raise OnnxError(f"{text.replace(whole.name, path.name).rstrip('.')}.") from None


if __name__ == "__main__":
    main(sys.argv[1:])

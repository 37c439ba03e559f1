"""Nothing but atomic_write opens a user's file for writing, and no code runs from data.

Both are promises about the whole program, so every module of it is read here as a syntax tree.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "editor" / "safelight"

ALLOWED: dict[tuple[str, str], str] = {
    (
        "actions/plugins/installer.py",
        "shutil.copyfile",
    ): "a wheel, into a folder of this process alone",
    (
        "actions/plugins/installer.py",
        "shutil.copytree",
    ): "sources, into a folder of this process alone",
    (
        "actions/plugins/declared_files.py",
        "os.open",
    ): "a file that is fetched in parts, into the store; its name is its hash",
    (
        "actions/plugins/declared_files.py",
        "shutil.copyfile",
    ): "a file that a bundle carries, into the store beside its place; its name is its hash",
    (
        "actions/network_log.py",
        "os.open",
    ): "the log of what networks saw, a whole line behind the last; nothing of it is replaced",
    (
        "actions/plugins/plugin_store.py",
        "staged.rename",
    ): "a whole plugin gets its place in one step",
    (
        "actions/plugins/plugin_store.py",
        "target.rename",
    ): "an updated plugin is set aside, to go back to",
    (
        "actions/plugins/plugin_store.py",
        "earlier.rename",
    ): "a version set aside gets its place in one step",
    ("actions/plugins/plugin_store.py", "later.rename"): "two versions of a plugin change places",
    (
        "actions/plugins/plugin_store.py",
        "gone.rename",
    ): "a version that was to go comes back where its place fails",
    ("actions/plugins/plugin_store.py", "os.open"): "reads: the store's folder, to lock it",
    ("actions/plugins/plugin_store.py", "plugin.folder.rename"): "a plugin goes in one step, whole",
    (
        "actions/batch/batch_journal.py",
        "os.open",
    ): "an empty file of the state folder, to lock it",
    (
        "actions/batch/batch_journal.py",
        "sqlite3.connect",
    ): "what a batch has done: transactions of a database in the state folder",
    (
        "actions/folder/thumbnail_store.py",
        "sqlite3.connect",
    ): "small pictures: transactions of a database in the cache folder",
    ("api/cube_table.py", "os.open"): "reads; the flags make a FIFO return instead of waiting",
    ("api/colour_profile.py", "os.open"): "reads; the flags make a FIFO return instead of waiting",
    ("api/testing.py", "np.save"): "a plugin author's golden picture, when the author asks for it",
    ("files/disk_operations.py", "os.open"): "the one way",
    (
        "workers/kernel_cache.py",
        "shutil.copytree",
    ): "compiled loops, into a worker's scratch folder",
    ("files/disk_operations.py", "os.replace"): "the one way",
    ("files/disk_operations.py", "os.rename"): "the one way",
    ("files/disk_operations.py", "os.link"): "the one way",
    (
        "files/project/project_database.py",
        "sqlite3.connect",
    ): "a save is a transaction of the database",
    ("actions/export_presets.py", "self.save"): "presets of exports, by atomic_write",
    ("gui/export/export_preset_list.py", "self._presets.save"): "by actions/export_presets.py",
    (
        "gui/export/export_preset_list.py",
        "self._presets.rename",
    ): "a preset's name, in that same file",
    ("gui/window.py", "self.save"): "a project, by files/project/project.py",
    ("gui/window.py", "save_projects.save"): "a project, by files/project/project.py",
    ("gui/deeds/window_deeds.py", "save_projects.save"): "a project, by files/project/project.py",
    ("gui/open_and_save/save_projects.py", "files.save"): "a project, by files/project/project.py",
    (
        "gui/open_and_save/save_projects.py",
        "workspace.session.files.save",
    ): "a project, by files/project/project.py",
    ("files/regular_file.py", "os.open"): "reads; the flags make a FIFO return instead of waiting",
    ("actions/synthesised_map.py", "picture.save"): "into memory, for atomic_write",
    ("actions/inspection/inspection_report.py", "?.save"): "into memory, for a report's pictures",
    ("actions/inspection/robustness.py", "?.save"): "into memory, a JPEG that is tried",
    ("files/sequences/frame_writers.py", "indexed.save"): "into memory, for atomic_write",
    ("files/sequences/frame_writers.py", "first.save"): "into atomic_write's stream",
    (
        "files/sequences/frame_writers.py",
        "shutil.copyfileobj",
    ): "a film, from the scratch folder into atomic_write's stream",
    ("library.py", "shown.save"): "a small copy, into memory, for a notebook",
    ("pixels/fused.py", "done.touch"): "notes in the cache folder which kernels are there",
    ("pixels/fused.py", "shutil.copytree"): "kernels, into a confined process's scratch folder",
    ("pixels/fused.py", "os.open"): "an empty file of the cache folder, to lock it",
    (
        "workers/far/examine_network.py",
        "whole.write_bytes",
    ): "into a folder made for this process alone",
    (
        "workers/far/examine_network.py",
        "progress.write_text",
    ): "into a folder made for this process alone",
    (
        "workers/confinement/sandbox.py",
        "os.open",
    ): "O_PATH: names a folder for the kernel, opens nothing",
    (
        "workers/confinement/scratch_folder.py",
        "os.open",
    ): "reads: folders and files that a stranger made, never through a link",
    (
        "workers/confinement/scratch_folder.py",
        "os.rename",
    ): "a folder that is removed comes up into the one that goes, however deep it was",
    (
        "workers/confinement/own_tree.py",
        "os.open",
    ): "files of /proc/self, and of a tree in memory where others are shown",
    (
        "workers/confinement/own_tree.py",
        "shutil.copytree",
    ): "a scratch folder, into memory that takes its place",
    ("workers/confinement/sandbox.py", "?.write_text"): "files of /proc/self, none on any disk",
}
"""(module, call) that may stay, with the reason. A new entry needs one just as good."""

WRITING_MODES = set("wax+")
OS_CALLS = {
    *("open", "rename", "renames", "replace", "link", "symlink", "truncate", "mkfifo", "mknod"),
}
SHUTIL_CALLS = {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "make_archive"}
METHODS = {"write_text", "write_bytes", "touch", "rename", "hardlink_to", "symlink_to", "tofile"}
IMWRITE = {"imwrite", "imsave", "savez", "savez_compressed", "savetxt", "memmap"}
DATA_THAT_RUNS = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "cloudpickle"}


@functools.cache
def modules() -> list[tuple[Path, ast.AST]]:
    """Every module of the program, and what it says."""
    return [(path, ast.parse(path.read_bytes())) for path in sorted(PROGRAM.rglob("*.py"))]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name ("?.save" when it is a method of an expression)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            parts = []
            function = node.func
            while isinstance(function, ast.Attribute):
                parts.append(function.attr)
                function = function.value
            parts.append(function.id if isinstance(function, ast.Name) else "?")
            yield ".".join(reversed(parts)), node


def text_argument(node: ast.Call, position: int, keyword: str) -> str | None:
    """A string argument; "" when it is not given, None when it is not a plain string."""
    given = node.args[position] if len(node.args) > position else None
    given = next((k.value for k in node.keywords if k.arg == keyword), given)
    if given is None:
        return ""
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def _is_devnull(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "os.devnull"


def writes(name: str, node: ast.Call) -> bool:
    """Whether a call opens, makes or moves a file on the disk."""
    module, _, last = name.rpartition(".")
    if node.args and _is_devnull(node.args[0]):
        return False
    if name in ("open", "io.open", "codecs.open"):
        mode = text_argument(node, 1, "mode")
        return mode is None or bool(set(mode) & WRITING_MODES)
    if name == "sqlite3.connect":
        return True
    if name == "os.fdopen":
        return False  # The descriptor was opened elsewhere.
    if last == "open" and module != "os":
        # path.open("w"), gzip.open(path, "wb"); a window or a device is opened without a mode.
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        texts = [item.value for item in given if isinstance(item, ast.Constant)]
        modes = [item for item in texts if isinstance(item, str) and set(item) <= set("rwaxbt+")]
        unclear = any(isinstance(item, ast.Name) and item.id == "mode" for item in given)
        return unclear or any(set(mode) & WRITING_MODES for mode in modes)
    if module == "os":
        return last in OS_CALLS
    if module == "shutil":
        return last in SHUTIL_CALLS
    if last in METHODS or last in IMWRITE:
        # str.replace and the like are not in the list; Path.rename and Path.touch are.
        return True
    if last in ("save", "saveAsTextFile"):
        # Image.save and QImage.save; what saves into memory, and a project that saves a history,
        # say so by the name of what they are given.
        if not node.args and not node.keywords:
            return False  # QPainter.save(), which keeps the painter's state; a file needs a name.
        first = node.args[0] if node.args else None
        return not (
            isinstance(first, ast.Name) and first.id in ("stream", "buffer", "memory", "history")
        )
    return False


def relative(path: Path) -> str:
    return path.relative_to(PROGRAM).as_posix()


def test_nothing_but_atomic_write_opens_a_file_for_writing():
    found = [
        f"{relative(path)}:{node.lineno} {name}"
        for path, tree in modules()
        for name, node in calls(tree)
        if writes(name, node) and (relative(path), name) not in ALLOWED
    ]
    assert not found, "use safelight.files.atomic_write instead:\n" + "\n".join(found)


def test_the_allowed_exceptions_all_exist():
    existing = {
        (relative(path), name)
        for path, tree in modules()
        for name, node in calls(tree)
        if writes(name, node)
    }
    assert set(ALLOWED) <= existing


def test_no_code_runs_from_data():
    found = []
    for path, tree in modules():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [
                f"{relative(path)}:{node.lineno} import {name}"
                for name in names
                if name.split(".")[0] in DATA_THAT_RUNS
            ]
        for name, node in calls(tree):
            on = {
                keyword.arg
                for keyword in node.keywords
                if isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            }
            if name in ("eval", "exec", "yaml.load", "torch.load", "os.system", "os.popen"):
                found.append(f"{relative(path)}:{node.lineno} {name}")
            found += [
                f"{relative(path)}:{node.lineno} {word}=True"
                for word in ("shell", "allow_pickle")
                if word in on
            ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        'open(path, "w")',
        'open(path, mode="ab")',
        "sqlite3.connect(path)",
        "open(path, mode)",
        'open(path, "r+b")',
        'path.open("w")',
        'folder.joinpath("x").open(mode="wb")',
        "path.open(mode)",
        'gzip.open(path, "wb")',
        'path.write_text("x")',
        "path.write_bytes(data)",
        "image.save(path)",
        "os.open(path, flags)",
        "os.replace(a, b)",
        "shutil.move(a, b)",
        "shutil.copyfile(a, b)",
        "np.savez(path)",
        "tifffile.imwrite(path, pixels)",
    ],
)
def test_the_search_finds(line):
    assert any(writes(name, node) for name, node in calls(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "open(path)",
        'open(path, "rb")',
        'path.open("rb")',
        "path.open()",
        "Image.open(path)",
        'text.replace("a", "b")',
        "image.save(stream)",
        "os.open(os.devnull, flags)",
    ],
)
def test_the_search_lets_pass(line):
    assert not any(writes(name, node) for name, node in calls(ast.parse(line)))

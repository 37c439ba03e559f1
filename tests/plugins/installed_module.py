"""Install a module as a plugin into a folder, as an installer would leave it."""

from pathlib import Path

HERE = Path(__file__).parent


def install(folder: Path, module: str) -> Path:
    """Copy ``module`` of this folder to ``folder`` and register its entry point."""
    source = (HERE / f"{module}.py").read_text("utf-8")
    (folder / f"{module}.py").write_text(source, "utf-8")
    name = module.replace("_", "-")
    record = folder / f"{module}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(f"[safelight]\n{module} = {module}\n")
    return folder

"""What only one file may do: spawn plugins, run uv, print, exit."""

from __future__ import annotations

import ast
from pathlib import Path

from .imports import REPOSITORY, source_files


def calls(path: Path) -> set[str]:
    """Return the dotted names that *path* calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def host_files_that_call(*names: str) -> list[str]:
    return [
        str(path.relative_to(REPOSITORY / "host/innkeeper"))
        for path in source_files("host/innkeeper")
        if calls(path) & set(names)
    ]


def test_processes_are_started_in_few_named_places() -> None:
    by_subprocess = [f"subprocess.{name}" for name in ("Popen", "run", "call", "check_call", "check_output")]
    by_os = ["os.posix_spawn", "os.posix_spawnp", "os.fork", "os.system", "os.popen", "os.execv", "os.execve"]
    assert set(host_files_that_call("Popen", *by_subprocess, *by_os)) <= {
        "confinement/tier.py",
        "installation/uv.py",
        "installation/confined_run.py",
        "installation/git.py",
        "process/launch.py",
    }


def test_only_the_command_line_prints() -> None:
    found = host_files_that_call("print", "click.echo", "sys.exit")
    assert [name for name in found if not name.startswith(("cli/", "confinement/bootstrap/"))] == []


def test_package_files_only_list_public_names() -> None:
    """An ``__init__.py`` holds a docstring, imports, ``__all__`` and the lazy lookup of PEP 562, nothing else."""
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.If)
    broken = []
    roots = ("protocol/innkeeper_protocol", "plugin_sdk/innkeeper_sdk", "host/innkeeper")
    for path in [file for root in roots for file in source_files(root) if file.name == "__init__.py"]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            lazy = isinstance(node, ast.FunctionDef) and node.name in {"__getattr__", "__dir__"}
            if not isinstance(node, allowed) and not lazy:
                broken.append(f"{path.relative_to(REPOSITORY)}:{node.lineno}")
    assert broken == []


def test_top_level_is_the_agreed_one() -> None:
    import subprocess

    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines()}
    assert {name for name in top if not name.startswith(".")} == {
        "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md",
        "host", "plugin_sdk", "plugins", "protocol", "pyproject.toml", "tests",
    }  # fmt: skip

"""What the benchmarks compare: this host, installed from its wheels, and the real `llm`, each in its own virtualenv.

Both have their bytecode compiled, and neither sees a setting of the person who runs the benchmark.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Command

REPOSITORY = Path(__file__).resolve().parents[2]

PUBLISHED = (
    "llm-echo",
    "llm-markov",
    "llm-anthropic",
    "llm-gemini",
    "llm-mistral",
    "llm-ollama",
    "llm-openrouter",
    "llm-groq",
    "llm-cmd",
    "llm-jq",
    "llm-cluster",
    "llm-tools-simpleeval",
    "llm-tools-quickjs",
    "llm-tools-sqlite",
    "llm-fragments-github",
    "llm-fragments-symbex",
    "llm-templates-github",
    "llm-templates-fabric",
    "llm-perplexity",
    "llm-replicate",
)
"""Twenty plugins that the real `llm` can hold together; the first alone is "one plugin installed"."""


class Workbench:
    """A temporary folder with the environments and homes of one benchmark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

    def environment(self, home: str) -> dict[str, str]:
        """Return the environment for commands that keep their things in the home of this name."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("LLM_", "INNKEEPER_", "PYTHON"))
        }
        inherited.pop("VIRTUAL_ENV", None)
        return {**inherited, "LLM_USER_PATH": str(self.folder / "homes" / home)}

    def ours(self) -> str:
        """Install this host from wheels built now; return its `llm`."""
        wheels = self.folder / "wheels"
        for package in ("protocol", "plugin_sdk", "host"):
            self.uv("build", "--wheel", str(REPOSITORY / package), "--out-dir", str(wheels))
        return self._virtualenv("ours", [str(wheel) for wheel in sorted(wheels.glob("*.whl"))])

    def real(self, name: str, plugins: Sequence[str] = ()) -> str:
        """Install the real llm with *plugins*; return its `llm`."""
        return self._virtualenv(name, ["llm", *plugins])

    def install(self, llm: str, home: str, requirements: Sequence[str], *options: str) -> None:
        """Let our *llm* install plugins into *home*, each in its own environment."""
        self.check([llm, "install", *options, *requirements], self.environment(home))

    def small_wheels(self, count: int) -> list[str]:
        """Write *count* plugins of one model each, as wheels; return their paths."""
        return [self.wheel(f"llm_small_{number}", model(f"small-{number}", 'yield "small"')) for number in range(count)]

    def wheel(self, module: str, code: str) -> str:
        """Write a plugin of one module as a wheel; return its path."""
        info = f"{module}-1.0.dist-info"
        files = {
            f"{module}.py": code,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\nRequires-Dist: llm\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: benchmark\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[llm]\n{module} = {module}\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
        path = self.folder / f"{module}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in files.items():
                wheel.writestr(file, text)
        return str(path)

    def _virtualenv(self, name: str, requirements: list[str]) -> str:
        where = self.folder / name
        self.uv("venv", "--python", sys.executable, str(where))
        self.uv("pip", "install", "--python", str(where), "--compile-bytecode", *requirements)
        return str(where / "bin" / "llm")

    def uv(self, *arguments: str) -> None:
        if self._uv is None:
            raise SystemExit("uv is needed: pip install uv")
        self.check([self._uv, *arguments], self.environment("none"))

    @staticmethod
    def check(argv: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(argv, env=environment, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")

    def command(self, home: str, *argv: str) -> Command:
        return Command(argv, self.environment(home))


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Make a workbench and take it away again."""
    with tempfile.TemporaryDirectory(prefix="innkeeper-benchmark-") as folder:
        yield Workbench(Path(folder))


MODEL = """
import llm

@llm.hookimpl
def register_models(register):
    register(TestModel())

class TestModel(llm.Model):
    model_id = {model_id!r}
    can_stream = True

    def execute(self, prompt, stream, response, conversation):
        {does}
"""


def model(model_id: str, does: str) -> str:
    """Return the source of a plugin with one model, whose ``execute`` is the one line *does*."""
    return MODEL.format(model_id=model_id, does=does)

"""Embeddings through the wall, beside the same plugins in the process of the real llm.

A model that costs nothing shows what the way costs: into a database, in batches of 100 and of 1,000, and to a numpy
array beside a copy of the same bytes. wordllama shows what is left of that with work to do: 100,000 short texts by
``llm embed-multi``, and how memory grows with their number.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from environments import REPOSITORY, Workbench, workbench
from measure import Command, Report
from memory import below, pss_mib

ROUNDS = 5
TEXTS = 20_000
"""Of the model that costs nothing, in one round."""
MANY = 100_000
FEW = 20_000
LOOK_S = 0.05
"""Between two looks at the memory of what runs."""

FREE = """
import llm

@llm.hookimpl
def register_embedding_models(register):
    register(Free())
    register(FreeMatrix())

class Free(llm.EmbeddingModel):
    model_id = "free"
    row = [number / 384 for number in range(384)]

    def embed_batch(self, items):
        return [self.row] * len(list(items))

class FreeMatrix(llm.EmbeddingModel):
    model_id = "free-matrix"
    matrices = {}

    def embed_batch(self, items):
        import numpy
        count = len(list(items))
        if count not in self.matrices:
            self.matrices[count] = numpy.random.default_rng(1).normal(size=(count, 384)).astype("f4")
        return self.matrices[count]
"""

STORING = """
import json, os, sys, time
{opening}
count, size, rounds = {count}, {size}, {rounds}
entries = [(str(number), "a short text, number %d" % number) for number in range(count)]
seconds = []
for round in range(rounds + 1):
    path = os.path.join({folder!r}, "%d-%d.db" % (os.getpid(), round))
    collection = open_collection(path)
    collection.embed("warm", "up")
    start = time.perf_counter()
    collection.embed_multi(entries, batch_size=size)
    seconds.append(time.perf_counter() - start)
    assert collection.count() == count + 1
    os.unlink(path)
print(json.dumps(seconds[1:]))
"""

OURS = """
import innkeeper
open_collection = lambda path: innkeeper.Collection("docs", path, model_id="free")
"""

REAL = """
import llm, sqlite_utils
open_collection = lambda path: llm.Collection("docs", sqlite_utils.Database(path), model_id="free")
"""

TO_NUMPY = """
import innkeeper, json, numpy, time
model = innkeeper.get_embedding_model("free-matrix")
texts = ["x"] * {size}
to_array, copying = [], []
for _ in range({times}):
    start = time.perf_counter()
    matrix = numpy.asarray(model.embed_batch(texts))
    to_array.append(time.perf_counter() - start)
    start = time.perf_counter()
    copied = bytes(memoryview(matrix).cast("B"))
    copying.append(time.perf_counter() - start)
    assert matrix.shape == ({size}, 384)
print(json.dumps([matrix.nbytes, to_array[3:], copying[3:]]))
"""


def main() -> int:
    with workbench() as bench:
        return compare(bench)


def compare(bench: Workbench) -> int:
    llm = bench.ours()
    python = str(Path(llm).with_name("python"))
    bench.uv("pip", "install", "--python", python, "--compile-bytecode", "numpy")
    free = bench.wheel("llm_free", FREE)
    bench.install(llm, "ours", [free], "--with", "numpy")
    real = bench.real("real", [free, str(REPOSITORY / "plugins" / "static_embeddings")])
    real_python = str(Path(real).with_name("python"))

    report = Report("embeddings")
    for size in (100, 1000):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours += storing(bench, "ours", python, OURS, size)
            theirs += storing(bench, "real", real_python, REAL, size)
        mine, other = statistics.median(ours), statistics.median(theirs)
        figures = f"{TEXTS / mine:,.0f} / {TEXTS / other:,.0f} texts/s"
        report.at_least(f"free model, stored in batches of {size}: ours / real llm", other / mine, 1.0, figures)
    for size in (100, 1000):
        size_bytes, to_array, copying = json.loads(
            run(bench.command("ours", python, "-c", TO_NUMPY.format(size=size, times=300)))
        )
        array, copy = statistics.median(to_array), statistics.median(copying)
        rate = size_bytes / array / 1e6
        figures = f"{rate:,.0f} MB/s, memcpy {size_bytes / copy / 1e6:,.0f} MB/s"
        if size == 1000:
            report.at_least(f"{size} x 384 float32 to a numpy array, GB/s", rate / 1000, 1.0, figures)
        report.note(f"{size} x 384 float32 to a numpy array, x memcpy", array / copy, figures)

    words = inputs(bench.folder)
    run(bench.command("ours", llm, "embed", "-m", "wordllama", "-c", "ready"))
    runs = {
        (name, count): watched(multi(bench, name, program, words[count]), bench.folder)
        for count in (FEW, MANY)
        for name, program in (("ours", llm), ("real", real))
    }
    mine, other = runs["ours", MANY], runs["real", MANY]
    report.at_least(
        f"llm embed-multi of {MANY:,} texts with wordllama: ours / real llm",
        other.seconds / mine.seconds,
        1.0,
        f"{MANY / mine.seconds:,.0f} / {MANY / other.seconds:,.0f} texts/s",
    )
    report.at_most(
        f"its memory, {MANY:,} texts / {FEW:,}",
        mine.peak_mib / runs["ours", FEW].peak_mib,
        1.1,
        f"{mine.peak_mib:.0f} / {runs['ours', FEW].peak_mib:.0f} MiB, the plugin's processes included",
    )
    report.note(
        "its memory, x real llm",
        mine.peak_mib / other.peak_mib,
        f"{mine.peak_mib:.0f} / {other.peak_mib:.0f} MiB",
    )
    return report.finish()


def storing(bench: Workbench, home: str, python: str, opening: str, size: int) -> list[float]:
    program = STORING.format(opening=opening, count=TEXTS, size=size, rounds=1, folder=str(bench.folder))
    seconds: list[float] = json.loads(run(bench.command(home, python, "-c", program)))
    return seconds


def run(command: Command) -> str:
    done = subprocess.run(
        list(command.argv), env=dict(command.environment), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise SystemExit(f"{command.argv[0]} failed:\n{done.stderr}")
    return done.stdout


def inputs(folder: Path) -> dict[int, str]:
    """Write files of texts of 4 to 14 words; return their paths by how many there are."""
    generator = random.Random(1)
    words = [word for word in (REPOSITORY / "README.md").read_text("utf-8").split() if word.isalpha()]
    texts = [" ".join(generator.choices(words, k=generator.randint(4, 14))) for _ in range(MANY)]
    paths = {}
    for count in (FEW, MANY):
        paths[count] = str(folder / f"texts-{count}.csv")
        rows = "".join(f"{number},{text}\n" for number, text in enumerate(texts[:count]))
        Path(paths[count]).write_text("id,text\n" + rows, "utf-8")
    return paths


def multi(bench: Workbench, home: str, program: str, path: str) -> Command:
    return bench.command(
        home, program, "embed-multi", Path(path).stem, path, "--format", "csv", "-m", "wordllama", "--store"
    )


class Watched:
    """What a command took: seconds, and the most memory of it and its processes."""

    def __init__(self, seconds: float, peak_mib: float) -> None:
        self.seconds = seconds
        self.peak_mib = peak_mib


def watched(command: Command, folder: Path) -> Watched:
    start, peak = time.perf_counter(), 0.0
    with subprocess.Popen(
        list(command.argv), env=dict(command.environment), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(LOOK_S)
        seconds = time.perf_counter() - start
        assert process.stderr is not None
        if process.returncode:
            raise SystemExit(f"{command.argv[0]} failed:\n{process.stderr.read().decode()}")
    return Watched(seconds, peak)


def memory(pid: int) -> float:
    """Return the memory of a process and those below it. Those that end meanwhile have none."""
    found = 0.0
    try:
        pids: Sequence[int] = [pid, *below(pid)]
    except OSError:
        pids = [pid]
    for one in pids:
        try:
            found += pss_mib(one)
        except (OSError, SystemExit):
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())

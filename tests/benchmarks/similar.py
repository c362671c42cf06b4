"""``similar`` over 100,000 vectors of 256 numbers, beside one numpy product over the same data, and the real llm.

The product is of a matrix that lies in memory and a vector; ours reads the vectors from the database each time, which
is in the page cache, finds the ten nearest and returns them with what is known of them. "cold" is the first search of a
program, "warm" the next ones: nothing is kept between them but open files.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from embeddings import run
from environments import Workbench, workbench
from measure import Report, medians, milliseconds

VECTORS = 100_000
NUMBERS = 256
ROUNDS = 5
SEARCHES = 20

FREE = """
import llm

@llm.hookimpl
def register_embedding_models(register):
    register(Free())

class Free(llm.EmbeddingModel):
    model_id = "free"

    def embed_batch(self, items):
        return [[1.0] * 256 for _ in items]
"""

FILL = """
import innkeeper, numpy
from innkeeper.storage.embeddings import NewRow, store
collection = innkeeper.Collection("docs", {path!r}, model_id="free")
matrix = numpy.random.default_rng(1).normal(size=({vectors}, {numbers})).astype("f4")
store(collection.db, collection.id, (NewRow(f"doc-{{n}}", row.tobytes(), b"%d" % n) for n, row in enumerate(matrix)))
"""

SEARCH = """
import innkeeper, json, time
collection = innkeeper.Collection("docs", {path!r})
vector = collection.vector("doc-77")
seconds = []
for _ in range({rounds}):
    start = time.perf_counter()
    found = collection.similar_by_vector(vector)
    seconds.append(time.perf_counter() - start)
print(json.dumps([[entry.id for entry in found], seconds]))
"""

PRODUCT = """
import json, numpy, sqlite3, time
rows = sqlite3.connect({path!r}).execute("select id, embedding from embeddings order by rowid").fetchall()
matrix = numpy.frombuffer(b"".join(row[1] for row in rows), "f4").reshape(-1, {numbers})
query = matrix[77].copy()
scores = (matrix @ query) / numpy.linalg.norm(matrix, axis=1)
nearest = [rows[place][0] for place in numpy.argsort(-scores)[:10]]
seconds = []
for _ in range({rounds}):
    start = time.perf_counter()
    matrix @ query
    seconds.append(time.perf_counter() - start)
print(json.dumps([nearest, seconds]))
"""

REAL = """
import json, llm, sqlite_utils, time
collection = llm.Collection("docs", sqlite_utils.Database({path!r}), model_id="free")
vector = llm.decode(next(collection.db.query("select embedding from embeddings where id = 'doc-77'"))["embedding"])
start = time.perf_counter()
collection.similar_by_vector(vector)
print(json.dumps(time.perf_counter() - start))
"""


def main() -> int:
    with workbench() as bench:
        return compare(bench)


def compare(bench: Workbench) -> int:
    llm = bench.ours()
    python = str(Path(llm).with_name("python"))
    bench.uv("pip", "install", "--python", python, "--compile-bytecode", "numpy")
    free = bench.wheel("llm_free", FREE)
    bench.install(llm, "ours", [free])
    real = bench.real("real", [free])
    real_python = str(Path(real).with_name("python"))
    path = str(bench.folder / "embeddings.db")
    run(bench.command("ours", python, "-c", FILL.format(path=path, vectors=VECTORS, numbers=NUMBERS)))

    searches, products = [], []
    for _ in range(ROUNDS):
        for program, found in ((SEARCH, searches), (PRODUCT, products)):
            code = program.format(path=path, numbers=NUMBERS, rounds=SEARCHES)
            found.append(json.loads(run(bench.command("ours", python, "-c", code))))
    assert all(nearest == products[0][0] for nearest, _ in (*searches, *products)), "both find the same"
    cold = statistics.median(seconds[0] for _, seconds in searches)
    warm = statistics.median(second for _, seconds in searches for second in seconds[1:])
    product = statistics.median(second for _, seconds in products for second in seconds[1:])
    theirs = json.loads(run(bench.command("real", real_python, "-c", REAL.format(path=path))))
    arguments = ("similar", "docs", "doc-77", "-d", path)
    cost = medians(
        {"ours": bench.command("ours", llm, *arguments), "real": bench.command("real", real, *arguments)}, rounds=3
    )

    report = Report(f"similar over {VECTORS:,} x {NUMBERS}")
    report.at_most("warm, x numpy product", warm / product, 10, f"{milliseconds(warm)} / {product * 1000:.1f} ms")
    report.note("cold, x numpy product", cold / product, f"{milliseconds(cold)} / {product * 1000:.1f} ms")
    report.at_least(
        "real llm / ours, in a program", theirs / warm, 20, f"{milliseconds(theirs)} / {milliseconds(warm)}"
    )
    wall, theirs_wall = cost["ours"].wall_s, cost["real"].wall_s
    report.at_least(
        "real llm / ours, `llm similar docs ID`",
        theirs_wall / wall,
        10,
        f"{milliseconds(theirs_wall)} / {milliseconds(wall)}",
    )
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())

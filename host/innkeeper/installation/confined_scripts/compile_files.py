"""Run confined, by a plugin's Python: compile source files to bytecode. Standard library, Python 3.10 to 3.14.

``compile_files.py LIST FOLDER``: LIST holds a path a line; the bytecode of the nth goes to FOLDER/n.TAG.pyc, with the
tag of this Python's files. What does not compile is left out: templates of other syntax often lie among the sources.
"""

import py_compile
import sys
import warnings

paths, folder = sys.argv[1:]
tag = sys.implementation.cache_tag
warnings.simplefilter("ignore")
with open(paths, encoding="utf-8", errors="surrogateescape") as file:
    lines = file.read().split("\n")
for number, path in enumerate(lines):
    try:
        py_compile.compile(path, f"{folder}/{number}.{tag}.pyc", dfile=path, doraise=True)
    except (py_compile.PyCompileError, OSError, ValueError, RecursionError, MemoryError):
        continue

"""Run confined, by a plugin's Python: compile source files to bytecode. Standard library, Python 3.10 to 3.14.

``compile_files.py LIST FOLDER``: LIST holds a path a line; the bytecode of the nth goes to FOLDER/n.pyc. What does not
compile is left out, as templates of other syntax often lie among the sources. Prints the tag of this Python's files.
"""

import py_compile
import sys

paths, folder = sys.argv[1:]
with open(paths, encoding="utf-8", errors="surrogateescape") as file:
    lines = file.read().split("\n")
for number, path in enumerate(lines):
    try:
        py_compile.compile(path, f"{folder}/{number}.pyc", dfile=path, doraise=True)
    except (py_compile.PyCompileError, OSError, ValueError, RecursionError, MemoryError):
        continue
print(sys.implementation.cache_tag)

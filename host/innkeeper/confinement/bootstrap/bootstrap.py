"""The first Python that runs in a plugin's process: `python -I -S bootstrap.py FD`, where FD tells `entry` what to do.

Only a stub, because a script is compiled anew at every start while modules are cached. Runs on Python 3.10 to 3.14.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from innkeeper.confinement.bootstrap import entry
else:
    sys.path.insert(0, __file__.rpartition("/")[0])
    import entry

    del sys.path[0]

entry.enter(int(sys.argv[1]))

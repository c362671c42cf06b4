"""The numbers both sides compare before anything else.

A revision is the version of the wire protocol. It has nothing to do with any package's version: a package may be
released a hundred times and still speak revision 1.
"""

REVISION = 1
"""The newest revision this package speaks."""

REVISIONS = (1,)
"""Every revision this package speaks, newest first."""

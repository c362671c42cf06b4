"""The numbers both sides compare before anything else.

A revision is the version of the wire protocol. It has nothing to do with any package's version: a package may be
released a hundred times and still speak revision 1.
"""

REVISION = 1
"""The newest revision this package speaks."""

REVISIONS = (1,)
"""Every revision this package speaks, newest first."""

PACKAGE_VERSION = "0.1.0"
"""The version of this package, which is that of its distribution; a test holds the two together."""

"""``python -m innkeeper.cli.write_defaults``: write anew what ships with the host about its default plugins.

For who changes one of them, in a clone of the repository; a test says when it was forgotten. Each plugin is really
made, in a home of its own that goes afterwards, so this fetches what they depend on.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

from innkeeper.confinement.tier import choose_tier
from innkeeper.installation.default_records import default_records
from innkeeper.installation.plan import Workshop
from innkeeper.paths import Home
from innkeeper.remote.host import Host


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Host(Home(folder), environ={**os.environ, "HOME": folder}) as host:
        files = default_records(Workshop(host.home, choose_tier(host.home), host.describe, _tell))
    for path, content in files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
        _tell(f"Wrote {path}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()

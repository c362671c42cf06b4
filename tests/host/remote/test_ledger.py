"""What plugins used, in the audit: bounded, and nobody's much hides anybody's else."""

from __future__ import annotations

from pathlib import Path

from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper.remote.ledger import MOST_USES, Ledger
from innkeeper.storage.audit import entries


def test_each_thing_is_kept_once_and_much_of_one_kind_hides_no_other(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    busy, other = (InstalledPlugin(name=name, version="1", requirement=name) for name in ("busy", "other"))
    with Host(home) as host:
        ledger = Ledger(host)
        for port in range(1, 2 * MOST_USES):
            ledger.used(busy, "net", f"example.com:{port}")
        for _ in range(2):
            ledger.used(busy, "key", "example")
            ledger.used(other, "net", "example.org:443")

    kept = [(entry["kind"], entry["what"]) for entry in entries(home, "busy")]
    assert kept == [*(("net", f"example.com:{port}") for port in range(1, MOST_USES + 1)), ("key", "example")]
    assert [entry["what"] for entry in entries(home, "other")] == ["example.org:443"]
    assert ledger.has_reached_out(busy)

"""What the host reads for a plugin: no more than that could read itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from innkeeper.confinement.granting import allow
from innkeeper.confinement.grants import Grants
from innkeeper.errors import PermissionDenied, UsageError
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper.remote.plugin_files import read_for_plugin

PLUGIN = InstalledPlugin(name="llm-loader", version="1")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    for name in ("home/plugins/llm-loader/data", "home/plugins/llm-other/data", "work", "docs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home/keys.json").write_text("secret")
    (tmp_path / "work/secret.txt").write_text("secret")
    (tmp_path / "docs/a.txt").write_text("granted")
    with Host(Home(str(tmp_path / "home")), cwd=str(tmp_path / "work")) as host:
        yield host


def data(host: Host) -> Path:
    return Path(host.home.data_dir(PLUGIN.name))


def test_its_own_data_is_read(host: Host) -> None:
    (data(host) / "cached.txt").write_text("its own")

    assert read_for_plugin(host, PLUGIN, str(data(host) / "cached.txt")) == b"its own"


def test_what_was_granted_or_shown_is_read(host: Host, tmp_path: Path) -> None:
    docs = str(tmp_path / "docs")
    with pytest.raises(PermissionDenied):
        read_for_plugin(host, PLUGIN, "../docs/a.txt")

    assert read_for_plugin(host, PLUGIN, "../docs/a.txt", shown=[docs]) == b"granted"
    allow(host.home, PLUGIN.name, PLUGIN.source, Grants(read=(docs,)))
    assert read_for_plugin(host, PLUGIN, "../docs/a.txt") == b"granted"


@pytest.mark.parametrize(
    "path",
    [
        "secret.txt",
        "../home/keys.json",
        "/etc/passwd",
        "../docs",
        "../home/plugins/llm-loader/dat",
        "../docsier/a",
        "\0",
    ],
)
def test_all_else_is_refused_whether_it_is_there_or_not(host: Host, path: str) -> None:
    with pytest.raises(PermissionDenied) as caught:
        read_for_plugin(host, PLUGIN, path)
    assert "llm plugins allow llm-loader --read" in str(caught.value)


def test_a_link_out_of_its_data_leads_nowhere(host: Host) -> None:
    (data(host) / "link").symlink_to(host.home.keys_file)
    (data(host) / "folder").symlink_to(host.home.root)

    for path in ("link", "folder/keys.json", "../../llm-other/data/x"):
        with pytest.raises(PermissionDenied):
            read_for_plugin(host, PLUGIN, str(data(host) / path))


def test_what_would_make_the_host_wait_is_no_file(host: Host) -> None:
    os.mkfifo(data(host) / "fifo")

    with pytest.raises(UsageError):
        read_for_plugin(host, PLUGIN, str(data(host) / "fifo"))


def test_a_plugin_that_is_trusted_may_name_anything(host: Host) -> None:
    allow(host.home, PLUGIN.name, PLUGIN.source, Grants(trust=True))

    assert read_for_plugin(host, PLUGIN, "secret.txt") == b"secret"

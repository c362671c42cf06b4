"""Policies and grants: what can be written down, what is refused, and what a damaged file leads to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from innkeeper.confinement import grants as store
from innkeeper.confinement.addresses import may_reach
from innkeeper.confinement.grants import Grants, checked, policy_for
from innkeeper.confinement.person_proxy import PersonProxy, proxy_for
from innkeeper.confinement.policy import GIB, HostPort, Limits, Policy, canonical_host
from innkeeper.errors import StorageError, UsageError
from innkeeper.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("text", "host", "shown"),
    [
        ("api.example.com", HostPort("api.example.com", None), "api.example.com"),
        ("API.Example.com.:443", HostPort("api.example.com", 443), "api.example.com:443"),
        ("localhost:11434", HostPort("localhost", 11434), "localhost:11434"),
        ("192.168.1.1:80", HostPort("192.168.1.1", 80), "192.168.1.1:80"),
        ("[2001:db8::1]:80", HostPort("2001:db8::1", 80), "[2001:db8::1]:80"),
        ("2001:db8::1", HostPort("2001:db8::1", None), "2001:db8::1"),
        ("bücher.example", HostPort("xn--bcher-kva.example", None), "xn--bcher-kva.example"),
        ("private:git.corp.example:443", HostPort("git.corp.example", 443, True), "private:git.corp.example:443"),
    ],
)
def test_a_host_is_written_one_way(text: str, host: HostPort, shown: str) -> None:
    assert HostPort.parse(text) == host
    assert str(host) == shown
    assert HostPort.parse(shown) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "host:0",
        "host:65536",
        "host:x",
        "https://host",
        "host/path",
        "a b",
        "host\n",
        "*.example.com",
        "[::1",
        "a" * 300,
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    if text == "host\n":
        assert HostPort.parse(text) == HostPort("host", None)  # what a shell leaves at the end
        return
    with pytest.raises(ValueError, match=r".+"):
        HostPort.parse(text)


def test_a_grant_covers_its_host_and_port_only() -> None:
    grant = HostPort.parse("api.example.com:443")

    assert grant.covers("api.example.com", 443)
    assert not grant.covers("api.example.com", 80)
    assert not grant.covers("evil.api.example.com", 443)
    assert not grant.covers("example.com", 443)
    assert HostPort.parse("api.example.com").covers("api.example.com", 80)
    assert HostPort.parse("localhost:1").covers("127.0.0.1", 1)
    assert not HostPort.parse("localhost:1").covers("127.0.0.2", 1)


@pytest.mark.parametrize(
    ("grant", "address", "reachable"),
    [
        ("api.example.com", "93.184.216.34", True),
        ("api.example.com", "2606:2800:220:1::1", True),
        ("api.example.com", "127.0.0.1", False),
        ("api.example.com", "10.1.2.3", False),
        ("api.example.com", "192.168.0.1", False),
        ("api.example.com", "169.254.169.254", False),
        ("api.example.com", "100.64.0.1", False),
        ("api.example.com", "::1", False),
        ("api.example.com", "fe80::1%eth0", False),
        ("api.example.com", "fd00::1", False),
        ("api.example.com", "::ffff:10.0.0.1", False),
        ("api.example.com", "::ffff:127.0.0.1", False),
        ("api.example.com", "0.0.0.0", False),
        ("api.example.com", "224.0.0.1", False),
        ("private:git.example.com", "10.1.2.3", True),
        ("nas.local", "192.168.0.7", True),
        ("nas", "192.168.0.7", True),
        ("nas.local", "127.0.0.1", False),
        ("nas", "169.254.169.254", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "10.0.0.1", False),
        ("192.168.0.7", "192.168.0.7", True),
        ("127.0.0.1", "127.0.0.1", True),
    ],
)
def test_a_public_name_does_not_reach_private_addresses(grant: str, address: str, reachable: bool) -> None:
    assert may_reach(HostPort.parse(grant), address) is reachable


def test_a_policy_has_absolute_paths_and_not_both_kinds_of_socket() -> None:
    for policy in (Policy("x", read=("relative",)), Policy("x", write=("/nul\0",))):
        with pytest.raises(ValueError, match="absolute"):
            policy.check()
    with pytest.raises(ValueError, match="unix socket"):
        Policy("x", unix_server=True, net=(HostPort("a", 1),)).check()


def test_grants_are_kept_and_changed(home: Home) -> None:
    first = Grants(net=("api.example.com:443",), keys=("openai",), trust=True, memory_bytes=GIB)

    store.save(home, "weather", first)
    assert store.load(home, "weather") == first
    store.save(home, "weather", first.add(Grants(keys=("openai", "other"), run=("/bin/cat",))))
    assert store.load(home, "weather") == Grants(
        net=("api.example.com:443",), keys=("openai", "other"), run=("/bin/cat",), trust=True, memory_bytes=GIB
    )
    store.save(
        home, "weather", store.load(home, "weather").remove(Grants(keys=("openai",), trust=True, memory_bytes=1))
    )
    assert store.load(home, "weather") == Grants(net=("api.example.com:443",), keys=("other",), run=("/bin/cat",))
    assert os.listdir(os.path.dirname(home.grants_file("weather"))) == ["grants.json"]


def test_no_file_is_no_grant(home: Home) -> None:
    assert store.load(home, "weather") == Grants()
    assert policy_for(home, "weather", Grants(), environ={}) == Policy("weather")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"net": "api.example.com"}',
        '{"net": [1]}',
        '{"net": ["https://api.example.com"]}',
        '{"read": ["relative"]}',
        '{"trust": "yes"}',
        '{"trust": 1}',
        '{"memory_bytes": -1}',
        '{"memory_bytes": true}',
        '{"unknown": []}',
        '{"net": {"a": 1}}',
        "\udcff",
    ],
)
def test_a_damaged_file_permits_nothing_and_says_so(home: Home, content: str) -> None:
    path = Path(home.grants_file("weather"))
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(StorageError, match="The grants of plugin 'weather' cannot be read"):
        store.load(home, "weather")


def test_a_policy_has_what_was_granted_and_the_person_s_values(home: Home) -> None:
    grants = Grants(
        net=("api.example.com:443",),
        keys=("openai",),
        env=("COLOUR", "ABSENT"),
        read=("/srv/books",),
        write=("/srv/notes",),
        run=("/usr/bin/git",),
        memory_bytes=GIB,
    )
    environ = {"COLOUR": "red", "SECRET": "s", "SSL_CERT_FILE": "/etc/corp.pem", "HTTPS_PROXY": "http://proxy:1"}

    policy = policy_for(home, "weather", grants, read=("/src/weather",), environ=environ)

    assert policy == Policy(
        "weather",
        read=("/src/weather", "/srv/books", "/etc/corp.pem"),
        write=("/srv/notes",),
        run=("/usr/bin/git",),
        net=(HostPort("api.example.com", 443),),
        keys=("openai",),
        environment=(("COLOUR", "red"), ("SSL_CERT_FILE", "/etc/corp.pem")),
        limits=Limits(memory_bytes=GIB),
    )


def test_what_a_shipped_plugin_needs_is_not_given_to_one_of_its_name(home: Home) -> None:
    assert policy_for(home, "innkeeper-local", Grants(), environ={}, shipped=True).unix_server
    assert not policy_for(home, "innkeeper-local", Grants(), environ={}).unix_server


def test_what_the_person_types_is_made_exact(home: Home, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "link").symlink_to("books")

    grants = checked(home, Grants(net=("API.example.com:443",), read=(str(tmp_path / "link"),), run=("sh",)))

    assert grants.net == ("api.example.com:443",)
    assert grants.read == (str(tmp_path / "books"),)
    assert all(os.path.isabs(program) for program in grants.run)


@pytest.mark.parametrize(
    "grants",
    [
        Grants(net=("https://x",)),
        Grants(env=("LD_PRELOAD",)),
        Grants(env=("PYTHONPATH",)),
        Grants(env=("A=B",)),
        Grants(env=("",)),
        Grants(run=("no-such-program-anywhere",)),
    ],
)
def test_what_cannot_be_granted_is_a_usage_error(home: Home, grants: Grants) -> None:
    with pytest.raises(UsageError):
        checked(home, grants)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_the_host_s_own_files_cannot_be_granted(home: Home, tmp_path: Path, kind: str) -> None:
    (tmp_path / "link").symlink_to(home.root)
    for path in ("/", home.root, home.keys_file, str(tmp_path), home.data_dir("other"), str(tmp_path / "link")):
        with pytest.raises(UsageError, match="Innkeeper's own files"):
            checked(home, Grants(**{kind: (path,)}))


def test_the_grants_file_is_readable_json(home: Home) -> None:
    store.save(home, "weather", Grants(net=("a.example:1",)))

    assert json.loads(Path(home.grants_file("weather")).read_text(encoding="utf-8")) == {"net": ["a.example:1"]}


@pytest.mark.parametrize(
    ("host", "port", "environ", "proxy"),
    [
        ("api.example.com", 443, {}, None),
        ("api.example.com", 443, {"HTTPS_PROXY": "http://proxy:3128"}, PersonProxy("proxy", 3128, "")),
        (
            "api.example.com",
            443,
            {"https_proxy": "proxy:3128", "HTTPS_PROXY": "http://no:1"},
            PersonProxy("proxy", 3128, ""),
        ),
        ("api.example.com", 80, {"HTTP_PROXY": "http://u%40:p@proxy:1"}, PersonProxy("proxy", 1, "u@:p")),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy"}, PersonProxy("proxy", 80, "")),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "a, .example.com"}, None),
        (
            "api.example.com",
            443,
            {"ALL_PROXY": "http://proxy", "NO_PROXY": "example.com:80"},
            PersonProxy("proxy", 80, ""),
        ),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ("notexample.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "example.com"}, PersonProxy("proxy", 80, "")),
        ("localhost", 1, {"ALL_PROXY": "http://proxy"}, None),
        ("127.0.0.1", 1, {"ALL_PROXY": "http://proxy"}, None),
    ],
)
def test_the_person_s_proxy_is_the_one_curl_would_take(
    host: str, port: int, environ: dict[str, str], proxy: PersonProxy | None
) -> None:
    assert proxy_for(host, port, environ) == proxy


def test_a_proxy_that_cannot_be_used_is_not_passed_by() -> None:
    with pytest.raises(OSError, match="socks5"):
        proxy_for("api.example.com", 443, {"ALL_PROXY": "socks5://proxy:1"})


def test_names_are_compared_in_one_form() -> None:
    assert canonical_host(" API.Example.COM. ") == "api.example.com"
    with pytest.raises(ValueError, match="no host name"):
        canonical_host("a\0b")

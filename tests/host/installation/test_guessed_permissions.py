"""What the installer makes of a plugin's source: each style in which published plugins say what they will need."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from innkeeper.confinement.grants import NOTHING, Grants
from innkeeper.installation.guessed_permissions import MOST_OF_A_KIND, Guess, add_vendors, guess, host_in


def guess_of(folder: Path, code: str) -> Guess:
    path = folder / "plugin.py"
    path.write_text(textwrap.dedent(code), "utf-8")
    found = guess([str(path)])
    add_vendors(found, str(folder / "site-packages"))
    return found


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://api.example.net/v1", "api.example.net:443"),
        ("https://API.example.net", "api.example.net:443"),
        ("http://models.example.net:8080?x=1", "models.example.net:8080"),
        ("wss://live.example.net/socket", "live.example.net:443"),
        ("https://api.example.net/{}", "api.example.net:443"),
        ("http://localhost:11434", "localhost:11434"),
        ("http://localhost/", None),
        ("http://localhost:{}", None),
        ("https://", None),
        ("https://api.", None),
        ("https://intranet/x", None),
        ("https://example.com/", None),
        ("see https://docs.example.net", None),
        ("https://json-schema.org/draft", None),
        ("ftp://files.example.net/", None),
        ("https://user@evil.example.net/", None),
    ],
)
def test_an_address_is_a_host_and_its_port(text: str, host: str | None) -> None:
    assert host_in(text) == host


SOURCES = {
    "addresses": (
        '''
        """A docstring: https://docs.example.net/"""
        URL = "https://api.example.net/v1"  # https://comment.example.net
        def ask(name):
            "https://also-a-docstring.example.net"
            return f"https://files.example.net/{name}", f"https://{name}.example.net/"
        option("--x", help="https://help.example.net/", description="https://help.example.net/")
        HEADERS = {"HTTP-Referer": "https://me.example.net/", "url": "https://two.example.net:8443/"}
        ''',
        Grants(net=("api.example.net:443", "files.example.net:443", "two.example.net:8443")),
    ),
    "a model with a key": (
        """
        class Model(llm.KeyModel):
            needs_key = "vendor"
            key_env_var: str = "VENDOR_API_KEY"
        os.environ.get("VENDOR_API_KEY")
        """,
        Grants(keys=("vendor",)),
    ),
    "keys in every style": (
        """
        ALIAS = "four"
        llm.get_key("", "one", "ONE_KEY")
        llm.get_key(key, alias="two", env="TWO_KEY")
        get_key(explicit_key=key, key_alias="three", env_var="THREE_KEY")
        get_key(input=key, alias=ALIAS, env=None)
        self.get_key(key)
        get_key("", model.needs_key, model.key_env_var)
        """,
        Grants(keys=("one", "two", "three", "four")),
    ),
    "programs": (
        """
        import subprocess
        from subprocess import check_output
        ARGUMENTS = ["jq", "-r"]
        subprocess.run(["ffmpeg", "-i", path])
        subprocess.Popen(ARGUMENTS)
        check_output("tidy")
        shutil.which("pandoc")
        subprocess.run(command)
        other.run(["not-this"])
        """,
        Grants(run=("ffmpeg", "jq", "tidy", "pandoc")),
    ),
    "a shell": ("import subprocess\nsubprocess.check_output(command, shell=True)", Grants(run=("sh",))),
    "a program that uses the network": (
        'import subprocess\nsubprocess.run(["git", "clone", url])',
        Grants(run=("git",), own_sockets=True),
    ),
    "sockets of its own": ("import grpc", Grants(own_sockets=True)),
    "variables": (
        """
        os.getenv("SOME_HOST"); os.environ["SOME_TOKEN"]; click.option("--x", envvar="SOME_OPTION")
        os.environ.get("HOME"); os.getenv("XDG_CACHE_HOME"); os.getenv("HTTPS_PROXY"); os.getenv("LC_ALL")
        """,
        Grants(env=("SOME_HOST", "SOME_TOKEN", "SOME_OPTION")),
    ),
    "databases": (
        """
        db = sqlite_utils.Database(llm.user_dir() / "embeddings.db")
        response.log_to_db(db)
        """,
        Grants(databases=("embeddings", "logs")),
    ),
    "the table of a log": (
        'db = sqlite_utils.Database(llm.user_dir() / "logs.db")\nfor row in db["responses"].rows: ...',
        Grants(databases=("logs",)),
    ),
    "SQL on the log": (
        'from llm.cli import logs_db_path\ndb.query("select r.id\\nfrom responses r join conversations c")',
        Grants(databases=("logs",)),
    ),
    "tables of its own in a file of that name": (
        'db = sqlite_utils.Database(llm.user_dir() / "logs.db")\ndb["classifications"].create({"id": int})',
        NOTHING,
    ),
    "nothing": ("import llm\nclass Model(llm.Model):\n    model_id = 'x'\n", NOTHING),
    "no Python": ("def (", NOTHING),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_what_stands_in_the_source_is_found(tmp_path: Path, kind: str) -> None:
    code, grants = SOURCES[kind]

    assert guess_of(tmp_path, code).grants() == grants


def test_variables_belong_to_the_key_that_they_may_hold(tmp_path: Path) -> None:
    found = guess_of(tmp_path, SOURCES["keys in every style"][0] + SOURCES["a model with a key"][0])

    assert {key: list(names) for key, names in found.variables.items()} == {
        "one": ["ONE_KEY"],
        "two": ["TWO_KEY"],
        "three": ["THREE_KEY"],
        "vendor": ["VENDOR_API_KEY"],
    }


@pytest.mark.parametrize("code", ["import prompt_toolkit", "input('?')", "click.confirm('Sure?')"])
def test_a_plugin_that_talks_to_the_person_is_seen_to(tmp_path: Path, code: str) -> None:
    assert guess_of(tmp_path, code).terminal
    assert not guess_of(tmp_path, "print('hi')").terminal


def test_the_default_host_of_a_vendor_s_client_is_found_where_that_is_imported(tmp_path: Path) -> None:
    """As generated clients have it; what else their packages say of addresses does not count."""
    package = tmp_path / "site-packages" / "vendor"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("DOCS = 'https://docs.vendor.example.net'\n")
    (package / "_client.py").write_text(
        "class Client:\n"
        "    def __init__(self, base_url=None):\n"
        "        '''https://docs.vendor.example.net'''\n"
        "        if base_url is None:\n"
        "            base_url = os.environ.get('VENDOR_BASE_URL') or f'https://api.vendor.example.net'\n"
    )

    assert guess_of(tmp_path, "import vendor").grants() == Grants(net=("api.vendor.example.net:443",))
    assert guess_of(tmp_path, "from vendor import Client").grants() == Grants(net=("api.vendor.example.net:443",))
    assert guess_of(tmp_path, "import other").grants() == NOTHING


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("api.py", "def connect(key, base_url='https://api.vendor.example.net', *, retries=3): ..."),
        ("settings.py", "API_HOST = 'https://api.vendor.example.net'"),
        ("_residency.py", "BASE_URLS = {'global': 'https://api.vendor.example.net/v1'}"),
        ("environment.py", "class Environment(Enum):\n    DEFAULT = 'https://api.vendor.example.net'"),
    ],
)
def test_clients_have_their_default_host_in_several_ways(tmp_path: Path, file: str, code: str) -> None:
    package = tmp_path / "site-packages" / "vendor"
    package.mkdir(parents=True)
    (package / file).write_text(code, "utf-8")

    assert guess_of(tmp_path, "import vendor").grants() == Grants(net=("api.vendor.example.net:443",))


def test_the_client_of_a_package_that_distributions_share_is_found(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "vendor" / "cloud" / "sdk"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("BASE_URL = 'https://api.vendor.example.net'", "utf-8")

    assert guess_of(tmp_path, "from vendor.cloud.sdk import Client").grants() == Grants(
        net=("api.vendor.example.net:443",)
    )


def test_a_list_of_addresses_is_not_asked_for_without_end(tmp_path: Path) -> None:
    code = "\n".join(f"URL_{number} = 'https://host-{number}.example.net'" for number in range(100))

    assert len(guess_of(tmp_path, code).grants().net) == MOST_OF_A_KIND


def test_source_that_nests_deep_is_left_alone(tmp_path: Path) -> None:
    assert guess_of(tmp_path, "x = " + "(" * 5000 + ")" * 5000).grants() == NOTHING
    assert guess_of(tmp_path, "x = " + "a+" * 50_000 + "a").grants() == NOTHING

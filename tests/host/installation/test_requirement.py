"""What a person may type after ``llm install``, and what it means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from innkeeper.errors import InnkeeperError, InstallError, UsageError
from innkeeper.installation.requirement import Requirement, parse, without_password

URL = "https://example.com/files"
WHEEL, SDIST, ZIP = "llm_x-1.0-py3-none-any.whl", "llm_x-1.0.tar.gz", "x.zip"
REPOSITORY = "https://example.com/a/b.git"


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("llm-markov", {"kind": "index", "name": "llm-markov"}),
        ("LLM_Markov", {"kind": "index", "name": "llm-markov"}),
        ("llm-x[b,a]>=1,<2", {"kind": "index", "name": "llm-x", "extras": ("a", "b"), "specifier": "<2,>=1"}),
        ("llm-x ~= 1.0", {"kind": "index", "name": "llm-x", "specifier": "~=1.0"}),
        (f"{URL}/{WHEEL}", {"kind": "url", "name": "llm-x", "location": f"{URL}/{WHEEL}"}),
        (f"{URL}/{SDIST}#egg=llm_X", {"kind": "url-source", "name": "llm-x", "location": f"{URL}/{SDIST}"}),
        (
            f"y[a] @ {URL}/{ZIP}#subdirectory=s",
            {"kind": "url-source", "name": "y", "extras": ("a",), "location": f"{URL}/{ZIP}", "subdirectory": "s"},
        ),
        (
            f"git+{REPOSITORY}@v1.0#subdirectory=c&egg=y",
            {"kind": "git", "name": "y", "location": REPOSITORY, "subdirectory": "c", "revision": "v1.0"},
        ),
        ("git+ssh://git@example.com/a/b", {"kind": "git", "location": "ssh://git@example.com/a/b"}),
        ("llm-x @ git+https://example.com/b", {"kind": "git", "name": "llm-x", "location": "https://example.com/b"}),
    ],
)
def test_name_or_url(typed: str, fields: dict[str, Any]) -> None:
    assert parse(typed) == Requirement(typed=typed, **fields)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "pyproject.toml").touch()
    (tmp_path / "empty").mkdir()
    for name in (WHEEL, SDIST, "notes.txt"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "editable", "fields"),
    [
        ("./plugin", False, {"kind": "directory", "location": "plugin"}),
        (".//plugin/", False, {"kind": "directory", "location": "plugin"}),
        ("plugin", True, {"kind": "editable", "location": "plugin"}),
        ("./plugin[extra]", False, {"kind": "directory", "location": "plugin", "extras": ("extra",)}),
        (WHEEL, False, {"kind": "wheel", "name": "llm-x", "location": WHEEL}),
        (SDIST, False, {"kind": "sdist", "location": SDIST}),
        ("y @ file://{folder}/" + SDIST, False, {"kind": "sdist", "name": "y", "location": SDIST}),
    ],
)
def test_path(folder: Path, typed: str, editable: bool, fields: dict[str, Any]) -> None:
    typed = typed.replace("{folder}", str(folder))

    expected = Requirement(typed=typed, **{**fields, "location": str(folder / fields["location"])})
    assert parse(typed, editable=editable) == expected


@pytest.mark.parametrize(
    ("typed", "editable", "kind", "told"),
    [
        ("", False, UsageError, "nothing to install"),
        ("a\nb", False, UsageError, "nothing to install"),
        ("not a name", False, UsageError, "no requirement"),
        ("-r requirements.txt", False, UsageError, "no requirement"),
        ("./nowhere", False, InstallError, "There is no file or directory ./nowhere"),
        ("./empty", False, InstallError, "holds no Python package"),
        ("./notes.txt", False, InstallError, "neither a wheel nor an archive"),
        ("./notes.txt", True, UsageError, "is no directory"),
        (f"{URL}/page.html", False, InstallError, f"git+{URL}/page.html"),
        (f"{URL}/x.zip", True, UsageError, "-e wants a directory"),
        ("git+ext::sh", False, UsageError, "no way to reach a repository"),
        ("ftp://example.com/x.whl", False, UsageError, "no URL to install from"),
        (f"{URL}/nonsense.whl", False, InstallError, "not named as a wheel"),
        ("llm", False, InstallError, "no plugin to install"),
        ("innkeeper_sdk==1", False, InstallError, "no plugin to install"),
    ],
)
def test_what_means_nothing_is_an_error_that_says_so(
    folder: Path, typed: str, editable: bool, kind: type[InnkeeperError], told: str
) -> None:
    with pytest.raises(kind, match=re.escape(told)):
        parse(typed, editable=editable)


def test_dependency_is_what_a_project_says() -> None:
    assert parse("llm-x[b,a]>=1").dependency == "llm-x[a,b]>=1"
    assert parse(f"{URL}/llm_x-1.0-py3-none-any.whl").dependency == f"llm-x @ {URL}/llm_x-1.0-py3-none-any.whl"


def test_password_is_never_shown() -> None:
    parsed = parse("git+https://me:secret@example.com/a/b")

    assert parsed.subject == "git+https://example.com/a/b"
    assert without_password("404 for https://u:p@h/x, see https://u2@h2/y") == "404 for https://h/x, see https://h2/y"
    with pytest.raises(InstallError) as caught:
        parse("https://me:secret@example.com/page")
    assert "secret" not in str(caught.value)

"""uv, as a tool in other hands: what it gets of the person's, and what is made of its words."""

from __future__ import annotations

import subprocess
import sys

import pytest
from innkeeper.errors import InstallError
from innkeeper.installation.uv import run_uv, uv_environment
from innkeeper.installation.uv_failure import UvFailed

UNKNOWN = """\
Using CPython 3.11.7 interpreter at: /usr/bin/python3.11
error: No solution found when resolving dependencies for split (markers: sys_platform == 'linux')
  cause: Because llm-nowhere was not found in the package registry and your project depends on llm-nowhere, we can conclude that your project's requirements are unsatisfiable.
"""  # noqa: E501  # uv's own lines
SOURCE_ONLY = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because all versions of docopt have no usable wheels and your project depends on docopt, we can conclude that your project's requirements are unsatisfiable.

hint: Wheels are required for `docopt` because building from source is disabled for all packages (i.e., with `--no-build`)
"""  # noqa: E501, RUF001  # uv's own lines
WRAPPED = """\
  × No solution found when resolving dependencies for split (markers:
  │ platform_machine == 'x86_64' and sys_platform == 'linux'):
  ╰─▶ Because all versions of docopt have no usable wheels and your project
      depends on docopt, we can conclude that your project's requirements
      are unsatisfiable.

      hint: Wheels are required for `docopt` because building from source is
      disabled for all packages (i.e., with `--no-build`)
"""  # noqa: RUF001  # an older uv's own lines
OLD_PYTHON = """\
  cause: Because the requested Python version (>=3.10.13, <3.11) does not satisfy Python>=3.11 and networkx>=3.5,<=3.6 depends on Python>=3.11, we can conclude that networkx>=3.5,<=3.6 cannot be used.

hint: The `requires-python` value (>=3.10.13, <3.11) includes Python versions that are not supported
"""  # noqa: E501  # uv's own lines
NO_TAG = "  cause: Because torch==2.0.0 has no wheels with a matching Python version tag (e.g., `cp313`)"
UNREACHABLE = """\
error: Failed to fetch: http://127.0.0.1:9/simple/x/
  cause: error sending request for url (http://127.0.0.1:9/simple/x/)
  cause: Connection refused (os error 111)
"""
UNTRUSTED = """\
error: Failed to download `x @ https://h/x.whl`
  cause: Failed to fetch: https://h/x.whl
  cause: error sending request for url (https://h/x.whl)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
FORBIDDEN = (
    "error: Failed to fetch: http://h/x.whl\n  cause: HTTP status client error (403 Forbidden) for url (http://h/x)"
)
FULL = "error: Failed to install: x-1.0.whl\n  cause: No space left on device (os error 28)"
WARNED = """\
warning: Failed to hardlink files; falling back to full copy. This may lead to degraded performance.
         If this is intentional, set `export UV_LINK_MODE=copy` to suppress this warning.
error: Failed to install: x-1.0.whl
  cause: it is torn
"""


def test_unknown_name_is_said_in_the_words_of_who_typed_llm() -> None:
    error = UvFailed(UNKNOWN).explained("llm-nowhere")

    assert error.message == "llm-nowhere was not installed: the package index has no such package."
    of_another = UvFailed(UNKNOWN).explained("plugin")
    assert (of_another.message, of_another.why) == (
        "plugin was not installed.",
        "Because llm-nowhere was not found in the package registry and this installation needs llm-nowhere.",
    )


def test_what_may_help_is_read_from_a_failure() -> None:
    assert UvFailed(SOURCE_ONLY).source_only == ("docopt",)
    assert UvFailed(OLD_PYTHON).needed_python == ">=3.11"
    assert [UvFailed(text).may_fit_another_python for text in (SOURCE_ONLY, OLD_PYTHON, NO_TAG, UNKNOWN)] == [
        True, True, True, False
    ]  # fmt: skip


def test_older_uv_that_wraps_its_lines_is_read_as_well() -> None:
    wrapped = UvFailed(WRAPPED)

    assert wrapped.source_only == ("docopt",)
    assert wrapped.reason == "Because all versions of docopt have no usable wheels and this installation needs docopt."
    assert UvFailed(SOURCE_ONLY).reason == wrapped.reason


def test_causes_that_lie_outside_are_named() -> None:
    assert UvFailed(UNREACHABLE).explained("x").message == "x was not installed: the package index cannot be reached."
    assert UvFailed(FULL).explained("x").message == "x was not installed: the disk is full."
    untrusted = UvFailed(UNTRUSTED).explained("x")
    assert untrusted.message == "x was not installed: the certificate of its address is not trusted."
    assert untrusted.why.splitlines()[-1] == "invalid peer certificate: UnknownIssuer"
    refused = UvFailed(FORBIDDEN).explained("x")
    assert (refused.message, refused.why) == (
        "x was not installed.",
        "Failed to fetch: http://h/x.whl\nHTTP status client error (403 Forbidden) for url (http://h/x)",
    )


def test_reason_is_short_and_without_uvs_own_advice() -> None:
    assert "--no-build" not in UvFailed(SOURCE_ONLY).reason
    assert UvFailed(WARNED).reason == "Failed to install: x-1.0.whl\nit is torn"
    assert len(UvFailed("error: " + "word " * 10_000).reason) < 1000


def test_uv_gets_an_environment_of_its_own() -> None:
    person = {
        "HOME": "/home/p",
        "HTTPS_PROXY": "http://proxy",
        "UV_INDEX_PRIVATE_PASSWORD": "p",
        "UV_COMPILE_BYTECODE": "1",
        "UV_PROJECT_ENVIRONMENT": "/elsewhere",
        "VIRTUAL_ENV": "/venv",
        "PYTHONPATH": "/lib",
        "OPENAI_API_KEY": "sk",
        "PIP_INDEX_URL": "https://index/simple",
    }

    assert uv_environment(person) == {
        "HOME": "/home/p",
        "HTTPS_PROXY": "http://proxy",
        "UV_INDEX_PRIVATE_PASSWORD": "p",
        "UV_DEFAULT_INDEX": "https://index/simple",
        "UV_HTTP_RETRIES": "2",
        "UV_HTTP_CONNECT_TIMEOUT": "10",
        "UV_PYTHON_DOWNLOADS": "never",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
    }
    assert uv_environment({**person, "UV_DEFAULT_INDEX": "https://other"})["UV_DEFAULT_INDEX"] == "https://other"


def test_uv_that_does_not_end_is_ended() -> None:
    with pytest.raises(InstallError, match="did not finish within 0 seconds"):
        run_uv(["python", "list"], cwd="/", timeout_s=0.0)


CTRL_C_BEFORE_UV = """
import os, signal
from innkeeper.installation.uv import run_uv
from innkeeper.installation.uv_failure import UvFailed

os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))
try:
    run_uv(["--version"], cwd="/", timeout_s=60)
except UvFailed as error:
    print(error)
"""


def test_interrupt_of_a_child_that_is_not_yet_uv_ends_it_without_a_traceback() -> None:
    """A terminal sends Ctrl-C to all of our group, and until it has a group of its own it is in ours."""
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_BEFORE_UV], capture_output=True, encoding="utf-8", timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "uv could not do that.\n  uv ended with status -2\n", "")

"""The environment variables a plugin gets: an allow-list, never a copy of the person's."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .policy import Policy

_PASSED_ON = [
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_COLLATE",
    "LC_TIME",
    "LC_NUMERIC",
    "LC_MONETARY",
    "LC_MESSAGES",
    "TZ",
]
_PASSED_ON_WITH_TERMINAL = [
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
]


def plugin_environment(
    policy: Policy,
    *,
    data_dir: str,
    tmp: str | None,
    environ: Mapping[str, str],
    channel: int | None,
    broker: int | None,
) -> dict[str, str]:
    """Return the whole environment: an allow-list, and all of the person's only for a plugin that they trust."""
    if policy.trusted:
        environment = dict(environ)
    else:
        names = _PASSED_ON + (_PASSED_ON_WITH_TERMINAL if policy.terminal else [])
        environment = {"LANG": "C.UTF-8", **{name: environ[name] for name in names if name in environ}}
        folders = dict.fromkeys(
            [*(os.path.dirname(program) for program in policy.run), "/usr/local/bin", "/usr/bin", "/bin"]
        )
        environment |= {"HOME": data_dir, "USER": "plugin", "LOGNAME": "plugin", "PATH": ":".join(folders)}
        if tmp:
            environment["TMPDIR"] = tmp
    environment |= dict(policy.environment)
    environment |= {"LLM_USER_PATH": data_dir, "INNKEEPER_PLUGIN": policy.plugin}
    if channel is not None:
        environment["INNKEEPER_CHANNEL"] = str(channel)
    if broker is not None:
        environment["INNKEEPER_BROKER"] = str(broker)
    return environment

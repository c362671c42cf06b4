"""Every error a person may see from the host.

InnkeeperError                  what happened, why, what to do; a stable code; an exit status
├── UsageError                  used wrongly (exit 2)
├── Interrupted                 Ctrl-C (exit 130)
├── InstallError                an installation that did not happen; nothing was left behind
├── UnknownPlugin, UnknownModel, UnknownTool  no such thing; carries the nearest names
├── TemplateError, FragmentError  one that is not there, or cannot be used
├── ChainLimitReached           a model went on asking for tools
├── ChainPaused                 a tool waits for something, and the chain with it
├── ConfinementError            this machine cannot enforce the policy
├── PermissionDenied            the policy refused, and the command that would allow it
├── StorageError                a file of the home that cannot be read or written
└── PluginError                 a plugin did something wrong; carries its name
    ├── PluginStartFailed       it did not come up: import error, no handshake in time
    ├── PluginStopped           it died, or closed its channel, while calls were open
    ├── PluginMisbehaved        it broke the protocol, or said something of the wrong type
    ├── PluginTimedOut          it did not answer in time
    └── PluginCallFailed        it answered with a failure: code, message, data
"""

from __future__ import annotations

from typing import Any


class InnkeeperError(Exception):
    """An error in three parts: *message* (what happened), *why*, and *hint* (what to do); the last two may be empty.

    ``str()`` gives all parts, a line each, indented below the first, without the word "Error:".
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join([self.message, *("  " + part.replace("\n", "\n  ") for part in (self.why, self.hint) if part)])

    def as_json(self) -> dict[str, Any]:
        """Return the documented object that ``--json`` prints for this error."""
        return {"error": {"code": self.code, "message": self.message, "why": self.why, "hint": self.hint}}


class UsageError(InnkeeperError):
    code = "usage"
    exit_code = 2


class Interrupted(InnkeeperError):
    code = "interrupted"
    exit_code = 130


class InstallError(InnkeeperError):
    code = "install_failed"


class UnknownPlugin(InnkeeperError):
    code = "unknown_plugin"


class UnknownModel(InnkeeperError):
    code = "unknown_model"


class TemplateError(InnkeeperError):
    code = "template"


class FragmentError(InnkeeperError):
    code = "fragment"


class UnknownTool(InnkeeperError):
    code = "unknown_tool"


class ChainLimitReached(InnkeeperError):
    code = "chain_limit"


class ChainPaused(InnkeeperError):
    code = "chain_paused"


class ConfinementError(InnkeeperError):
    code = "confinement_unavailable"


class PermissionDenied(InnkeeperError):
    code = "permission_denied"


class StorageError(InnkeeperError):
    code = "storage"


class PluginError(InnkeeperError):
    """A plugin failed. *plugin* is its name."""

    code = "plugin"

    def __init__(self, plugin: str, message: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(message, why=why, hint=hint)
        self.plugin = plugin


class PluginStartFailed(PluginError):
    code = "plugin_start_failed"


class PluginStopped(PluginError):
    code = "plugin_stopped"


class PluginMisbehaved(PluginError):
    code = "plugin_misbehaved"


class PluginTimedOut(PluginError):
    code = "plugin_timed_out"


class PluginCallFailed(PluginError):
    """*wire_code* is the protocol's ``ErrorCode``; *data* what the plugin added for programs."""

    code = "plugin_call_failed"

    def __init__(self, plugin: str, message: str, *, wire_code: int, data: Any = None, hint: str = "") -> None:
        super().__init__(plugin, message, hint=hint)
        self.wire_code = wire_code
        self.data = data

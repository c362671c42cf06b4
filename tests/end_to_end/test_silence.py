"""A plugin that hangs: it is waited for as long as its policy says, and no longer."""

from __future__ import annotations

import os

import pytest
from innkeeper.confinement.grants import Grants
from innkeeper.errors import PluginTimedOut
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.process.launch import Launched
from innkeeper.remote.host import Host, Room
from innkeeper_protocol import methods
from innkeeper_protocol.payloads.models import Prompt, PromptParams

from .inn import Inn


class Impatient(Host):
    """A host that waits for a second."""

    def _launch(self, plugin: InstalledPlugin, room: Room, *, more: Grants | None = None) -> Launched:
        launched = super()._launch(plugin, room, more=more)
        limits = launched.policy.limits._replace(silence_s=1.0)
        launched.policy = launched.policy._replace(limits=limits)
        return launched


def test_plugin_that_is_silent_for_too_long_is_ended_and_said(rogues: Inn) -> None:
    with Impatient(Home(str(rogues.home))) as host:
        session = host.session(host.plugin("rogue-waits"))
        params = PromptParams(model_id="waits", prompt=Prompt(text="hi"), stream=True)

        with session.stream(methods.MODELS_PROMPT, params) as answer, pytest.raises(PluginTimedOut) as raised:
            list(answer)

        assert raised.value.message == "Plugin 'rogue-waits' did not answer 'models/prompt' in time, and was ended."
        assert session.is_over
        assert not os.path.exists(f"/proc/{session.launched.child.pid}")

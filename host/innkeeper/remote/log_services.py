"""What a plugin may have logged: exchanges that it made itself, where the person granted it the database ``logs``.

It writes there what it says, but no stored key, with an id and, where it gives none, a time of the host's; it reads
nothing.
"""

from __future__ import annotations

import datetime
import re

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import host_services as wire
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.peer import IncomingCall
from innkeeper_sdk.api.identifiers import new_id
from innkeeper_sdk.api.message_chain import system_message, turn
from innkeeper_sdk.api.parts import Message, TextPart

from innkeeper.confinement.policy import Policy
from innkeeper.masking import Mask
from innkeeper.process.denials import Denials
from innkeeper.storage.keys import stored_keys
from innkeeper.storage.logs_conversations import load_conversation
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_switch import is_logging
from innkeeper.storage.logs_turns import Turn, log_turn
from innkeeper.untrusted import one_line

from .host import Host

DATABASE = "logs"

CONVERSATION_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")

MODEL_LETTERS = 200

MOST_MILLISECONDS = 1000 * 60 * 60 * 24 * 365


class LogServices:
    """The log, for one running plugin."""

    def __init__(self, host: Host, policy: Policy, denials: Denials) -> None:
        self._host = host
        self._policy = policy
        self._denials = denials

    def log_response(self, params: wire.LogResponseParams, call: IncomingCall) -> Nothing:
        """Log an exchange, unless the person turned logging off."""
        if not self._policy.may_use_database(DATABASE):
            self._denials.add("database", DATABASE, "it was not granted")
            raise CallFailed(
                ErrorCode.DENIED,
                f"{self._policy.plugin} may not write to your log. "
                f"To allow it: llm plugins allow {self._policy.plugin} --database {DATABASE}",
            )
        if not is_logging(self._host.home):
            return Nothing()
        if params.conversation_id is not None and not CONVERSATION_ID.fullmatch(params.conversation_id):
            raise CallFailed(ErrorCode.INVALID_PARAMS, "that is no id of a conversation")
        mask = Mask([*stored_keys(self._host.home).values(), *self._host.mask.keys])
        prompt, system, response = mask.value([params.prompt, params.system, params.response])
        with open_logs(self._host.home.logs_file) as db:
            conversation_id = params.conversation_id or new_id()
            before = load_conversation(db, conversation_id)
            said = [] if before is None else before.messages
            log_turn(
                db,
                Turn(
                    id=new_id(),
                    conversation_id=conversation_id,
                    conversation_name=prompt or system or "",
                    model=one_line(params.model_id, MODEL_LETTERS),
                    sent=[*(said or system_message(system or "")), *turn(prompt)],
                    answer=[Message("assistant", [TextPart(response)])] if response else [],
                    datetime_utc=_time(params.datetime_utc),
                    duration_ms=min(max(params.duration_ms or 0, 0), MOST_MILLISECONDS),
                    input_tokens=params.input_tokens,
                    output_tokens=params.output_tokens,
                    response_json=mask.value(params.response_json),
                ),
            )
        return Nothing()


def _time(said: str | None) -> str:
    utc = datetime.timezone.utc
    try:
        found = datetime.datetime.fromisoformat(said or "")
        return (found if found.tzinfo else found.replace(tzinfo=utc)).astimezone(utc).isoformat()
    except (ValueError, OverflowError):
        return datetime.datetime.now(utc).isoformat()

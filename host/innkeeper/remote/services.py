"""What a plugin may ask of the host, and how far it gets: keys it was granted, models of other plugins.

Every answer is given within the plugin's grants; everything a plugin says here is a stranger's word. A service that
is not listed does not exist, and asking for it is an error, not a surprise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.methods import Method
from innkeeper_protocol.payloads import host_services as wire
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.models import PromptParams, PromptResult
from innkeeper_protocol.peer import Handler, IncomingCall

from innkeeper.errors import InnkeeperError, PluginCallFailed, StorageError
from innkeeper.process.denials import Denials
from innkeeper.process.launch import Launched
from innkeeper.storage.aliases import read_aliases, set_alias
from innkeeper.storage.default_model import (
    default_embedding_model,
    default_model,
    set_default_embedding_model,
    set_default_model,
)
from innkeeper.storage.keys import key_names, stored_key
from innkeeper.untrusted import one_line

from .blobs import relayed, sent_ahead
from .catalogue import Found, find_model, unknown_model
from .refused_paths import refusal

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.embeddings import EmbedParams, EmbedResult
    from innkeeper_protocol.payloads.fragments import LoadFragmentsParams, LoadFragmentsResult
    from innkeeper_protocol.payloads.templates import LoadTemplateParams, Template
    from innkeeper_protocol.payloads.tools import CallToolResult

    from .embedding_services import EmbeddingServices
    from .host import Host
    from .loaders import Reference

MOST_DEPTH = 8
"""How deep calls between plugins may be nested: a model that prompts a model that prompts ... Honest ones need two."""

NAME_LETTERS = 200
"""The longest name or alias that a plugin may set."""

MOST_ALIASES = 50
"""Names for the models of one plugin that it may have set."""

MOST_LINES = 10_000
"""Shown to the person of what one process says: progress of a long download is a tenth of that."""

MOST_REPORTS = 1000
"""Of what the sandbox refused, by one process: each is looked at while the plugin's messages wait."""


class Services:
    """The services for one running plugin."""

    def __init__(self, host: Host, launched: Launched, denials: Denials) -> None:
        self._host = host
        self._launched = launched
        self._reports = 0
        self._lines = 0
        self._plugin = launched.plugin
        self._policy = launched.policy
        self._denials = denials

    def handlers(self) -> dict[str, Handler]:
        """Return the handler of every method that the plugin may call."""
        handlers: dict[str, Callable[[Any, IncomingCall], Any]] = {
            methods.GET_KEY.name: self.get_key,
            methods.LIST_MODELS.name: self.list_models,
            methods.MODELS_PROMPT.name: self.prompt,
            methods.EMBED.name: self.embed,
            methods.OPEN_COLLECTION.name: self._about_embeddings("open_collection"),
            methods.STORE_IN_COLLECTION.name: self._about_embeddings("store"),
            methods.SIMILAR_IN_COLLECTION.name: self._about_embeddings("similar"),
            methods.DELETE_COLLECTION.name: self._about_embeddings("delete"),
            methods.LOAD_TEMPLATE.name: self.load_template,
            methods.LOAD_FRAGMENTS.name: self.load_fragments,
            methods.RUN_TOOL.name: self.run_tool,
            methods.LOG_RESPONSE.name: self.log_response,
            methods.SET_ALIAS.name: self.set_alias,
            methods.SET_DEFAULT_MODEL.name: self.set_default_model,
        }
        return {name: _failing_plainly(handler) for name, handler in handlers.items()}

    def notified(self, method: Method[Any, Any], params: Any) -> None:
        """Take what the plugin tells."""
        if isinstance(params, wire.DenialParams):
            self._reports += 1
            found = refusal(self._launched, self._host.home, params) if self._reports <= MOST_REPORTS else None
            if found is not None:
                self._denials.add(found.kind, found.what, found.reason)
        elif isinstance(params, wire.ConsoleParams) and self._lines < MOST_LINES:
            self._lines += 1
            self._host.progress(f"{self._plugin.name}: {one_line(self._host.mask(params.text), 400)}")

    def get_key(self, params: wire.GetKeyParams, call: IncomingCall) -> wire.GetKeyResult:
        """Give a key that is stored, or that the person's environment holds, if it was granted by its name."""
        policy, home, environ = self._policy, self._host.home, self._host.environ
        name, variable = params.name or "", params.env_var or ""
        may_have_key = bool(name) and (policy.trusted or name in policy.keys)
        may_have_variable = bool(variable) and (policy.trusted or variable in policy.key_variables)
        try:
            key = stored_key(home, name) if may_have_key else None
        except StorageError as error:
            self._denials.advise("\n".join(part for part in (error.why, error.hint) if part))
            raise
        if key is None and may_have_variable:
            key = environ.get(variable) or None
        denied = not (may_have_key or may_have_variable)
        if denied and name:
            is_there = name in key_names(home) or bool(environ.get(variable))
            self._denials.add("key", name, "it was not granted", quiet=not is_there or self._is_of_other(name))
        if key is not None:
            self._host.mask.add(key)
            self._host.ledger.used(self._plugin, "key", name or variable)
        return wire.GetKeyResult(key=key, denied=denied)

    def _is_of_other(self, key: str) -> bool:
        """Say whether models of another plugin, and none of this one, need *key*: who prompts those asks for it first,
        and does well without.
        """
        from innkeeper.installation.manifest import read_manifest

        home = self._host.home
        owners = set()
        for plugin in self._host.index.plugins:
            said = read_manifest(home, plugin)
            needed = [one.needs_key for one in said.models] + [one.needs_key for one in said.embedding_models]
            if key in needed:
                owners.add(plugin.name)
        return bool(owners) and self._plugin.name not in owners

    def list_models(self, params: Nothing, call: IncomingCall) -> wire.ListModelsResult:
        """List all models, with what their manifests say of them."""
        from .manifests import embedding_models_of, models_of

        home, index = self._host.home, self._host.index
        aliases = read_aliases(home)
        return wire.ListModelsResult(
            models=tuple(models_of(home, index, aliases)),
            embedding_models=tuple(embedding_models_of(home, index, aliases)),
            default_model=default_model(home),
            default_embedding_model=default_embedding_model(home),
        )

    def prompt(self, params: PromptParams, call: IncomingCall) -> PromptResult:
        """Put a prompt to a model of any plugin; what it answers is passed on as it comes."""
        _check_depth(params.depth)
        found = self._find(params.model_id)
        session = self._host.session(found.plugin)
        asked = msgspec.structs.replace(relayed(params, call.peer, session.peer), model_id=found.model_id)
        with session.stream(methods.MODELS_PROMPT, asked) as answer:
            call.on_cancel(answer.cancel)
            call.send_items(answer)
            return relayed(answer.result(), session.peer, call.peer)

    def embed(self, params: EmbedParams, call: IncomingCall) -> EmbedResult:
        """Embed a batch with a model of any plugin."""
        _check_depth(params.depth)
        return self.embeddings.embed(params, call)

    def _about_embeddings(self, name: str) -> Handler:
        """Return the handler *name* of the services about embeddings."""

        def answer(params: Any, call: IncomingCall) -> Any:
            return getattr(self.embeddings, name)(params, call)

        return answer

    @cached_property
    def embeddings(self) -> EmbeddingServices:
        """The services about embeddings, which few plugins ask for."""
        from .embedding_services import EmbeddingServices

        return EmbeddingServices(self._host, self._policy, self._denials)

    def load_template(self, params: LoadTemplateParams, call: IncomingCall) -> Template:
        """Load a template by a loader of a plugin that was allowed no more than this one; in a command that the person
        runs, of any. What a plugin writes opens no file to that one.
        """
        from .loaders import TEMPLATES, find_reference, load_template

        _check_depth(params.depth)
        if not params.prefix:
            raise CallFailed(ErrorCode.DENIED, "the templates that the person stored are not for plugins")
        reference = find_reference(self._host.index, TEMPLATES, f"{params.prefix}:{params.path}")
        self._check_reach(reference)
        return load_template(self._host, reference, asker=call, depth=params.depth)

    def load_fragments(self, params: LoadFragmentsParams, call: IncomingCall) -> LoadFragmentsResult:
        """Load fragments; as `load_template`."""
        from .loaders import FRAGMENTS, find_reference, load_fragments

        _check_depth(params.depth)
        reference = find_reference(self._host.index, FRAGMENTS, f"{params.prefix}:{params.argument}")
        self._check_reach(reference)
        return sent_ahead(load_fragments(self._host, reference, asker=call, depth=params.depth), call.peer)

    def _check_reach(self, reference: Reference) -> None:
        """Raise CallFailed where a loader would fetch for this plugin what the person did not allow *it*."""
        from .tools_service import reaches_no_further

        loader, asking = reference.loader, self._plugin.name
        if not (self._policy.terminal or reaches_no_further(self._host, loader.plugin.name, asking)):
            raise CallFailed(
                ErrorCode.DENIED,
                f"Could not load {loader.kind.word} {reference}: the loaders of {loader.plugin.name} may do more than "
                f"{asking} was allowed to do",
            )

    def run_tool(self, params: wire.RunToolParams, call: IncomingCall) -> CallToolResult:
        """Run a tool of any plugin that was allowed no more than this one."""
        from .tools_service import run_tool

        _check_depth(params.depth)
        return run_tool(self._host, self._plugin.name, params, call)

    def log_response(self, params: wire.LogResponseParams, call: IncomingCall) -> Nothing:
        """Log an exchange that the plugin made."""
        from .log_services import LogServices

        return LogServices(self._host, self._policy, self._denials).log_response(params, call)

    def set_alias(self, params: wire.SetAliasParams, call: IncomingCall) -> Nothing:
        """Let a name mean a model of this plugin, in a command that the person runs; their own names stay theirs.

        Names go before what plugins call their models, also those that are installed later.
        """
        name, index = one_line(params.alias, NAME_LETTERS), self._host.index
        if not (self._policy.terminal or self._policy.trusted):
            command = f"llm aliases set {name} {one_line(params.model_id, NAME_LETTERS)}"
            raise CallFailed(ErrorCode.DENIED, f"a plugin may set a name in a command that you run only: {command}")
        aliases = read_aliases(self._host.home)

        def owners(meant: str, aliases: dict[str, str]) -> set[str]:
            found = (find_model(index, aliases, meant, kind) for kind in ("models", "embedding_models"))
            return {model.plugin.name for model in found if model is not None}

        own = self._plugin.name
        if own not in owners(params.model_id, {}):
            raise CallFailed(ErrorCode.DENIED, "a plugin may name its own models only")
        if owners(params.alias, aliases) - {own}:
            raise CallFailed(ErrorCode.DENIED, f"'{name}' means another plugin's model")
        if not params.alias.isprintable() or not 0 < len(params.alias) <= NAME_LETTERS:
            raise CallFailed(ErrorCode.INVALID_PARAMS, "that is no name for a model")
        if params.alias not in aliases and sum(own in owners(one, aliases) for one in aliases) >= MOST_ALIASES:
            raise CallFailed(ErrorCode.DENIED, f"a plugin may set at most {MOST_ALIASES} names for its models")
        set_alias(self._host.home, params.alias, params.model_id)
        return Nothing()

    def set_default_model(self, params: wire.SetDefaultModelParams, call: IncomingCall) -> Nothing:
        """Refuse, but for a plugin that the person trusts: which model gets what they type is theirs to say."""
        if not self._policy.trusted:
            models = "embed-models" if params.embedding else "models"
            command = f"llm {models} default {one_line(params.model_id or '', 99)}"
            raise CallFailed(ErrorCode.DENIED, f"the default model is the person's to choose: {command}")
        set_default = set_default_embedding_model if params.embedding else set_default_model
        set_default(self._host.home, params.model_id)
        return Nothing()

    def _find(self, model_id: str) -> Found:
        index, aliases = self._host.index, read_aliases(self._host.home)
        found = find_model(index, aliases, model_id)
        if found is None and self._host.look_again(wait=False):
            found = find_model(self._host.index, aliases, model_id)
        if found is None:
            raise CallFailed(ErrorCode.NOT_FOUND, str(unknown_model(index, aliases, model_id).message))
        return found


def _check_depth(depth: int) -> None:
    if depth > MOST_DEPTH:
        raise CallFailed(
            ErrorCode.DEPTH_EXCEEDED, f"plugins that call one another: more than {MOST_DEPTH} deep, ended here"
        )


def _failing_plainly(handler: Handler) -> Handler:
    """Return *handler* with the host's own errors turned into failures: one sentence, nothing of this machine in it."""

    def answer(params: Any, call: IncomingCall) -> Any:
        try:
            return handler(params, call)
        except PluginCallFailed as error:
            raise CallFailed(error.wire_code, error.message, error.data) from error
        except InnkeeperError as error:
            raise CallFailed(ErrorCode.PLUGIN_EXCEPTION, error.message) from error

    return answer

"""``extra-openai-models.yaml``: more models, at OpenAI or at any server that speaks its API.

    - model_id: local-llama
      model_name: llama-3.2
      api_base: http://localhost:8080/v1
      supports_tools: true

What is wrong with one entry, or with one file, hides no other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import llm
from innkeeper_sdk.openai import AsyncChat, AsyncResponses, Chat, Completion, Responses

from .own_models import Registered

FILE = "extra-openai-models.yaml"

FILES_VARIABLE = "INNKEEPER_OPENAI_FILES"
"""By this the host says where the person's files are: paths, the one that counts first in front."""

MODELS_VARIABLE = "INNKEEPER_OPENAI_MODELS"
"""By this the host adds models for one run: entries as in a file, as JSON."""

TEXTS = ("model_name", "api_base", "api_type", "api_version", "api_engine", "api_key_name")
ABILITIES = (
    *("can_stream", "supports_schema", "supports_tools", "vision", "audio"),
    *("reasoning", "verbosity", "image_detail_original", "service_tier"),
)
KINDS = ("completion", "responses")
SUMMARY = "reasoning_summary"
"""Whether to ask for one without being told to; of models behind the responses API."""

OPENAI_KEY = "openai"


class Unusable(llm.ModelError):
    """A file, or entries in it, of which nothing can be made. One line each says where and why."""


def extra_files() -> list[str]:
    """Return where such files may be."""
    told = os.environ.get(FILES_VARIABLE)
    if told:
        return told.split(os.pathsep)
    return [str(llm.user_dir() / FILE), os.path.expanduser(f"~/.llm/{FILE}")]


class ExtraModels:
    """The models of all files; *problems* says what could not be used."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._found: dict[str, Registered] = {}
        added = os.environ.get(MODELS_VARIABLE)
        if added:
            self._add(json.loads(added), MODELS_VARIABLE)
        for path in extra_files():
            try:
                entries = read_entries(path)
            except Unusable as error:
                self.problems.append(str(error))
            else:
                self._add(entries, path)

    def __iter__(self) -> Iterator[Registered]:
        return iter(self._found.values())

    @property
    def names(self) -> set[str]:
        """All that means one of them."""
        return {name for one in self for name in one.names}

    def _add(self, entries: list[Any], path: str) -> None:
        for number, entry in enumerate(entries, 1):
            try:
                made = made_of(entry)
            except Unusable as error:
                self.problems.append(f"{path}: {named(entry, number)}: {error}")
            else:
                self._found.setdefault(made.model.model_id, made)


def read_entries(path: str) -> list[Any]:
    """Return what the file at *path* lists; nothing where it is not there. Raises Unusable."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise Unusable(f"{path}: it cannot be read: {error}") from error
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Unusable(f"{path}: {' '.join(where_and_why(error).split())}") from error
    if content is None:
        return []
    if not isinstance(content, list):
        raise Unusable(f"{path}: it has to be a list, each model beginning with `- model_id:`")
    return content


def where_and_why(error: Any) -> str:
    """Return what the parser says, with the line."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', None) or error}"


def named(entry: Any, number: int) -> str:
    """Return how an entry is called in a message: by its id where it has one."""
    model_id = entry.get("model_id") if isinstance(entry, dict) else None
    return f"{model_id}" if isinstance(model_id, str) and model_id else f"model {number}"


def made_of(entry: Any) -> Registered:
    """Return the model that *entry* describes. Raises Unusable."""
    if not isinstance(entry, dict):
        raise Unusable("it has to be a map with a model_id")
    model_id = text_of(entry, "model_id")
    if not model_id:
        raise Unusable("it has no model_id")
    texts = {name: text_of(entry, name) for name in TEXTS}
    key_name = texts.pop("api_key_name")
    check_address(texts["api_base"])
    settings: dict[str, Any] = {**texts, "headers": headers_of(entry)}
    settings |= {name: value for name in ABILITIES if (value := flag_of(entry, name)) is not None}
    is_completion, is_responses = (flag_of(entry, name) for name in KINDS)
    summary = flag_of(entry, SUMMARY)
    kind: Any = Chat
    async_kind: Any = AsyncChat
    if is_completion:
        kind, async_kind = Completion, None
    elif is_responses:
        kind, async_kind = Responses, AsyncResponses
        settings |= {} if summary is None else {SUMMARY: summary}
    model = kind(model_id, **settings)
    async_model = async_kind(model_id, **settings) if async_kind else None
    for one in (model, async_model):
        if one is not None:
            give_key(one, key_name)
    return Registered(model, async_model, aliases_of(entry))


def give_key(model: Any, key_name: str | None) -> None:
    """Say which key *model* takes: another server gets OpenAI's only where the person says so, by the key's name."""
    if key_name or model.api_base:
        model.needs_key = key_name
    if model.needs_key != OPENAI_KEY:
        model.key_env_var = None


def text_of(entry: dict[str, Any], name: str) -> str | None:
    """Return a text, or None where there is none. Raises Unusable."""
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise Unusable(f"{name} has to be text; put it in quotes: {name}: {json.dumps(str(value))}")
    return value


def flag_of(entry: dict[str, Any], name: str) -> bool | None:
    """Return true or false, or None where nothing is said. Raises Unusable."""
    value = entry.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unusable(f"{name} has to be true or false")
    return value


def headers_of(entry: dict[str, Any]) -> dict[str, str] | None:
    """Return the headers. Raises Unusable, without their values, which may be secret."""
    headers = entry.get("headers")
    if headers is None:
        return None
    if not isinstance(headers, dict) or not all(
        isinstance(name, str) and isinstance(value, (str, int, float)) for name, value in headers.items()
    ):
        raise Unusable("headers has to be a map of names and texts")
    return {name: str(value) for name, value in headers.items()}


def aliases_of(entry: dict[str, Any]) -> tuple[str, ...]:
    """Return the other names. Raises Unusable."""
    aliases = entry.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, (str, int, float)) for alias in aliases):
        raise Unusable("aliases has to be a list of names")
    return tuple(map(str, aliases))


def check_address(api_base: str | None) -> None:
    """Raise Unusable for what is no address of a server."""
    if api_base is not None and not api_base.startswith(("http://", "https://")):
        raise Unusable(f"api_base has to begin with http:// or https://, and does not: {api_base}")

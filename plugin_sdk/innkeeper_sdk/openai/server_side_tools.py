"""Tools that OpenAI runs on its own machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from innkeeper_sdk.api.tools import ServerSideTool

ContextSize = Literal["low", "medium", "high"]
TokenBudget = Literal["default", "unlimited"]
ContentType = Literal["text", "image"]
MemoryLimit = Literal["1g", "4g", "16g", "64g"]

MOST_DOMAINS = 100


class WebSearch(ServerSideTool):
    """Search the web with OpenAI's tool: among these domains or without those, near a place, live or not.

    include_sources keeps every address that was looked at, include_results what was found there, images too.
    """

    name = "web_search"

    def __init__(  # noqa: PLR0917  # the positions plugins know
        self,
        allowed_domains: list[str] | None = None,
        blocked_domains: list[str] | None = None,
        user_location: dict[str, Any] | None = None,
        search_context_size: ContextSize | None = None,
        external_web_access: bool | None = None,
        return_token_budget: TokenBudget | None = None,
        search_content_types: list[ContentType] | None = None,
        image_settings: dict[str, Any] | None = None,
        include_sources: bool = False,
        include_results: bool = False,
    ) -> None:
        super().__init__()
        self.allowed_domains = _domains("allowed_domains", allowed_domains)
        self.blocked_domains = _domains("blocked_domains", blocked_domains)
        self.user_location = _location(user_location)
        self.search_context_size = _one_of("search_context_size", search_context_size, ContextSize)
        self.external_web_access = _of_type("external_web_access", external_web_access, bool)
        self.return_token_budget = _one_of("return_token_budget", return_token_budget, TokenBudget)
        self.search_content_types = _some_of("search_content_types", search_content_types, ContentType)
        self.image_settings = _image_settings(image_settings)
        self.include_sources = bool(_of_type("include_sources", include_sources, bool))
        self.include_results = bool(_of_type("include_results", include_results, bool))

    def tool_spec(self, model: Any) -> dict[str, Any]:
        """Return what the API wants to see of the tool."""
        filters = _given(allowed_domains=self.allowed_domains, blocked_domains=self.blocked_domains)
        settings = _given(
            filters=filters or None,
            user_location=self.user_location,
            search_context_size=self.search_context_size,
            external_web_access=self.external_web_access,
            return_token_budget=self.return_token_budget,
            search_content_types=self.search_content_types,
            image_settings=self.image_settings,
        )
        return {"type": "web_search", **settings}

    def prepare_request(self, model: Any, kwargs: dict[str, Any]) -> None:
        """Ask for what is to be kept of the search."""
        if self.include_sources:
            _include(kwargs, "web_search_call.action.sources")
        if self.include_results:
            _include(kwargs, "web_search_call.results")


class CodeInterpreter(ServerSideTool):
    """Run Python in a container of OpenAI: one that exists, or a new one with so much memory and these files."""

    name = "code_interpreter"

    def __init__(
        self,
        container: str | None = None,
        memory_limit: MemoryLimit | None = None,
        file_ids: list[str] | None = None,
    ) -> None:
        super().__init__()
        self.container = _of_type("container", container, str)
        self.memory_limit = _one_of("memory_limit", memory_limit, MemoryLimit)
        self.file_ids = None if file_ids is None else list(file_ids)
        if container is not None and (memory_limit is not None or file_ids is not None):
            raise ValueError("container names one that exists: memory_limit and file_ids are for one that is made")

    def tool_spec(self, model: Any) -> dict[str, Any]:
        """Return what the API wants to see of the tool."""
        made = {"type": "auto", **_given(memory_limit=self.memory_limit, file_ids=self.file_ids)}
        return {"type": "code_interpreter", "container": made if self.container is None else self.container}

    def prepare_request(self, model: Any, kwargs: dict[str, Any]) -> None:
        """Ask for what the code puts out."""
        _include(kwargs, "code_interpreter_call.outputs")


def _given(**settings: Any) -> dict[str, Any]:
    """Return the settings that are set, copied: what is done to a request leaves the tool alone."""
    copied = {name: value.copy() if isinstance(value, (dict, list)) else value for name, value in settings.items()}
    return {name: value for name, value in copied.items() if value is not None}


def _include(kwargs: dict[str, Any], what: str) -> None:
    include = kwargs.setdefault("include", [])
    if what not in include:
        include.append(what)


def _of_type(name: str, value: Any, kind: type) -> Any:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {type(value).__name__}")
    return value


def _one_of(name: str, value: Any, allowed: Any) -> Any:
    if value is not None and value not in get_args(allowed):
        raise ValueError(f"{name} must be one of {', '.join(get_args(allowed))}, not {value!r}")
    return value


def _some_of(name: str, values: Any, allowed: Any) -> list[Any] | None:
    given: Iterable[Any] | None = _of_type(name, values, list)
    return None if given is None else [_one_of(f"each of {name}", value, allowed) for value in given]


def _domains(name: str, domains: Any) -> list[str] | None:
    given = _of_type(name, domains, list)
    if given is None:
        return None
    if len(given) > MOST_DOMAINS:
        raise ValueError(f"{name} takes at most {MOST_DOMAINS} domains, not {len(given)}")
    for domain in given:
        if not isinstance(domain, str) or not domain:
            raise TypeError(f"{name} takes names of domains, not {domain!r}")
        if "://" in domain:
            raise ValueError(f"{name} takes names of domains, without http:// or https://: {domain!r}")
    return list(given)


def _location(location: Any) -> dict[str, Any] | None:
    given = _of_type("user_location", location, dict)
    if given is None:
        return None
    if given.get("type", "approximate") != "approximate":
        raise ValueError("user_location is always of the type approximate")
    return {**given, "type": "approximate"}


def _image_settings(settings: Any) -> dict[str, Any] | None:
    given = _of_type("image_settings", settings, dict)
    if given is None:
        return None
    most = given.get("max_results")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise ValueError(f"max_results in image_settings must be a whole number above 0, not {most!r}")
    _of_type("caption in image_settings", given.get("caption"), bool)
    return dict(given)

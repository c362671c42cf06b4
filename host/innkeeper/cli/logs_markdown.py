"""Entries of the log as a person reads them: Markdown, as ``llm logs`` has it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from innkeeper_sdk.api.text import maybe_fenced_code, truncate_string
from innkeeper_sdk.api.usage import token_usage_string

from innkeeper.storage.logs_entries import Entry, JSONMap


class Markdown:
    """Writes entries one after the other: what was said of one is not said again of the next.

    *one_conversation*: all are of one, which is named at the first only.
    """

    def __init__(self, *, one_conversation: bool, expand: bool, truncate: bool, usage: bool) -> None:
        self._one_conversation = one_conversation
        self._expand = expand
        self._truncate = truncate
        self._usage = usage
        self._is_named = False
        self._system: str | None = None
        self._known_tools: set[str] = set()

    def entry(self, entry: Entry) -> str:
        """Return the text of one entry."""
        return "\n".join([*self._head(entry), *self._asked(entry), *self._answered(entry)])

    def _head(self, entry: Entry) -> Iterator[str]:
        when = entry.datetime_utc.split(".")[0]
        if self._is_named:
            yield f"# {when}\n"
            return
        yield f"# {when}    conversation: {entry.conversation_id} id: {entry.id}\n"
        resolved = f" (resolved: **{entry.resolved_model}**)" if entry.resolved_model else ""
        yield f"Model: **{entry.model}**{resolved}\n"
        self._is_named = self._one_conversation

    def _asked(self, entry: Entry) -> Iterator[str]:
        yield f"## Prompt\n\n{self._cut(entry.prompt) or '-- none --'}"
        yield from self._fragments(entry.prompt_fragments, "Prompt fragments")
        if entry.options and not self._truncate:
            yield "\n## Options\n\n" + "\n".join(f"- {name}: {value}" for name, value in entry.options.items())
        if entry.system != self._system:
            if entry.system is not None:
                yield f"\n## System\n\n{entry.system}"
            self._system = entry.system
        yield from self._fragments(entry.system_fragments, "System fragments")
        if entry.schema and not self._truncate:
            yield f"\n## Schema\n\n```json\n{json.dumps(entry.schema, indent=2)}\n```"
        if entry.tools:
            yield "\n### Tools\n"
            yield from self._tools(entry.tools)
        results = [result for result in entry.tool_results if not result["server_executed"]]
        if results:
            yield "\n### Tool results\n"
            yield from map(_result, results)
        if entry.attachments:
            yield "\n### Attachments\n"
            yield from (_attachment(number, one) for number, one in enumerate(entry.attachments, 1))

    def _answered(self, entry: Entry) -> Iterator[str]:
        if entry.reasoning:
            summary = "<details><summary>Reasoning trace</summary>"
            yield f"\n## Reasoning\n\n{summary}\n\n{entry.reasoning.rstrip()}\n\n</details>"
        yield "\n## Response\n"
        if entry.tool_calls:
            yield "### Tool calls\n"
            yield from map(_call, entry.tool_calls)
            yield ""
        results = [result for result in entry.tool_results if result["server_executed"]]
        if results:
            yield "### Tool results\n"
            yield from map(_result, results)
            yield ""
        response = _readable(entry) if entry.schema and not self._truncate else self._cut(entry.response)
        if response:
            yield f"{response}\n"
        if self._usage and (lines := _usage(entry)):
            yield "## Token usage\n\n" + "\n\n".join(lines) + "\n"

    def _cut(self, text: str) -> str:
        return truncate_string(text) if self._truncate else text

    def _fragments(self, fragments: Sequence[JSONMap], title: str) -> Iterator[str]:
        if not fragments:
            return
        yield f"\n### {title}\n"
        for fragment in fragments:
            if self._expand:
                content = maybe_fenced_code(fragment["content"])
                yield f"<details><summary>{fragment['hash']}</summary>\n{content}\n</details>"
            else:
                yield f"- {fragment['hash']}"

    def _tools(self, tools: Sequence[JSONMap]) -> Iterator[str]:
        """Yield the tools; those of one toolbox below it."""
        of_toolbox: dict[tuple[str, str], list[JSONMap]] = {}
        for tool in tools:
            instance = tool["instance"]
            if instance:
                of_toolbox.setdefault((instance["name"], instance["arguments"] or "{}"), []).append(tool)
            else:
                yield self._tool(tool)
        for (name, arguments), its_tools in of_toolbox.items():
            yield f"- `{name}({'' if arguments == '{}' else arguments})`:"
            for tool in its_tools:
                yield textwrap.indent(self._tool(tool), "    ")

    def _tool(self, tool: JSONMap) -> str:
        if tool["hash"] in self._known_tools:
            return f"- **{tool['name']}**: `{tool['hash'][:7]}`"
        self._known_tools.add(tool["hash"])
        description = textwrap.indent((tool["description"] or "").rstrip(), "    ")
        arguments = json.dumps(tool["input_schema"].get("properties", {}))
        return f"- **{tool['name']}**: `{tool['hash']}`  \n{description}  \n    Arguments: `{arguments}`"


def _call(call: JSONMap) -> str:
    arguments = call["arguments"]
    lines = [f"- **{call['name']}**: `{call['tool_call_id']}`  "]
    if not isinstance(arguments, dict) or not arguments:
        lines.append(f"    Arguments: {_code(json.dumps(arguments))}")
    else:
        for name, value in arguments.items():
            if isinstance(value, str):
                lines += [f"    {name}:", _block(value)]
            else:
                lines.append(f"    {name}: {_code(json.dumps(value))}")
    return "\n".join(lines)


def _result(result: JSONMap) -> str:
    error = f"  \n    **Error**: {result['exception']}\n" if result["exception"] else ""
    files = "".join(f"\n    - {_described(attachment)}" for attachment in result["attachments"])
    return f"- **{result['name']}**: `{result['tool_call_id']}`  \n{_block(result['output'])}{error}{files}"


def _described(attachment: JSONMap) -> str:
    size = f"<{attachment['content_length']:,} bytes>" if attachment["content_length"] else ""
    place = attachment["path"] or attachment["url"] or size
    return f"{attachment['type']}: {place}" if attachment["type"] else place


def _attachment(number: int, attachment: JSONMap) -> str:
    if attachment["path"]:
        place = f"`{attachment['path']}`"
    elif attachment["url"]:
        place = attachment["url"]
    else:
        place = f"`<{attachment['content_length'] or 0:,} bytes>`"
    return f"{number}. **{attachment['type']}**: {place}"


def _readable(entry: Entry) -> str:
    """Return a response that was to fit a schema, set out where it is JSON."""
    try:
        return f"```json\n{json.dumps(json.loads(entry.response), indent=2)}\n```"
    except (ValueError, RecursionError):
        return entry.response


def _usage(entry: Entry) -> list[str]:
    tokens = token_usage_string(entry.input_tokens, entry.output_tokens, None)
    details: Any = json.loads(entry.token_details) if entry.token_details else None
    facts = [tokens, _code(json.dumps(details)) if details else ""]
    lines = [", ".join(filter(None, facts))] if any(facts) else []
    if entry.duration_ms is not None:
        lines.append(f"Duration: {entry.duration_ms}ms ({_for_people(entry.duration_ms // 1000)})")
    return lines


def _for_people(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m {seconds}s"
    return f"{minutes}m {seconds}s" if minutes else f"{seconds}s"


def _fence(text: str, shortest: int) -> str:
    """Return backticks enough to stand round *text*."""
    fence = "`" * shortest
    while fence in text:
        fence += "`"
    return fence


def _block(text: str) -> str:
    fence = _fence(text, 3)
    return textwrap.indent(f"{fence}\n{text}\n{fence}", "    ")


def _code(text: str) -> str:
    fence = _fence(text, 1)
    touches = text.startswith("`") or text.endswith("`")
    return f"{fence} {text} {fence}" if touches else f"{fence}{text}{fence}"

"""What a plugin answers instead of a result, as the person reads it."""

from __future__ import annotations

import pytest
from innkeeper.masking import Mask
from innkeeper.process.call_failures import call_failed
from innkeeper_protocol.errors import CallFailed, ErrorCode


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (ErrorCode.MODEL_ERROR, "no idea"),
        (ErrorCode.NEEDS_KEY, "no idea"),
        (ErrorCode.NOT_FOUND, "no idea\n  If its environment is damaged: llm plugins repair weather"),
        (
            ErrorCode.INTERNAL_ERROR,
            "Plugin 'weather' failed: no idea\n  Its log has the traceback: llm plugins log weather",
        ),
    ],
)
def test_failure_is_said_with_what_the_person_can_do(code: ErrorCode, told: str) -> None:
    assert str(call_failed("weather", CallFailed(code, "no idea"), "", Mask())) == told


def test_what_the_sandbox_refused_comes_before_any_other_advice() -> None:
    denied = "It may not reach example.com."

    for code in (ErrorCode.NOT_FOUND, ErrorCode.INTERNAL_ERROR, ErrorCode.MODEL_ERROR):
        assert call_failed("weather", CallFailed(code, "no idea"), denied, Mask()).hint == denied


def test_refused_options_are_listed_with_the_models_own_words() -> None:
    problems = [{"option": "heat", "message": "too hot\nby far"}, {"message": "and more"}]

    error = call_failed("weather", CallFailed(ErrorCode.OPTIONS_INVALID, "refused", problems), "", Mask())

    assert str(error) == "heat\n  too hot\n  by far\nand more"
    assert error.data == problems

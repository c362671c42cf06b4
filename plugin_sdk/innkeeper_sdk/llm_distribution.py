"""Lets ``importlib.metadata.version("llm")`` answer, for plugins that ask which ``llm`` they run on.

Only inside a plugin's process: nothing lies on disk that pip or uv could take for the real distribution. Where the real
one is installed beside this, it is found first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

LLM_VERSION = "0.36"
"""The release of ``llm`` whose plugin API this is."""


def answer_for_llm() -> None:
    """Have importlib.metadata find the distribution ``llm``, from now on."""
    if LlmFinder not in sys.meta_path:
        sys.meta_path.append(LlmFinder)


class LlmFinder:
    """Finds no module, and one distribution. importlib.metadata itself is imported only when it asks."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Find nothing."""

    @staticmethod
    def find_distributions(context: DistributionFinder.Context) -> Iterator[Distribution]:
        """Yield the distribution where it is asked for by name, or all are."""
        if context.name is None or context.name.lower() == "llm":
            yield _distribution()

    @staticmethod
    def invalidate_caches() -> None:
        """Do nothing: there are none."""


def _distribution() -> Distribution:
    from importlib.metadata import Distribution

    class LlmDistribution(Distribution):
        def read_text(self, filename: str) -> str | None:
            if filename != "METADATA":
                return None
            return (
                "Metadata-Version: 2.1\n"
                "Name: llm\n"
                f"Version: {LLM_VERSION}\n"
                "Summary: The plugin API of llm, as innkeeper-sdk provides it\n"
            )

        def locate_file(self, path: Any) -> Any:
            raise FileNotFoundError(
                f"{path}: the distribution llm is not installed here, innkeeper-sdk stands in for it"
            )

    return LlmDistribution()

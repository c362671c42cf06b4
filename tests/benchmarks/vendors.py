"""Every vendor at once, on this machine: told apart by how a path ends, and reached through a proxy by their own names.

What `tests/end_to_end/open_set/providers.py` answers is here, too, at the paths of all who took over those formats.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from environments import REPOSITORY

sys.path.append(str(REPOSITORY))

from tests.end_to_end.open_set.conftest import LLAMAFILE_PORT
from tests.end_to_end.open_set.providers import Providers, providers
from tests.end_to_end.openai_server import answer as openai_answer
from tests.end_to_end.test_network_settings import Gateway

CERTIFICATE = Path(__file__).parent / "vendors.pem"
"""For the hosts of some fifty vendors, with its key; valid for a hundred years and trusted by nobody."""

TOWARDS_THE_SERVERS = {
    "HTTPS_PROXY": "{gateway}",
    "NO_PROXY": "127.0.0.1,localhost",
    "SSL_CERT_FILE": str(CERTIFICATE),
    "REQUESTS_CA_BUNDLE": str(CERTIFICATE),
}
"""Set whenever a plugin runs: whichever vendor it asks by HTTPS, a loopback server answers."""

SHARED_ENDS = ("/chat/completions", "/messages")
"""How the paths of many vendors' APIs end that are those of OpenAI and Anthropic."""

OF_OPENAI = ("/responses", "/embeddings")

PAGE = "<html><body><p>pelicans fish in groups</p></body></html>"

MODEL = {
    "id": "vendor/small",
    "object": "model",
    "created": 1,
    "owned_by": "vendor",
    "name": "Small",
    "context_length": 8192,
    "context_window": 8192,
    "active": True,
    "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
    "pricing": {"prompt": "0", "completion": "0"},
    "supported_parameters": ["tools", "structured_outputs"],
}
"""What a vendor with that one lists, with what one or the other says of it."""

VECTOR = [0.25, 0.5, 1.0]


@contextmanager
def loopback() -> Iterator[Mapping[str, str]]:
    """Run the servers; yield what ``{server}`` and ``{gateway}`` stand for."""
    with ExitStack() as stack:
        server = stack.enter_context(providers(answers=Vendors))
        Gateway.server_port = stack.enter_context(providers(certificate=CERTIFICATE, answers=Vendors))
        gateway = stack.enter_context(providers(answers=Gateway))
        try:
            stack.enter_context(providers(LLAMAFILE_PORT))
        except OSError as error:
            print(f"port {LLAMAFILE_PORT}, which llm-llamafile asks: {error}", file=sys.stderr)
        yield {"server": f"127.0.0.1:{server}", "gateway": f"http://127.0.0.1:{gateway}"}


class Vendors(Providers):
    """The APIs that many took over, wherever they have them; Gemini's; embeddings; and one page of a site."""

    def do_GET(self) -> None:
        if self.path == "/page.html":
            self._send(PAGE, "text/html")
        elif self.path.partition("?")[0].endswith("/models"):
            self._json({"object": "list", "data": [MODEL]})
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.path = next((f"/v1{end}" for end in SHARED_ENDS if self.path.partition("?")[0].endswith(end)), self.path)
        super().do_POST()

    def _answer(self, path: str, asked: dict[str, Any]) -> bool:
        if (end := f"/{path.rpartition('/')[2]}") in OF_OPENAI:
            self.path = f"/v1{end}"
            openai_answer(self, asked)
        elif path.endswith(":batchEmbedContents"):
            self._json({"embeddings": [{"values": VECTOR} for _ in asked["requests"]]})
        elif path.endswith((":streamGenerateContent", ":generateContent")):
            text = f"heard {asked['contents'][-1]['parts'][0]['text']}"
            candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
            usage = {"promptTokenCount": 3, "candidatesTokenCount": 4}
            whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini"}
            self._json([whole] if path.endswith(":streamGenerateContent") else whole)
        else:
            return super()._answer(path, asked)
        return True

"""Models of other plugins, as models of the real ``llm``. What they are asked goes through the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innkeeper_sdk.api import remote
from innkeeper_sdk.api_in_use import api

if TYPE_CHECKING:
    from llm import AsyncModel, EmbeddingModel, Model
else:
    Model, AsyncModel, EmbeddingModel = api().Model, api().AsyncModel, api().EmbeddingModel


class RemoteModel(remote.Described, Model):
    """A sync model of another plugin."""

    execute = remote.RemoteModel.execute


class RemoteAsyncModel(remote.Described, AsyncModel):
    """An async model of another plugin."""

    execute = remote.RemoteAsyncModel.execute


class RemoteEmbeddingModel(EmbeddingModel):
    """An embedding model of another plugin."""

    __init__ = remote.RemoteEmbeddingModel.__init__
    __str__ = remote.RemoteEmbeddingModel.__str__
    embed_batch = remote.RemoteEmbeddingModel.embed_batch
    get_key = remote.RemoteEmbeddingModel.get_key

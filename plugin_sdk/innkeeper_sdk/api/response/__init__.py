"""Responses: a model's answer while it comes and afterwards."""

from .asynchronous import AsyncResponse
from .base import ResponseBase
from .synchronous import Response

__all__ = ["AsyncResponse", "Response", "ResponseBase"]

"""The API speaks JSON, whatever a client says that it accepts; YAML too where it is there and asked for."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches, order_by_precedence

from orra.base import strictyaml
from orra.base.strictjson import Json


class AnyAccept(DefaultContentNegotiation):
    """There is one form, and a probe or scraper that names another is better served than refused."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class JsonUnlessAsked(AnyAccept):
    """The first form, unless the client names another one that there is."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        for accepted in order_by_precedence(self.get_accept_list(request)):
            for renderer in renderers:
                if any(media_type_matches(renderer.media_type, each) for each in accepted):
                    return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)


class YamlRenderer(BaseRenderer):
    media_type = "application/yaml"
    format = "yaml"

    def render(self, data: Json, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        return strictyaml.write(json.loads(JSONRenderer().render(data))).encode()


class OlderYamlRenderer(YamlRenderer):
    media_type = "application/x-yaml"


class TextYamlRenderer(YamlRenderer):
    media_type = "text/yaml"


JSON_OR_YAML = (JSONRenderer, YamlRenderer, OlderYamlRenderer, TextYamlRenderer)

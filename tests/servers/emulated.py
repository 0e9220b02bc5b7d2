"""A server that behaves as one of :mod:`tests.servers.profiles` does, over real sockets.

    with EmulatedServer(TGI) as server:
        server.script(Says(half, finish="length"), plan)

What is scripted is said in the profile's own words: a plan or a text as its completion or its stream, a
:class:`Says` with reasoning where the profile has it, :meth:`EmulatedServer.error` in its shape of errors.

By hand: ``python -m tests.servers.emulated PROFILE [--port N] [--then cut|stall|hang|drop]``
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.servers import profiles
from tests.servers.profiles import Profile
from tests.servers.scripted import Reply, Request, Scripted, ScriptedServer, oblige

WORD = re.compile(r"\S+\s*|\s+")
WORDS_PER_PIECE = 12


@dataclass(frozen=True)
class Says:
    """What the model says: ``content`` is a plan, a text, ``None``, or a list of typed parts. ``usage``
    overrides what is counted."""

    content: Any
    reasoning: str = ""
    finish: str | None = "stop"
    usage: dict[str, Any] = field(default_factory=dict)


class EmulatedServer(ScriptedServer):
    """``without_system``: its model's chat template knows no system message. ``key``: the only one it lets in."""

    def __init__(
        self,
        profile: Profile,
        replies: Iterable[Any] = (),
        *,
        default: Any = oblige,
        host: str = "127.0.0.1",
        port: int = 0,
        without_system: bool = False,
        key: str = "",
    ) -> None:
        super().__init__(replies, default=default, host=host, port=port, model=profile.model)
        self.profile = profile
        self.without_system = without_system
        self.key = key
        self.embed: Scripted = self.vectors

    @property
    def chats(self) -> list[Any]:
        """The bodies of the chat requests."""
        return [request.json for request in self.requests if request.path.endswith("/chat/completions")]

    def error(self, status: int, message: str, **more: Any) -> Reply:
        reply = self.profile.error(status, message, **more)
        return replace(reply, headers={**self.profile.headers, **reply.headers})

    def refuse(self, request: Request) -> Reply | None:
        body = request.json
        assert not [name for name, value in body.items() if value is None], "no null on the wire"
        assert body["model"] == self.profile.model
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return self.error(401, "Unauthorized")
        if self.without_system and any(message["role"] != "user" for message in body["messages"]):
            message = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
            return self.error(400, message, param="messages[0].role", code="unsupported_value")
        refusals = (refuse(self.profile, body) for refuse in self.profile.refusals)
        return next((refusal for refusal in refusals if refusal is not None), None)

    def render(self, scripted: Any, request: Request) -> Reply:
        while callable(scripted):
            scripted = scripted(request)
        if isinstance(scripted, Reply):
            return scripted
        says = scripted if isinstance(scripted, Says) else Says(scripted)
        if request.json.get("stream"):
            return Reply(
                pieces=tuple(self.pieces(says, request)),
                headers={"Content-Type": "text/event-stream; charset=utf-8", **self.profile.headers},
            )
        return Reply(body=self.completion(says, request), headers=self.profile.headers)

    def completion(self, says: Says, request: Request) -> dict[str, Any]:
        choice = {"index": 0, "message": self._message(says), "finish_reason": says.finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage(says, request)}

    def pieces(self, says: Says, request: Request) -> Iterable[bytes]:
        yield from self.profile.first_pieces
        yield self.piece({"role": "assistant", "content": ""})
        message = self._message(says)
        for name in ("reasoning_content", "reasoning", "content"):
            text = message.get(name)
            if isinstance(text, list):
                yield from (self.piece({name: [part]}) for part in text)
            elif text:
                words = WORD.findall(text)
                for start in range(0, len(words), WORDS_PER_PIECE):
                    yield self.piece({name: "".join(words[start : start + WORDS_PER_PIECE])})
        yield self.piece({}, finish=says.finish)
        counts = {"asked": request.json.get("stream_options", {}).get("include_usage"), "always": True}
        if counts.get(self.profile.counts):
            head = self._head("chat.completion.chunk")
            yield event({**head, "choices": [], "usage": self._usage(says, request)})
        yield b"data: [DONE]\n\n"

    def piece(self, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def elsewhere(self, request: Request) -> Reply:
        path = request.path.partition("?")[0]
        if request.method == "GET" and path == "/v1/models":
            return self.profile.models or super().elsewhere(request)
        if request.method == "POST" and path == "/v1/embeddings" and self.profile.embeds:
            return super().render(self.embed, request)
        if self.profile is profiles.LM_STUDIO:
            return Reply(body={"error": f"Unexpected endpoint or method. ({request.method} {path})"})
        return Reply(404, {"detail": "Not Found"})

    def vectors(self, request: Request) -> Reply:
        """Embeddings of a kind: texts that share words are near each other."""
        body, profile = request.json, self.profile
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if profile.batch is not None and len(texts) > profile.batch:
            if profile is profiles.TEI:
                return self.error(422, f"batch size {len(texts)} > maximum allowed batch size {profile.batch}")
            return self.error(500, "input is too large to process. increase the physical batch size")
        if "dimensions" in body and not profile.takes_dimensions:
            return self.error(400, "Model does not support matryoshka representation, changing output dimensions.")
        data = [
            {"object": "embedding", "index": place, "embedding": self._vector(text)}
            for place, text in enumerate(texts)
        ]
        return Reply(body={"object": "list", "data": data, "model": body["model"]})

    def _vector(self, text: str) -> list[float]:
        vector = [1.0] * self.profile.dimensions
        for word in re.findall(r"[a-z]{3,}", text.lower()):
            vector[sum(map(ord, word)) % len(vector)] += 1.0
        length = math.hypot(*vector) if self.profile.normalised else 0.25
        return [number / length for number in vector]

    def _head(self, kind: str) -> dict[str, Any]:
        head = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.profile.model}
        return {**head, **self.profile.members}

    def _message(self, says: Says) -> dict[str, Any]:
        content, where = says.content, self.profile.reasoning
        if isinstance(content, dict):
            content = json.dumps(content)
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if says.reasoning and where in ("inline", "untagged"):
            opening = "<think>" if where == "inline" else ""
            message["content"] = f"{opening}{says.reasoning}</think>\n\n{content or ''}"
        elif says.reasoning and where != "hidden":
            message[where] = says.reasoning
        return message

    def _usage(self, says: Says, request: Request) -> dict[str, int]:
        message = self._message(says)
        written = sum(len(str(message.get(name) or "")) for name in ("content", "reasoning", "reasoning_content"))
        counted = {"prompt_tokens": len(request.prompt) // 4, "completion_tokens": max(written // 4, 1)}
        return {**counted, "total_tokens": sum(counted.values()), **says.usage}


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def main() -> None:
    """Prints its URL, then a line for each chat request that it has begun to answer."""
    parser = argparse.ArgumentParser(description="A model server that behaves as a real one does.")
    parser.add_argument("profile", choices=[profile.name for profile in profiles.ALL])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--then", default="send", help="how its answers end: send, cut, stall, hang, drop")
    options = parser.parse_args()
    profile = next(profile for profile in profiles.ALL if profile.name == options.profile)

    class Telling(EmulatedServer):
        def render(self, scripted: Any, request: Request) -> Reply:
            reply = replace(super().render(scripted, request), then=options.then)
            print("asked", flush=True)
            return reply

    with Telling(profile, port=options.port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.exit()


if __name__ == "__main__":
    main()

"""An answer that comes piece by piece (server-sent events), put together, or found to be broken off.

The errors that servers send in mid-stream come in several shapes, and some servers just stop. An answer counts
only when the server said that it is finished: with a ``finish_reason``, or with ``[DONE]``. Where every piece has
a ``finish_reason``, none of them says it, and the end of the body has to.
"""

from __future__ import annotations

import json

from orra.base.strictjson import Json
from planengine.exceptions import ModelError
from planengine.llm.completions import (
    Completion,
    OnProgress,
    Progress,
    Usage,
    finish_of,
    first_choice,
    read_answer,
    read_message,
    read_usage,
)
from planengine.llm.errors import EmptyStream, ModelBadAnswer, ModelOverloaded, ModelUnreachable, error_for
from planengine.llm.refusals import MAX_QUOTED, Site, quote, read_json, read_refusal

MAX_TEXT_CHARACTERS = 4_000_000
MAX_LINE_BYTES = 1024 * 1024
# Output that is held to a grammar can go on as white space until the server's limit, minutes later.
MAX_BLANK_CHARACTERS = 4096
_BOM = b"\xef\xbb\xbf"
_FIELDS = (b"data", b"event", b"id", b"retry", b"error", b":")


def is_stream(start: bytes) -> bool | None:
    """Whether a body is a stream, by its first bytes and not by what its headers claim; ``None`` while too few
    have come to tell, blank keep-alive lines aside."""
    start = start.lstrip()
    if _BOM.startswith(start):
        return None
    start = start.removeprefix(_BOM).lstrip()
    if start.startswith(_FIELDS):
        return True
    return None if any(field.startswith(start) for field in _FIELDS) else False


class StreamedAnswer:
    """:meth:`feed` it what comes, until it is ``endless`` or nothing comes; then take the :meth:`completion`."""

    def __init__(self, site: Site, on_progress: OnProgress | None = None) -> None:
        self.endless = False
        self._said_done = False
        self._site = site
        self._on_progress = on_progress
        self._unread = b""
        self._lines: list[bytes] = []
        self._error_event = False
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._sizes = Progress(0, 0)
        self._blank = 0
        self._finish: str | None = None
        self._finish_is_bare = False
        self._finish_says_nothing = False
        self._answer: dict[str, Json] = {}

    @property
    def begun(self) -> bool:
        """Whether the model has said or thought anything yet."""
        return bool(self._content)

    @property
    def finished(self) -> bool:
        """Whether the server has said that this was all, as far as one can believe it."""
        return self._said_done or self.endless or (self._finish is not None and not self._finish_says_nothing)

    @property
    def ended(self) -> bool:
        """Whether no more of the answer can come; the server may still count the tokens."""
        return self._said_done or self.endless or (self.finished and self._finish_is_bare and self.begun)

    @property
    def written(self) -> tuple[str, str]:
        """What has come so far: the answer, and the reasoning."""
        return "".join(self._content), "".join(self._reasoning)

    def feed(self, part: bytes) -> None:
        """Raises the error that the server tells of, or that an endless answer is."""
        *lines, self._unread = (self._unread + part).splitlines(keepends=True) or [b""]
        if self._unread.endswith((b"\n", b"\r")):
            lines.append(self._unread)
            self._unread = b""
        if len(self._unread) > MAX_LINE_BYTES:
            raise ModelBadAnswer(f"The server at {self._site.url} streams lines without an end.")
        for line in lines:
            if not self._said_done and not self.endless:
                self._read_line(line.strip())

    def completion(self) -> Completion:
        """What came, after the body's end. Raises when the answer was not finished."""
        if self._unread and not self.finished:
            self._read_line(self._unread.strip())
        if self._lines and not self.finished:
            self._read_line(b"")
        if not self.begun and self._finish is None:
            raise EmptyStream(f"The server at {self._site.url} answered with an empty stream.{self._site.hint}")
        if not self._said_done and self._finish is None:
            raise ModelUnreachable(
                f"The server at {self._site.url} broke off in the middle of its answer.", was_there=True
            )
        content, reasoning = self.written
        choice = {"message": {"content": content, "reasoning": reasoning}, "finish_reason": self._finish}
        completion = read_answer(self._answer | {"choices": [choice]}, site=self._site)
        assert completion is not None
        return completion

    def _read_line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.strip()
        if self._lines and name != b"data":  # the end of data that came in several lines
            lines, self._lines = self._lines, []
            self._read_chunk(b"\n".join(lines))
        if name == b"error":
            raise self._told(value)
        if name in (b"event", b""):  # a blank line ends an event
            self._error_event = value == b"error"
        elif name == b"data" and value == b"[DONE]":
            self._said_done = True
        elif name == b"data" and (self._lines or _is_part(value)):
            self._lines.append(value)
            if sum(map(len, self._lines)) > MAX_LINE_BYTES:
                raise ModelBadAnswer(f"The server at {self._site.url} streams events without an end.")
        elif name == b"data" and value:
            self._read_chunk(value)

    def _read_chunk(self, data: bytes) -> None:
        chunk = read_json(data)
        if self._error_event or _is_error(chunk):
            raise self._told(data)
        if not isinstance(chunk, dict):
            said = quote(data[:MAX_QUOTED].decode("utf-8", "replace"), self._site)
            raise ModelBadAnswer(
                f"The server at {self._site.url} streams something that is no JSON object ({said})."
            )
        self._answer |= {name: chunk[name] for name in ("model", "system_fingerprint") if chunk.get(name)}
        if read_usage(chunk.get("usage")) != Usage():  # some count nothing in the last piece
            self._answer["usage"] = chunk["usage"]
        choice = first_choice(chunk)
        if choice is not None:
            self._read_choice(choice)

    def _read_choice(self, choice: dict[str, Json]) -> None:
        if choice.get("error"):
            raise self._told(json.dumps({"error": choice["error"]}).encode())
        delta = choice["delta"] if "delta" in choice else choice.get("message")
        content, reasoning = read_message(delta) if isinstance(delta, dict) else ("", "")
        if content or reasoning:
            self._finish_says_nothing = self._finish is not None
            self._add(content, reasoning)
        reason = finish_of(choice)
        if reason is not None and not self.endless:
            self._finish, self._finish_is_bare = reason, not (content or reasoning)

    def _add(self, content: str, reasoning: str) -> None:
        self._content.append(content)
        self._reasoning.append(reasoning)
        sizes = self._sizes
        self._sizes = sizes = Progress(
            sizes.reasoning + len(reasoning), sizes.answer + len(content), reasoning, content
        )
        if sizes.reasoning + sizes.answer > MAX_TEXT_CHARACTERS:
            raise ModelBadAnswer(
                f"The answer from {self._site.url} is longer than {MAX_TEXT_CHARACTERS} characters."
            )
        said = len(content.rstrip())
        self._blank = len(content) - said + (0 if said else self._blank)
        if self._blank > MAX_BLANK_CHARACTERS:
            self._finish, self.endless = "length", True
        if self._on_progress is not None:
            self._on_progress(sizes)

    def _told(self, data: bytes) -> ModelError:
        """The error that a stream holds. So late it can only be the server's own failure, unless it says
        otherwise."""
        status = read_refusal(data).status
        if status is None and read_json(data) in (None, {}, {"error": {}}):
            return ModelOverloaded(f"The server at {self._site.url} broke its answer off with an error.")
        return error_for(status or 500, headers={}, body=data, site=self._site)


def _is_error(chunk: Json) -> bool:
    if not isinstance(chunk, dict):
        return False
    return chunk.get("error") not in (None, "", False) or chunk.get("object") == "error"


def _is_part(value: bytes) -> bool:
    """Whether it is the first line of JSON that is written on several."""
    return value in (b"{", b"[")

"""The text of a file: UTF-8 with or without BOM, in pieces of bounded length.

In: a binary stream, which is read once from where it stands. Out: a text stream. Bytes that are no UTF-8 stay in it as
lone surrogates (`surrogateescape`), so that the row they stand in can be named.
"""

import io
from typing import Protocol

from crud.wire.bodies import bad_body

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
PIECE = 65_536


class Binary(Protocol):
    """What a file, an upload or standard input has."""

    def read(self, size: int = ..., /) -> bytes: ...


class Broken(Exception):
    """The file cannot be read from here on. The text says why, for who sent it."""


class _Rest(io.RawIOBase):
    """A stream after its first bytes, which were looked at already."""

    def __init__(self, head: bytes, stream: Binary) -> None:
        self.head, self.stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self.head[: len(buffer)] or self.stream.read(len(buffer))
        self.head = self.head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def text_of(stream: Binary) -> io.TextIOWrapper:
    """The stream as text. Line ends stay as they are. Raises ApiError (bad_body) where it is UTF-16."""
    head = _head(stream)
    if head.startswith(_UTF16) or b"\x00" in head[:4]:
        raise bad_body("is not UTF-8 (it looks like UTF-16); save it as UTF-8", "file")
    raw = io.BufferedReader(_Rest(head.removeprefix(_BOM), stream), PIECE)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="")


def _head(stream: Binary) -> bytes:
    """The first bytes: a stream may give fewer than it is asked for."""
    head = b""
    while len(head) < 4 and (more := stream.read(4 - len(head))):
        head += more
    return head


def unreadable(text: str) -> str:
    """Why a piece of text is none; "" where it is."""
    if "\x00" in text:
        return "holds a NUL character"
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return ""

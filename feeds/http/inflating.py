"""Compressed bodies, decompressed piece by piece under a hard limit, so that a bomb costs nothing. Pure.

The law: the bytes say how they are compressed. A server's word counts only for what bytes do not show.
"""

import re
import zlib
from typing import Any

import brotli
from backports import zstd

PIECE = 1 << 18
HEAD = 4  # bytes by which a compression is known
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# How a document that is not compressed at all begins, whatever its server says. No less: one in sixteen brotli streams
# begins with a bracket.
TEXT = re.compile(
    rb"\xef\xbb\xbf[<{\s]|\xff\xfe<\x00|\xfe\xff\x00<|[ \t\r\n]?<[A-Za-z?!]|[ \t\r\n]{2}|\{[\s\"]"
)
# No larger window than the web allows (8 MB): a frame may ask for gigabytes.
ZSTD_LIMITS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
NONE = ("", "identity", "none", "utf-8", "binary")


class TooLarge(ValueError):
    """The document outgrew a limit; the message names it."""


class UnknownEncoding(ValueError):
    """The body is compressed in a way we did not ask for, or is damaged."""


class Inflater:
    """Feed it chunks; `finish` returns the whole body. Never holds more than `maximum` plus one piece."""

    def __init__(self, encoding: str, maximum: int):
        # Of several, the last one was put on last; what is inside is known by its bytes.
        self._encoding = encoding.lower().rpartition(",")[2].strip()
        self._maximum = maximum
        self._head: bytes | None = b""
        self._body = bytearray()
        self._machine: Any = None  # zlib's, brotli's or zstd's, which share no type

    def feed(self, chunk: bytes) -> None:
        if self._head is not None:
            self._head += chunk
            if len(self._head) < HEAD:
                return
            chunk = self._begin(self._head)
        self._fed(chunk)

    def finish(self) -> bytes:
        if self._head:
            self._fed(self._begin(self._head))
        if self._machine is not None and not self._is_whole():
            raise UnknownEncoding(f"The {self._encoding} compressed body ends too early.")
        body = bytes(self._body)
        if not body.startswith((GZIP, ZSTD)):
            return body
        if self._machine is None:
            return body
        inner = Inflater("", self._maximum)  # compressed twice, by the page and by its server
        inner.feed(body)
        return inner.finish()

    def _begin(self, head: bytes) -> bytes:
        """Choose what decompresses a body that begins like this."""
        self._head = None
        if head.startswith(GZIP):
            self._encoding, self._machine = "gzip", zlib.decompressobj(31)
        elif head.startswith(ZSTD):
            self._encoding, self._machine = "zstd", zstd.ZstdDecompressor(options=ZSTD_LIMITS)
        elif self._encoding in NONE or TEXT.match(head):
            pass
        elif self._encoding == "br":
            self._machine = brotli.Decompressor()
        elif self._encoding == "deflate":
            # Servers disagree whether deflate has zlib's two header bytes.
            wrapped = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            self._machine = zlib.decompressobj(15 if wrapped else -15)
        elif self._encoding in ("gzip", "x-gzip", "zstd"):
            raise UnknownEncoding(f"The {self._encoding} compressed body is damaged.")
        else:
            raise UnknownEncoding(
                f"The body is compressed as {self._encoding[:50]!r}, which we did not ask for."
            )
        return head

    def _is_whole(self) -> bool:
        return self._machine.is_finished() if self._encoding == "br" else self._machine.eof

    def _fed(self, chunk: bytes) -> None:
        try:
            self._inflate(chunk)
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            raise UnknownEncoding(f"The {self._encoding} compressed body is damaged.") from error

    def _inflate(self, chunk: bytes) -> None:
        if self._machine is None:
            self._keep(chunk)
        elif self._encoding == "br":
            piece = self._machine.process(chunk, output_buffer_limit=PIECE)
            while piece or not self._machine.can_accept_more_data():
                self._keep(piece)
                piece = self._machine.process(b"", output_buffer_limit=PIECE)
        elif self._encoding == "zstd":
            while chunk or not (self._machine.eof or self._machine.needs_input):
                if self._machine.eof:
                    return
                self._keep(self._machine.decompress(chunk, PIECE))
                chunk = b""
        else:
            self._inflate_zlib(chunk)

    def _inflate_zlib(self, chunk: bytes) -> None:
        while chunk:
            if self._machine.eof:
                if not chunk.startswith(GZIP):
                    return
                self._machine = zlib.decompressobj(31)  # another member of the same file
            self._keep(self._machine.decompress(chunk, PIECE))
            chunk = self._machine.unused_data if self._machine.eof else self._machine.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        self._body += piece
        if len(self._body) > self._maximum:
            raise TooLarge(f"The document is larger than {self._maximum:,} bytes once decompressed.")

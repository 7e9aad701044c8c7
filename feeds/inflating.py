"""Compressed bodies, decompressed piece by piece under a hard limit, so that a bomb costs nothing. Pure."""

import zlib
from typing import Any

import brotli

PIECE = 1 << 18


class TooLarge(ValueError):
    """The document outgrew a limit; the message names it."""


class UnknownEncoding(ValueError):
    """The body is compressed in a way we did not ask for, or is damaged."""


class Inflater:
    """Feed it chunks; `finish` returns the whole body. Never holds more than `maximum` plus one piece."""

    def __init__(self, encoding: str, maximum: int):
        self._encoding = encoding.lower().strip()
        self._maximum = maximum
        self._body = bytearray()
        self._machine: Any = None  # zlib's or brotli's, which share no type
        if self._encoding in ("", "identity", "none", "utf-8"):
            return
        if self._encoding in ("gzip", "x-gzip"):
            self._machine = zlib.decompressobj(31)
        elif self._encoding == "br":
            self._machine = brotli.Decompressor()
        elif self._encoding != "deflate":
            raise UnknownEncoding(f"The body is compressed as {encoding[:50]!r}, which we did not ask for.")

    def feed(self, chunk: bytes) -> None:
        try:
            self._inflate(chunk)
        except (zlib.error, brotli.error) as error:
            raise UnknownEncoding(f"The {self._encoding} compressed body is damaged.") from error

    def finish(self) -> bytes:
        whole = getattr(self._machine, "eof", True)
        if self._encoding == "br":
            whole = self._machine.is_finished()
        if self._machine is not None and not whole:
            raise UnknownEncoding(f"The {self._encoding} compressed body ends too early.")
        return bytes(self._body)

    def _inflate(self, chunk: bytes) -> None:
        if self._encoding == "deflate" and self._machine is None:
            # Servers disagree whether deflate has zlib's two header bytes.
            wrapped = len(chunk) > 1 and chunk[0] & 0x0F == 8 and int.from_bytes(chunk[:2], "big") % 31 == 0
            self._machine = zlib.decompressobj(15 if wrapped else -15)
        if self._machine is None:
            self._keep(chunk)
        elif self._encoding == "br":
            piece = self._machine.process(chunk, output_buffer_limit=PIECE)
            while piece or not self._machine.can_accept_more_data():
                self._keep(piece)
                piece = self._machine.process(b"", output_buffer_limit=PIECE)
        else:
            while chunk and not self._machine.eof:
                self._keep(self._machine.decompress(chunk, PIECE))
                chunk = self._machine.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        self._body += piece
        if len(self._body) > self._maximum:
            raise TooLarge(f"The document is larger than {self._maximum:,} bytes once decompressed.")

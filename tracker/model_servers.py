"""The client of servers that speak OpenAI's protocol, and sentence embeddings from them.

A server is a company's or one in the house. The law: no redirect is followed, no proxy of the environment is asked,
and reading stops where an answer grows too large.

Embeddings come from such a server where their package has no wheel. The law: an answer counts if it holds one vector a
text, all of the length they always had, of finite numbers, not all nought. What was asked is kept by its words under
the model's name and never asked again. A server that fails is left alone for a while; the tagger reads words alone
meanwhile, and the vital signs say so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import DatabaseError

from tracker.models import Heartbeat
from tracker.tagging import vectors
from tracker.tagging.vectors import NoEmbeddings

if TYPE_CHECKING:
    import httpx2
    import openai


class Unfit(RuntimeError):
    """An answer that is not read to its end; the message says why."""


def client(address: str, key: str, seconds: float, largest: int) -> openai.AsyncOpenAI:
    """OpenAI's own client for this address (…/v1); answers of more than `largest` bytes are `Unfit`."""
    # Here and not above: the package takes seconds to import, and most installations ask no model.
    import httpx2
    import openai

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line a question is noise
    return openai.AsyncOpenAI(
        base_url=address,
        api_key=key or "none",
        default_headers={"Accept-Encoding": "identity"},
        timeout=seconds,
        http_client=httpx2.AsyncClient(
            transport=_bounded_transport(largest), follow_redirects=False, trust_env=False
        ),
    )


def without_key(key: str) -> dict[str, Any]:
    """Headers for a server that asks for no key: it is sent none."""
    import openai

    return {} if key else {"Authorization": openai.Omit()}


def own_words(error: openai.APIStatusError) -> str:
    """What the server says of a question that it refused."""
    body = error.body
    if isinstance(body, dict):
        inner: Any = body.get("error", body)
        told = (inner.get("message") or inner.get("detail") or inner) if isinstance(inner, dict) else inner
        return " ".join(str(told).split())
    return " ".join(error.response.text.split())


def _bounded_transport(largest: int) -> httpx2.AsyncBaseTransport:
    """The client's own transport, which stops reading where an answer grows too large."""
    import httpx2

    class Stream(httpx2.AsyncByteStream):
        def __init__(self, inner: httpx2.AsyncByteStream):
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._inner:
                size += len(part)
                if size > largest:
                    raise Unfit(f"The endpoint's answer is larger than {largest} bytes.")
                yield part

        async def aclose(self) -> None:
            await self._inner.aclose()

    class Transport(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unfit("The endpoint's answer is compressed, which was not asked for.")
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = Stream(response.stream)
            return response

    return Transport(verify=ssl.create_default_context())


if TYPE_CHECKING:
    import openai

BATCH = 64  # texts a request
AT_ONCE = 4  # requests on their way at a time
RETRIES = 2  # for what passes: busy, overloaded
LARGEST = 8_000_000  # bytes of an answer
LONGEST = 8192  # numbers of a vector
RESTS = (60, 300, 900)  # seconds that an endpoint is left alone after it failed once, twice, more often
KEPT = 50_000  # texts, the newest
KEPT_AFTER = 256  # new texts are written to the disk together
LONGEST_WORDS = 240
ANSWERED, FAILED = "embeddings answered", "embeddings failed"  # signs of life

log = logging.getLogger(__name__)


def embedder() -> Embedder | None:
    """The endpoint that is set, if one is."""
    if not (settings.EMBEDDINGS_URL and settings.EMBEDDINGS_MODEL):
        return None
    return Embedder(settings.EMBEDDINGS_URL, settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_KEY)


class Embedder:
    """Texts to unit vectors, one row each; `NoEmbeddings` where it fails. Its name is that of the model asked."""

    def __init__(self, address: str, model: str, key: str = "", seconds: int | None = None):
        self.name = model
        self._address, self._key = address, key
        self._seconds = seconds or settings.EMBEDDINGS_SECONDS
        self._path = Path(settings.DATA_FOLDER) / f"meanings-{vectors.mark_of(model).hex()}.npz"
        self._lock = threading.Lock()
        self._kept = _read(self._path)
        self._unwritten = 0
        self._failures, self._rests_until = 0, 0.0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, self.size or 1))
        with self._lock:
            marks = [vectors.mark_of(text) for text in texts]
            new = {mark: text for mark, text in zip(marks, texts, strict=True) if mark not in self._kept}
            if new:
                self._ask(new)
            rows = np.vstack([vectors.from_whole(self._kept[mark]) for mark in marks]).astype(np.float64)
            for mark in list(self._kept)[: max(0, len(self._kept) - KEPT)]:
                del self._kept[mark]
            return rows

    @property
    def size(self) -> int:
        """How many numbers its vectors have; 0 while none is known."""
        return len(next(iter(self._kept.values()), ()))

    def _ask(self, new: dict[bytes, str]) -> None:
        if time.monotonic() < self._rests_until:
            raise NoEmbeddings(f"{self.name} failed a moment ago and is left alone for a while")
        items = list(new.items())
        batches = [items[at : at + BATCH] for at in range(0, len(items), BATCH)]
        found, trouble = asyncio.run(self._all([[text for _, text in batch] for batch in batches]))
        for batch, rows in zip(batches, found, strict=False):
            if rows is not None and trouble is None:
                trouble = self._taken([mark for mark, _ in batch], rows)
        if self._unwritten >= KEPT_AFTER:
            self._write()
        _note(FAILED if trouble else ANSWERED)
        if trouble is not None:
            self._failures += 1
            self._rests_until = time.monotonic() + RESTS[min(self._failures, len(RESTS)) - 1]
            raise NoEmbeddings(trouble)
        self._failures = 0

    def _taken(self, marks: Sequence[bytes], rows: np.ndarray) -> str | None:
        """Keep these; what is wrong with them if they are of another length than those before."""
        if self.size not in (0, rows.shape[1]):
            return (
                f"{self.name} answers with {rows.shape[1]} numbers a text, and with {self.size} before: it is another "
                f"model under the same name; give EMBEDDINGS_MODEL a new name, or delete {self._path.name}, and retrain"
            )
        self._kept.update(zip(marks, vectors.to_whole(rows), strict=True))
        self._unwritten += len(marks)
        return None

    def _write(self) -> None:
        """Keep it beside the models, so that no other process and no retraining asks again; a folder that cannot be
        written is no failure."""
        self._unwritten = 0
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                file.write(vectors.packed(self._kept))
            os.replace(file.name, self._path)
        except OSError as error:
            log.warning("embeddings could not be kept in %s: %s", self._path.parent, error.strerror)

    async def _all(self, batches: Sequence[Sequence[str]]) -> tuple[list[np.ndarray | None], str | None]:
        """Rows of each batch, and the first trouble, after which no other is asked."""
        found: list[np.ndarray | None] = []
        async with client(self._address, self._key, self._seconds, LARGEST) as line:
            for start in range(0, len(batches), AT_ONCE):
                told = await asyncio.gather(
                    *(self._asked(line, batch) for batch in batches[start : start + AT_ONCE])
                )
                found += [rows if isinstance(rows, np.ndarray) else None for rows in told]
                if troubles := [each for each in told if isinstance(each, str)]:
                    return found, troubles[0]
        return found, None

    async def _asked(self, line: openai.AsyncOpenAI, texts: Sequence[str]) -> np.ndarray | str:
        """One row a text, or what went wrong, in the endpoint's own words where it has any."""
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self._seconds):
                answer = await line.with_options(max_retries=RETRIES).embeddings.with_raw_response.create(
                    model=self.name,
                    input=[vectors.cleaned(text) for text in texts],
                    encoding_format="float",
                    extra_headers=without_key(self._key),
                )
            return rows_of(json.loads(answer.content), len(texts))
        except openai.APIStatusError as error:
            said = f"The endpoint answered {error.status_code} {error.response.reason_phrase}: "
            return (said + own_words(error)).rstrip(": ")[:LONGEST_WORDS]
        except (TimeoutError, openai.APITimeoutError):
            return f"The endpoint took longer than {self._seconds} seconds."
        except (Unfit, NoEmbeddings) as error:
            return str(error)
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            reason = error.__cause__ or error
            told = str(reason) if isinstance(reason, Unfit) else f"{type(reason).__name__} {reason}"
            return f"The endpoint could not be asked: {told}"[:LONGEST_WORDS]
        except (ValueError, RecursionError):
            return "The endpoint's answer is not JSON."


def rows_of(body: Any, count: int) -> np.ndarray:
    """The vectors of an answer at length one, in the order of the texts; `NoEmbeddings` says what is wrong with it."""
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list) or len(listed) != count:
        raise NoEmbeddings(f"The endpoint's answer holds no list of {count} embeddings.")
    placed: dict[int, list[float]] = {}
    for at, one in enumerate(listed):
        place, numbers = (one.get("index", at), one.get("embedding")) if isinstance(one, dict) else (at, None)
        if not isinstance(numbers, list) or not 1 < len(numbers) <= LONGEST:
            raise NoEmbeddings("The endpoint's answer holds an embedding that is no list of numbers.")
        if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
            raise NoEmbeddings("The endpoint's answer holds an embedding that is no list of numbers.")
        placed[place if isinstance(place, int) else -1] = numbers
    if set(placed) != set(range(count)) or len({len(numbers) for numbers in placed.values()}) != 1:
        raise NoEmbeddings("The endpoint's embeddings are not one a text, all of one length.")
    try:
        rows = np.array([placed[at] for at in range(count)], dtype=np.float64)
    except OverflowError:
        rows = np.full((count, 2), np.inf)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise NoEmbeddings("The endpoint's embeddings hold what is no number, or nothing but noughts.")
    return rows / lengths


def _note(what: str) -> None:
    """For the vital signs; a command that runs without a database has none."""
    try:
        Heartbeat.objects.touch(what)
    except DatabaseError as error:
        log.warning("%s could not be noted: %s", what, error)


def _read(path: Path) -> dict[bytes, np.ndarray]:
    try:
        return vectors.from_bytes(path.read_bytes()) if path.exists() else {}
    except (OSError, ValueError, KeyError, EOFError) as error:
        log.warning("%s cannot be used: %s", path.name, error)
        return {}

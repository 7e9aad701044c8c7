"""Embeddings from an endpoint: a server on this machine that speaks the protocol, well and badly."""

import json
import threading
from http.server import ThreadingHTTPServer

import numpy as np
import pytest
from django.utils import timezone

from tests.tracker.conftest import Endpoint
from tests.tracker.tagging.test_model import examples
from tests.tracker.tagging.test_reading import CUES
from tracker import model_servers, monitoring, tagger_examples, tagger_versions, tagging
from tracker.models import TaggerVersion
from tracker.tagging.training import train
from tracker.tagging.vectors import NoEmbeddings

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SIZE = 64


def vector(text):
    return np.random.default_rng(abs(hash(text)) % 2**32).normal(size=SIZE).tolist()


def well(body):
    """As servers answer, in an order of their own."""
    told = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return 200, json.dumps({"data": told[::-1], "model": body["model"]}).encode()


@pytest.fixture
def server(settings, tmp_path, monkeypatch):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    made.asked, made.answers = [], well
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    settings.EMBEDDINGS_URL = f"http://127.0.0.1:{made.server_port}/v1"
    settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_KEY = "small-embedder", "a key"
    settings.EMBEDDINGS_SECONDS = 2
    settings.DATA_FOLDER = str(tmp_path)
    monkeypatch.setattr(model_servers, "RETRIES", 0)
    yield made
    made.shutdown()
    made.server_close()


def sign():
    return next(each for each in monitoring.of_the_record() if each.name == "embeddings_failing")


def test_texts_are_asked_about_in_batches_and_come_back_in_their_order(server, monkeypatch):
    monkeypatch.setattr(model_servers, "BATCH", 2)
    texts = ["one", "two", "three", "two", "four", "five"]
    rows = model_servers.embedder()(texts)
    right = np.array([vector(text) for text in texts])
    assert np.abs(rows - right / np.linalg.norm(right, axis=1, keepdims=True)).max() < 0.01
    assert sorted(len(body["input"]) for _, _, body in server.asked) == [1, 2, 2]
    path, headers, body = server.asked[0]
    assert (path, body["model"], body["encoding_format"]) == ("/v1/embeddings", "small-embedder", "float")
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Bearer a key"
    assert not sign().is_bad


def test_what_was_asked_once_is_never_asked_again_not_even_by_the_next_process(server, monkeypatch):
    monkeypatch.setattr(model_servers, "KEPT_AFTER", 2)
    one = model_servers.embedder()
    first = one(["one", "two"])
    assert (one(["two", "one"]) == first[::-1]).all()
    assert (model_servers.embedder()(["one", "two"]) == first).all()
    assert len(server.asked) == 1


def test_a_server_that_asks_for_no_key_is_sent_none(server, settings):
    settings.EMBEDDINGS_KEY = ""
    model_servers.embedder()(["one"])
    assert "authorization" not in {name.lower() for name in server.asked[0][1]}


def test_what_passes_is_tried_again(server, monkeypatch):
    monkeypatch.setattr(model_servers, "RETRIES", 1)
    server.answers = lambda body: well(body) if len(server.asked) > 1 else (503, b"{}")
    assert model_servers.embedder()(["one"]).shape == (1, SIZE)


def data(*listed):
    return 200, json.dumps(
        {"data": [{"index": at, "embedding": one} for at, one in enumerate(listed)]}
    ).encode()


GOOD = [0.5] * SIZE
HOSTILE = {
    "too few": (data(GOOD), "no list of 2"),
    "too many": (data(GOOD, GOOD, GOOD), "no list of 2"),
    "no number": ((200, b'{"data": [{"embedding": [NaN, 1]}, {"embedding": [1, 1]}]}'), "no number"),
    "without end": (data([1e999, 1.0], [1.0, 1.0]), "no number"),
    "beyond any number": (data([10**400, 1.0], [1.0, 1.0]), "no number"),
    "ragged": (data(GOOD, GOOD[:-1]), "all of one length"),
    "empty": (data([], []), "no list of numbers"),
    "nothing but noughts": (data([0.0] * SIZE, GOOD), "noughts"),
    "words": (data(["a", "b"], GOOD), "no list of numbers"),
    "base64": (data("AAAA", "AAAA"), "no list of numbers"),
    "one place twice": ((200, json.dumps({"data": [{"index": 0, "embedding": GOOD}] * 2}).encode()), "one a text"),
    "an error": ((500, b'{"error": {"message": "out of memory"}}'), "500 .*out of memory"),
    "a page": ((200, b"<!doctype html><title>Sign in</title>"), "not JSON"),
    "a list": ((200, b"[]"), "no list of 2"),
    "a bomb of brackets": ((200, b"[" * 100_000), "not JSON"),
    "too large": ((200, b" " * 9_000_000), "larger than"),
    "compressed": ((0, b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b"), "compressed"),
    "elsewhere": ((0, b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"), "302"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_wrong_answer_is_none_and_the_endpoint_is_left_alone_for_a_while(server, answer, said):
    server.answers = answer
    encode = model_servers.embedder()
    with pytest.raises(NoEmbeddings, match=said):
        encode(["one", "two"])
    assert sign().is_bad
    asked = len(server.asked)
    server.answers = well
    with pytest.raises(NoEmbeddings, match="left alone"):
        encode(["one", "two"])
    assert len(server.asked) == asked
    encode._rests_until = 0.0
    assert encode(["one", "two"]).shape == (2, SIZE)
    assert not sign().is_bad


def test_a_server_that_is_slow_or_away_is_no_worse(server, settings):
    settings.EMBEDDINGS_SECONDS = 1
    server.answers = (0, [b"HTTP/1.0 200 OK\r\n\r\n", *[b" "] * 30])
    with pytest.raises(NoEmbeddings, match="longer than 1 seconds"):
        model_servers.embedder()(["one"])
    settings.EMBEDDINGS_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(NoEmbeddings, match="could not be asked"):
        model_servers.embedder()(["one"])


def test_another_length_under_the_same_name_is_another_model(server):
    encode = model_servers.embedder()
    encode(["one"])
    server.answers = data([1.0, 2.0])
    with pytest.raises(NoEmbeddings, match="another model under the same name"):
        encode(["two"])
    assert encode(["one"]).shape == (1, SIZE)


def test_while_the_endpoint_fails_articles_are_read_by_words_alone(server, caplog):
    encode = model_servers.embedder()
    model = train(examples(), CUES, "voiced", encode)
    assert model.meaning == "small-embedder"
    model.first.borders[:, 1] = 0.0  # whatever is read may matter
    tagger = tagging.Tagger(CUES, model, encode)
    assert tagger.reads_meaning
    server.answers = (500, b"{}")
    told = tagger.tag("US bans another Chinese app")
    assert told.relevance == tagging.Tagger(CUES, model.first).tag("US bans another Chinese app").relevance
    assert (told.labels[0].rec, told.labels[0].ticked) == ("trust", True)
    assert "read by words alone" in caplog.text
    server.answers, encode._rests_until = data([1.0] * 8), 0.0
    encode._kept.clear()  # as after the server was changed and what was kept was deleted
    assert tagger.tag("US bans another Chinese app").relevance == told.relevance
    assert "gives 8 numbers a text, and gave 64" in caplog.text


def test_a_model_is_never_asked_with_other_embeddings_and_a_retraining_learns_these(
    server, monkeypatch, caplog
):
    few = tagger_examples.seeded()[::24]
    shipped = train(few, tagger_versions._seeded_cues(), "shipped", lambda texts: np.eye(len(texts), 4) + 0.1)
    monkeypatch.setattr(tagger_versions, "_shipped", lambda: shipped)
    monkeypatch.setattr(tagger_examples, "seeded", lambda: few)
    monkeypatch.setattr(tagger_versions, "FEWEST_LABELLED", 10)
    encode = model_servers.embedder()
    monkeypatch.setattr(tagger_versions, "_encoder", lambda: encode)
    monkeypatch.setitem(tagger_versions._served, "tagger", None)
    try:
        assert not tagger_versions.serving().reads_meaning
        assert "is never asked with “small-embedder”" in caplog.text
        assert not server.asked
        outcome = tagger_versions.retrain()
        assert server.asked
        assert outcome.measures["meaning"] == encode.name == "small-embedder"
        assert tagger_versions.retrain().measures == {}  # nothing was decided since, and these are learnt
        TaggerVersion.objects.update(serving_since=timezone.now())
        assert tagger_versions.serving().reads_meaning
    finally:
        tagger_versions._served.update(key=None, tagger=None)

"""A database that does not answer is an honest 503 in the reader's form."""

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test import Client, RequestFactory

from tracker.operations.middleware import Outage

middleware = Outage(lambda request: None)


def answer(path, error=None):
    return middleware.process_exception(
        RequestFactory().get(path), error or OperationalError("db.internal refused")
    )


def test_a_page_says_it_in_words_and_when_to_come_back():
    response = answer("/events/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert response.headers["Cache-Control"] == "no-store"
    assert "please try again" in response.content.decode()
    assert "internal" not in response.content.decode()


def test_the_api_says_it_as_a_problem():
    response = answer("/api/v1/events/")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b'"status": 503' in response.content


@pytest.mark.parametrize("name", ["OperationalError", "InterfaceError"])
def test_so_does_an_error_of_the_driver_that_django_passed_on(name):
    """As when a cursor on the server breaks while it is closed."""
    response = answer("/events/", getattr(connection.Database, name)("db.internal went away"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert "internal" not in response.content.decode()


def test_other_errors_are_not_hidden():
    assert answer("/", IntegrityError("a fault of ours")) is None
    assert answer("/", ValueError("x")) is None


@pytest.mark.django_db
def test_it_stands_in_the_way_of_every_view(monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", gone)
    client = Client(raise_request_exception=False)
    assert client.get("/events/").status_code == 503

"""A page of somebody else's, in a real browser, reads the API, feeds and files, and asks again with what it holds."""

import http.server
import threading

import pytest

pytestmark = pytest.mark.browser
ASK = """async ([address, headers]) => {
    // What the browser itself keeps is not asked: it would answer in our place.
    const answer = await fetch(address, {headers, cache: "no-store"});
    const body = await answer.text();
    return {status: answer.status, tag: answer.headers.get("ETag"), left: answer.headers.get("RateLimit"),
            range: answer.headers.get("Content-Range"), size: body.length};
}"""


@pytest.fixture(scope="module")
def elsewhere():
    """The address of an empty page of another origin."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!doctype html><title>Elsewhere</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/scores/",
        "/api/v1/exports/events.csv",
        "/feeds/all.json",
        "/zh-hans/feeds/all.atom",
        "/r/trust.csv",
        "/next/calendar.ics",
        "/.well-known/api-catalog",
    ],
)
def test_a_page_of_another_origin_reads_it_and_asks_again(window, site, elsewhere, address):
    page = window()
    page.goto(elsewhere)
    first = page.evaluate(ASK, [site + address, {}])
    assert first["status"] == 200
    assert first["size"] > 50
    if address.startswith("/api/v1/scores"):
        assert first["left"]
    if first["tag"]:
        again = page.evaluate(ASK, [site + address, {"If-None-Match": first["tag"]}])
        assert again["status"] == 304
    else:
        assert address.startswith("/.well-known/")
    if "exports" in address:
        part = page.evaluate(ASK, [site + address, {"Range": "bytes=0-9"}])
        assert (part["status"], part["size"]) == (206, 10)
        assert part["range"].startswith("bytes 0-9/")


def test_the_desk_is_nobody_elses(window, site, elsewhere):
    page = window()
    page.goto(elsewhere)
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate(ASK, [f"{site}/admin/login/", {}])

"""Lists of feeds come in and go out whole; a bad file adds nothing and says where it is bad."""

import io

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from feeds import opml
from feeds.models import Feed

STARTERS = settings.BASE_DIR / "seeds" / "feeds.opml"


def command(*given):
    out, err = io.StringIO(), io.StringIO()
    call_command("feeds", *given, stdout=out, stderr=err)
    return out.getvalue()


@pytest.fixture
def a_file(tmp_path):
    def write(text):
        path = tmp_path / "list.opml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.mark.django_db
def test_the_starter_feeds_come_in_once_and_go_out_the_same(a_file):
    assert "60 feeds added, 0 known" in command("import", str(STARTERS))
    Feed.objects.filter(title__startswith="MERICS").update(title="Changed by an editor")
    assert "0 feeds added, 60 known" in command("import", str(STARTERS))
    assert Feed.objects.filter(title="Changed by an editor").count() == 1
    exported = command("export")
    first = {line.url: line for line in opml.read(STARTERS.read_bytes())}
    again = {line.url: line for line in opml.read(exported.encode())}
    assert first.keys() == again.keys()
    assert {line.folder for line in first.values()} == {line.folder for line in again.values()}
    assert all(first[url].category == again[url].category for url in first)


@pytest.mark.django_db
def test_nested_folders_survive_the_round_trip():
    body = (
        '<opml version="1.0"><body><outline text="Press"><outline text="中国"><outline text="a/b">'
        '<outline title="Feed" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/" '
        'language="zh-cn"/>'
        "</outline></outline></outline></body></opml>"
    )
    opml.add(opml.checked(opml.read(body.encode()))[0])
    feed = Feed.objects.get()
    assert (feed.folder, feed.language, feed.site_url) == ("Press/中国/a∕b", "zh-Hans", "https://a.example/")
    (line,) = opml.read(opml.write(Feed.objects.all()).encode())
    assert (line.folder, line.title) == (feed.folder, "Feed")


@pytest.mark.django_db
def test_one_bad_line_stops_all_and_is_named(a_file):
    text = (
        '<opml><body>\n<outline xmlUrl="https://good.example/"/>\n<outline xmlUrl="javascript:alert(1)"/>\n'
        '<outline xmlUrl="http://user:pw@bad.example/"/>\n</body></opml>'
    )
    with pytest.raises(CommandError, match="nothing was added"):
        command("import", a_file(text))
    assert not Feed.objects.exists()
    assert "1 feeds added" in command("import", a_file(text), "--skip-bad")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Line 1"),
        (b"not xml", "Line 1"),
        (b"<html/>", "no OPML"),
        (b"<opml><body>", "Line 1"),
        (b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>', "document type"),
        (b'<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>', "document type"),
        (b"<opml>" + b'<outline text="x">' * 30 + b"</opml>", "20 deep"),
        (b'<?xml version="1.0" encoding="nonsense"?><opml/>', "encoding"),
        (b"<opml>" + b" " * opml.LARGEST + b"</opml>", "limit"),
        (bytes(range(256)), "Line 1"),
    ],
)
def test_what_is_no_opml_is_refused_with_a_reason(body, said):
    with pytest.raises(opml.BadOpml, match=said):
        opml.read(body)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("feed://a.example/x", "http://a.example/x"),
        ("feed:https://a.example/x", "https://a.example/x"),
        ("  https://a.example/x#frag ", "https://a.example/x"),
        ("https://a.example/中文", "https://a.example/%E4%B8%AD%E6%96%87"),
    ],
)
def test_addresses_are_stored_in_one_spelling(given, stored):
    assert opml.normal(given) == stored


@pytest.mark.django_db
def test_a_feed_that_moved_is_not_added_again_at_its_old_address():
    Feed.objects.create(url="https://new.example/feed", former_url="https://old.example/feed")
    assert opml.add([opml.Line("https://old.example/feed")]) == (0, 1)


@pytest.mark.django_db
def test_a_missing_file_is_told_in_words(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        command("import", str(tmp_path / "none.opml"))


@pytest.mark.django_db
def test_the_list_tells_each_feeds_health():
    Feed.objects.create(url="https://a.example/feed", title="A")
    assert "A: Not polled yet." in command("list")

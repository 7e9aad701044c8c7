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
        (b"<opml", "never closed"),
        (b"https://a.example/feed\nhttps://b.example/feed", "no OPML"),
        (b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>', "document type"),
        (b'<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>', "document type"),
        (b"<opml>" + b'<outline text="x">' * 30 + b"</opml>", "20 deep"),
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


def listed(text, encoding="utf-8"):
    good, refused = opml.checked(opml.read(text.encode(encoding)))
    return [(line.folder, line.title, line.url) for line in good], refused


FEED = '<outline text="{}" type="rss" xmlUrl="{}"/>'
A, B = FEED.format("A", "https://a.example/rss"), FEED.format("B", "https://b.example/rss")
SHORT = "https://a.example/"


@pytest.mark.parametrize(
    ("outline", "title", "url"),
    [
        (
            '<outline text="Tom & Jerry" xmlUrl="https://a.example/?a=1&b=2"/>',
            "Tom & Jerry",
            SHORT + "?a=1&b=2",
        ),
        ('<outline text="Q&amp;A" xmlUrl="https://a.example/?a=1&amp;b=2"/>', "Q&A", SHORT + "?a=1&b=2"),
        ('<outline text="Caf&eacute;&nbsp;News" xmlUrl="https://a.example/"/>', "Café News", SHORT),
        ('<outline text="1 < 2 > 0" xmlUrl="https://a.example/"/>', "1 < 2 > 0", SHORT),
        ("<outline text='A \"B\"' xmlurl='https://a.example/'/>", 'A "B"', SHORT),
        ("<outline text=A xmlUrl=https://a.example/rss />", "A", SHORT + "rss"),
        ('<OUTLINE TEXT="A" XMLURL="https://a.example/"></OUTLINE>', "A", SHORT),
        ('<outline text="🚀&#55357;&#56960;" xmlUrl="https://a.example/"/>', "🚀🚀", SHORT),
        ('<outline type="rss" text="A" url="https://a.example/"/>', "A", SHORT),
        ('<outline type="rss" text="A" feedUrl="https://a.example/"/>', "A", SHORT),
        ('<outline text="\x0bBell" xmlUrl="https://a.example/"/>', "Bell", SHORT),
        ('<outline\n  text="A"\n  xmlUrl="https://a.example/"\n/>', "A", SHORT),
    ],
)
def test_an_outline_is_read_as_it_is_meant(outline, title, url):
    text = f'<?xml version="1.0"?><opml version="1.0"><body>{outline}{B}</body></opml>'
    assert listed(text) == ([("", title, url), ("", "B", "https://b.example/rss")], [])


@pytest.mark.parametrize(
    ("encoding", "folder", "title"),
    [
        ("gb2312", "时政", "人民网"),
        ("gb18030", "时政", "人民网"),
        ("big5hkscs", "時事新聞", "香港電台"),
        ("cp932", "政治のニュース", "日本新聞社会部"),
        ("utf-16", "时政", "人民网"),
        ("utf-8-sig", "时政", "人民网"),
    ],
)
@pytest.mark.parametrize("declared", ["", "utf-8"])
def test_a_list_is_read_in_any_charset(encoding, declared, folder, title):
    inside = f'<outline text="{folder}">{FEED.format(title, SHORT)}</outline>'
    text = f'<?xml version="1.0" encoding="{declared or encoding}"?><opml version="1.0"><body>{inside}</body></opml>'
    assert listed(text, encoding) == ([(folder, title, SHORT)], [])


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ('<outline text="A xmlUrl="https://a.example/rss"/>', "cannot be read"),
        ('<outline text="A" xmlUrl="https://a.example/rss', "cannot be read"),
        ('<outline type="rss" text="A"/>', "“A” names no feed"),
        ('<outline text="A" htmlUrl="https://a.example/"/>', "“A” names no feed"),
        ('<outline type="link" text="A" url="https://a.example/"/>', "“A” names no feed"),
        ('<outline type="include" text="A" url="https://a.example/more.opml"/>', "“A” names no feed"),
        ('<outline type="rss" text="A" xmlUrl="ftp://a.example/"/>', "Only http and https"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line_and_hides_no_other(outline, said):
    text = f'<opml version="2.0">\n<body>\n<!-- two\nlines -->\n{outline}\n{B}\n</body></opml>'
    good, refused = listed(text)
    assert [title for _folder, title, _url in good] == ["B"]
    (sentence,) = refused
    assert sentence.startswith("line 5: ")
    assert said in sentence


def test_a_list_that_was_cut_off_or_nests_badly_gives_what_it_has():
    assert [row[1] for row in listed(f"<opml><body><outline text='X'>{A}{B}")[0]] == ["A", "B"]
    good, refused = listed(
        f"<opml><body></outline>{A}<outline text='X'>{B}</outline></outline></body></opml>"
    )
    assert [row[:2] for row in good] == [("", "A"), ("X", "B")]
    assert refused == []


def test_a_plain_document_type_and_what_stands_around_a_list_are_passed_over():
    head = '\n <!DOCTYPE opml SYSTEM "opml.dtd">\n<!-- <outline xmlUrl="https://no.example/"/> -->'
    good, refused = listed(f"{head}<opml><head><title>T</title></head><body>{A}</body></opml>junk")
    assert ([row[1] for row in good], refused) == (["A"], [])


def test_an_empty_folder_is_no_fault():
    empty = '<outline text="Empty"/><outline text="Empty too"></outline>'
    assert listed(f"<opml><body>{empty}{A}</body></opml>")[1] == []


@pytest.mark.parametrize(
    "piece", ['<outline text="', "<outline ", "<!--", "</outline>", "<outline a=b ", "<![CDATA["]
)
def test_reading_a_list_takes_time_in_line_with_its_size(piece):
    assert all(line.fault for line in opml.read(b"<opml>" + piece.encode() * 50_000))

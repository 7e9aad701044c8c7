"""Files of rows: what is read, what is refused and with which line, and that what we write comes back."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker import rows

COLUMNS = {"url": ("url", "link"), "title": ("title", "headline"), "date": ("published_at", "date")}
GOOD = '{"a": 1}'


def of_json(body):
    body = body.encode() if isinstance(body, str) else body
    return list(rows.json_lines(io.BytesIO(body)))


def of_csv(body):
    sheet = rows.csv_rows(io.BytesIO(body.encode() if isinstance(body, str) else body), COLUMNS)
    return [(number, *row.values()) for number, row in sheet.rows]


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("", []),
        (f"{GOOD}\n\n \t\n{GOOD}", [1, 4]),
        (f"\ufeff{GOOD}\r\n{GOOD}\r\n", [1, 2]),
        (f'{{"a": "one\u2028two\u2029three\x85four\v"}}\n{GOOD}'.replace("\v", "\\u000b"), [1, 2]),
        ('{"a": "' + "x" * (rows.LONGEST_LINE - 9) + '"}\r\n' + GOOD, [1, 2]),
    ],
)
def test_lines_of_json_end_at_line_feeds_alone(body, numbers):
    assert [number for number, _value in of_json(body)] == numbers


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", r"not JSON \(.*, character 2\)"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a': given twice"),
        (b'{"a": {"b": 1, "b": 1}}', "'b': given twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": [-Infinity]}', "-Infinity is no number"),
        (b'{"a": 1e999}', "1e999 is too large"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "integer"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": ' * 100_000, "nested too deep"),
        (b"[]", "a line is a JSON object, not list"),
        (b'"text"', "not str"),
        (b'{"a": "\xff"}', r"not UTF-8 \(byte 8\)"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": "' + b"x" * rows.LONGEST_LINE + b'"}', "longer than 1,000,000 bytes"),
        (b"x" * (3 * rows.LONGEST_LINE), "longer than 1,000,000 bytes"),
    ],
    ids=range(15),
)
def test_a_faulty_line_is_named_and_the_others_are_read(line, reason):
    found = []
    with pytest.raises(rows.BadFile, match=f"^line 2: .*{reason}") as refused:
        found.extend(rows.json_lines(io.BytesIO(b"{}\n" + line + b"\n{}\n")))
    assert [number for number, _fault in refused.value.faults] == [2]


def test_good_lines_come_before_the_complaint():
    found = []
    with pytest.raises(rows.BadFile):
        for number, _value in rows.json_lines(io.BytesIO(b"{}\n[]\n{}\n7")):
            found.append(number)
    assert found == [1, 3]


def test_all_faults_are_named_in_their_order_and_many_are_counted():
    def check(value):
        if value["a"] != 1:
            raise ValueError("a is not 1")
        return value

    with pytest.raises(rows.BadFile) as refused:
        rows.checked(rows.json_lines(io.BytesIO(b'{"a": 2}\n{\n{"a": 1}\n' + b'{"a": 3}\n' * 25)), check)
    listed = str(refused.value).split("\n")
    assert listed[0] == "line 1: a is not 1"
    assert listed[1].startswith("line 2: not JSON")
    assert listed[-1] == "and 7 more"


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_file_in_utf_16_is_told_what_to_become(mark):
    for read in (of_json, of_csv):
        with pytest.raises(rows.BadFile, match="line 1: not UTF-8 but UTF-16; save the file as UTF-8"):
            read(mark + "url,title".encode("utf-16-le"))


@pytest.mark.parametrize(
    "body",
    [
        "url,title,date\nu,标题,d\n",
        "\ufeffurl,title,date\r\nu,标题,d\r\n",
        "url;title;date\nu;标题;d",
        "url\ttitle\tdate\nu\t标题\td\n\n\n,,\n".replace(",,", "\t\t"),
        "URL, Headline ,Published At\nu,标题,d",
        '"url";"title";"date"\n"u";"标题";"d"',
        "\n\nurl,title,date\n".replace("\n\n", "", 1) + "u,标题,d",
        "url,title,date\nu,标题,d".encode("gb18030"),
        "\ufeffurl,title,date\nu,标题,d".encode("gb18030"),
        "state,url,title,date,\nfiled,u,标题,d,\n",
    ],
    ids=range(10),
)
def test_sheets_of_many_makers_are_read(body):
    assert [row[1:] for row in of_csv(body)] == [("u", "标题", "d")]


def test_what_nobody_asked_for_is_named_and_the_encoding_is_told():
    sheet = rows.csv_rows(io.BytesIO("url,发布机构,title,Own Notes\n".encode("gb18030")), COLUMNS)
    assert (sheet.unknown, sheet.encoding) == (("发布机构", "own_notes"), "GB18030")


def test_of_several_names_the_first_that_is_filled_counts():
    assert of_csv("url,date,published_at\nu,2025,2026\nu,2025,\n") == [
        (2, "u", "", "2026"),
        (3, "u", "", "2025"),
    ]


def test_line_breaks_inside_quotes_stay_and_lines_are_counted_as_an_editor_does():
    body = 'url,title\nu,"one\r\ntwo\u2028three\n""four"""\nv,five\n'
    assert of_csv(body) == [(2, "u", 'one\r\ntwo\u2028three\n"four"', ""), (5, "v", "five", "")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('url,title\nu,a\nv,"b\nw,c\nx,d\n', "line 3: a quotation mark is opened here and never closed"),
        (
            'url,title\nv,"b\nw,c"d"\n',
            "line 2: a quotation mark is opened here and closed in the middle of line 3",
        ),
        ('url,title\nv,"b"c\n', "line 2: text stands right behind a closing quotation mark"),
        ('"url,title\nv,b\n', "line 1: a quotation mark is opened here and never closed"),
        ("url,title\nu,a,b\n", "line 2: 3 cells; the first line names 2 columns"),
        ("url,title\nu\n", "line 2: 1 cells; the first line names 2 columns"),
        ("url,title,\nu,a,b\n", "line 2: 'b' stands in a column without a name"),
        ("url,title,URL\nu,a,b\n", "line 1: the column url stands there twice"),
        ("name,words\nu,a\n", "line 1: no column is known; name them url, title, date"),
        ("", "line 1: no column is known"),
        (
            b"url,title\nu,\xff\xff\n",
            r"line 2: neither UTF-8 \(byte 13 of the file\) nor GB18030; save the file",
        ),
        ('url,title\nu,"' + "x" * 1_000_001, "line 2: a cell longer than 1,000,000 characters"),
    ],
    ids=range(12),
)
def test_a_faulty_sheet_is_refused_with_the_line(body, reason):
    with pytest.raises(rows.BadFile, match=reason):
        of_csv(body)


def test_every_short_row_is_named():
    with pytest.raises(rows.BadFile) as refused:
        of_csv("url,title\nu\nu,a\nu,a,b\n")
    assert [number for number, _reason in refused.value.faults] == [2, 4]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1", "'=1"),
        ("'=1", "''=1"),
        ("''  +1", "'''  +1"),
        ("  -1", "'  -1"),
        ("＠x", "'＠x"),
        ("\n=", "'\n="),
        ("'quoted'", "'quoted'"),
        (" '=1", " '=1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_formulas_are_guarded_and_come_back(cell, written):
    assert rows.guarded(cell) == written
    assert rows.unguarded(written) == cell


@given(st.lists(st.text("'=+-@ \t\r\n＝a", max_size=6), unique=True, max_size=6))
def test_no_two_cells_are_written_alike(cells):
    assert len({rows.guarded(cell) for cell in cells}) == len(cells)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
@example(["\n"])
@example([" "])
def test_every_text_comes_back_from_csv(cells):
    header = [f"c{number}" for number, _cell in enumerate(cells)]
    body = "".join(rows.csv_lines(header, [cells])).encode()
    sheet = rows.csv_rows(io.BytesIO(body), {name: (name,) for name in header})
    read = [list(row.values()) for _number, row in sheet.rows]
    assert read == ([cells] if any(rows.guarded(cell).strip() for cell in cells) else [])

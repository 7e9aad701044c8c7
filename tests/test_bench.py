"""What `make bench` takes for a measurement, and how it tells one that broke from one that missed its figure."""

import pytest

from tests.bench import __main__ as bench


def test_only_what_measures_is_run():
    assert {"parsing", "polling", "pages", "scoring"} <= set(bench.measurements())
    # They serve the others: orders on standard input, peers, documents.
    assert not {"warm", "bare", "corpus", "cpu", "filling", "peers", "publishing"} & set(bench.measurements())
    assert all(bench.about(name) for name in bench.measurements())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pass", ""),
        ("sys.exit('slow')", "Below the figure asked for: one"),
        ("1 / 0", "Broke, and measured nothing: one"),
    ],
)
def test_a_broken_measurement_is_told_apart_and_stops_none(monkeypatch, tmp_path, capfd, body, told):
    for name, lines in {"one": body, "two": "print('two ran')"}.items():
        (tmp_path / f"{name}.py").write_text(f"import sys\n\n\ndef main():\n    {lines}\n\n\nmain()\n")
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "about", lambda name: "a measurement")
    monkeypatch.setattr(bench, "PACKAGE", "")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if told:
        with pytest.raises(SystemExit, match=told):
            bench.main([])
    else:
        bench.main([])
    assert "two ran" in capfd.readouterr().out

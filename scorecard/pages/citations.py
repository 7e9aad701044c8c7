"""How to cite a page: a sentence, BibTeX and RIS. Pure: plain values in, text out."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

PUBLISHER = "US–China AI Policy Scorecard"


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation names. `address` pins both dates, so that it shows the same figures for ever."""

    key: str
    title: str
    address: str
    as_of: datetime.date
    read_on: datetime.date
    version: str

    def text(self) -> str:
        return (
            f"{PUBLISHER} ({self.as_of.year}). {self.title}. Method {self.version}, as of "
            f"{self.as_of.isoformat()}. {self.address} (read {self.read_on.isoformat()})."
        )

    def bibtex(self) -> str:
        fields = {
            "author": "{" + _tex(PUBLISHER) + "}",
            "title": "{" + _tex(self.title) + "}",
            "year": str(self.as_of.year),
            "month": str(self.as_of.month),
            "note": _tex(f"Method {self.version}, as of {self.as_of.isoformat()}"),
            "url": self.address,
            "urldate": self.read_on.isoformat(),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{{re.sub(r'[^a-z0-9-]', '-', self.key.lower())},\n{body}\n}}\n"

    def ris(self) -> str:
        lines = (
            ("TY", "DATA"),
            ("AU", PUBLISHER),
            ("TI", _one_line(self.title)),
            ("PY", str(self.as_of.year)),
            ("DA", self.as_of.strftime("%Y/%m/%d")),
            ("ET", f"Method {self.version}"),
            ("UR", self.address),
            ("Y2", self.read_on.strftime("%Y/%m/%d")),
        )
        return "".join(f"{tag}  - {value}\r\n" for tag, value in (*lines, ("ER", "")))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tex(text: str) -> str:
    """Text safe inside a BibTeX field: the ten characters that TeX would act on are spelled out."""
    spelled = {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#",
        "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
    }  # fmt: skip
    return "".join(spelled.get(character, character) for character in _one_line(text))

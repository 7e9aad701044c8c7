"""Agreement between coders, as the method page says it: the figures, or that they have not been measured."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext


def shown() -> dict[str, Any]:
    return {
        "sentence": gettext(
            "Not yet measured: no event has been coded blind by a second person so far. Until at least a "
            "tenth has been, read every score as one coder's work. We shall publish Krippendorff's α, say so "
            "next to the scores while it is below 0.80, and withhold the labels below 0.667."
        ),
        "rows": [],
    }

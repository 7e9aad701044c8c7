"""Pictures for places that show no SVG. The bundled fonts make them the same on every machine."""

from __future__ import annotations

from pathlib import Path

import resvg_py

FONTS = Path(__file__).parent / "fonts"
FACE = "Noto Sans CJK SC"


def render(svg: str, zoom: float = 2.0) -> bytes:
    """A PNG of a standalone picture; wide cards keep their size, charts are doubled for sharp screens."""
    large = 'width="1200"' in svg[:200]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(path) for path in sorted(FONTS.glob("*.otf"))],
            font_family=FACE,
            sans_serif_family=FACE,
            zoom=1.0 if large else zoom,
        )
    )

"""CPU seconds of this process and its children, the parser's child included while it lives."""

import os
import resource
from pathlib import Path

from feeds.parsing import sandbox


def spent() -> float:
    mine, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    alive = 0.0
    if sandbox.CHILD.number:
        fields = Path(f"/proc/{sandbox.CHILD.number}/stat").read_text().rsplit(")", 1)[1].split()
        alive = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return mine.ru_utime + mine.ru_stime + ended.ru_utime + ended.ru_stime + alive


def measured(work) -> tuple[float, object]:
    """CPU seconds that `work` took, and what it returned."""
    start = spent()
    result = work()
    return spent() - start, result

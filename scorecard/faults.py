"""What is wrong with a form: every field that cannot be taken, at once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Fault(ValueError):
    """A field that cannot be taken, and the `others` of the same form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.others: tuple[Fault, ...] = ()

    def by_field(self) -> dict[str, str]:
        """field -> what is wrong with it, in the order of the form."""
        return {fault.field: str(fault) for fault in (self, *self.others)}


def none_in(checks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What every check gives, by name; the first `Fault` with all others where one fails."""
    found, faults = {}, []
    for name, check in checks.items():
        try:
            found[name] = check()
        except Fault as fault:
            faults += [fault, *fault.others]
    if faults:
        faults[0].others = tuple(faults[1:])
        raise faults[0]
    return found

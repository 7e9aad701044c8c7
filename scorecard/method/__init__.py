"""The scorecard's arithmetic: the method of METHOD.md, complete and exact. Pure: no Django, no clock, no
network.

    log = read(records)                              # once; validated, immutable, its order kept
    report(log, as_of, known_at, actor)              # every reading of one day, as known on one day
    series(log, "balance", actor, as_of=..., known=)  # day by day, also "as known then"
    waterfall(log, (as_of, known_at), (…, …))        # which acts moved it, and why
    describe()                                       # parameters with reasons, what-ifs, versions

The modules in the order in which a record becomes a figure: `parameters`, `columns`, `weighing`, `balance`, `daily`,
`delivery`, `sensitivity`, `report`; `readings` are the shapes of what comes out.
"""

from scorecard.method.columns import EMPTY, Log, Setting, by_hand, empty, read, read_lines
from scorecard.method.daily import THEN, Series, every_view, series
from scorecard.method.delivery import DeliverySeries, delivery_series
from scorecard.method.parameters import (
    CURRENT,
    HORIZONS,
    METHODS,
    Method,
    Parameters,
    describe,
    in_service,
    method_of,
    read_on,
    what_ifs,
)
from scorecard.method.report import report, views, waterfall
from scorecard.method.sensitivity import sensitivity
from scorecard.method.weighing import ledger

__all__ = [
    "CURRENT",
    "EMPTY",
    "HORIZONS",
    "METHODS",
    "THEN",
    "DeliverySeries",
    "Log",
    "Method",
    "Parameters",
    "Series",
    "Setting",
    "by_hand",
    "delivery_series",
    "describe",
    "empty",
    "every_view",
    "in_service",
    "ledger",
    "method_of",
    "read",
    "read_lines",
    "read_on",
    "report",
    "sensitivity",
    "series",
    "views",
    "waterfall",
    "what_ifs",
]

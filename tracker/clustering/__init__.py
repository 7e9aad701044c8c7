"""Which story, which known event, a report is about. Pure: no database, no clock, no network.

In layers, from certain to likely: the same page (one address), the same text (one title, near-copies of wire
text), reports of the same act (words, names, amounts and days in common, scored by a small learnt model), the
event already on record. English and Chinese meet over names, amounts, Latin words and the record's own titles
in both languages. When in doubt, do not merge: a wrong merge hides an event, a missed one shows it twice.

    index = Index()
    index.add_event(event.id, event.date, [event.title, event.title_zh], [event.summary, event.summary_zh])
    index.offers(report)      # ranked, each with its reasons
    index.choose(report)      # the story to join without asking, or None
"""

from tracker.clustering.average_link import regroup
from tracker.clustering.index import Index
from tracker.clustering.reports import Offer, Pair, Reading, Reason, Report, outlets
from tracker.clustering.scoring import Scorer, default_scorer, is_doubtful, parted

__all__ = [
    "Index", "Offer", "Pair", "Reading", "Reason", "Report", "Scorer", "default_scorer", "is_doubtful", "outlets",
    "parted", "regroup",
]  # fmt: skip

"""The record's tables, in the order in which an item passes them."""

from tracker.models.articles import Article, ArticleVersion
from tracker.models.coverage import Completeness, CoverageDay
from tracker.models.cues import Cue, SecondOpinion, TaggerVersion
from tracker.models.decisions import Claim, Coding, Decision, PairJudgement, Preference
from tracker.models.events import Assessment, Event, Report
from tracker.models.heartbeats import Heartbeat
from tracker.models.leases import Lease
from tracker.models.recommendations import Ask, AskSetting, Recommendation
from tracker.models.revisions import Head, Revision

__all__ = [
    "Article",
    "ArticleVersion",
    "Ask",
    "AskSetting",
    "Assessment",
    "Claim",
    "Coding",
    "Completeness",
    "CoverageDay",
    "Cue",
    "Decision",
    "Event",
    "Head",
    "Heartbeat",
    "Lease",
    "PairJudgement",
    "Preference",
    "Recommendation",
    "Report",
    "Revision",
    "SecondOpinion",
    "TaggerVersion",
]

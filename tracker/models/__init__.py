"""The record's tables, in the order in which an item passes them."""

from tracker.models.articles import ArchivedCopy, Article, ArticleVersion
from tracker.models.decisions import (
    Claim,
    Coding,
    Confirmation,
    Decision,
    Draw,
    MachineCoding,
    PairJudgement,
    Preference,
    SavedView,
)
from tracker.models.events import Assessment, Event, Report
from tracker.models.log import (
    Ask,
    AskSetting,
    CodebookVersion,
    Completeness,
    CoverageDay,
    Head,
    Recommendation,
    Revision,
)
from tracker.models.machine import AnswerForm, Cue, Heartbeat, Lease, SecondOpinion, TaggerVersion

__all__ = [
    "AnswerForm",
    "ArchivedCopy",
    "Article",
    "ArticleVersion",
    "Ask",
    "AskSetting",
    "Assessment",
    "Claim",
    "CodebookVersion",
    "Coding",
    "Completeness",
    "Confirmation",
    "CoverageDay",
    "Cue",
    "Decision",
    "Draw",
    "Event",
    "Head",
    "Heartbeat",
    "Lease",
    "MachineCoding",
    "PairJudgement",
    "Preference",
    "Recommendation",
    "Report",
    "Revision",
    "SavedView",
    "SecondOpinion",
    "TaggerVersion",
]

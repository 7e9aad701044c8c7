"""A second opinion from any OpenAI-compatible endpoint, a local model server for instance. Off by default.

A language model is a coder beside the tagger: asked with the whole codebook and the nearest precedents, checked by the
codebook, weighed into the suggestion. The law: feed text is data, never instruction; an answer counts only if it says,
in the codebook's own words, something the codebook allows; the model's name stands on every word it wrote; and
whatever it says, nobody but an analyst accepts it. Whoever codes an event blind, or without the machine's help, never
sees it.
"""

from tracker.second_opinion.asking import (
    NOT_SET_UP,
    BudgetSpent,
    ask,
    consult,
    opinion_of,
    weighed,
)
from tracker.second_opinion.endpoint import Unreachable
from tracker.second_opinion.questions import NoOpinion, Opinion, Told, is_on

__all__ = [
    "NOT_SET_UP",
    "BudgetSpent",
    "NoOpinion",
    "Opinion",
    "Told",
    "Unreachable",
    "ask",
    "consult",
    "is_on",
    "opinion_of",
    "weighed",
]

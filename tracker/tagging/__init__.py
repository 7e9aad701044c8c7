"""What an article's act advances or undermines, and why. Pure: no Django, no clock, no network.

`Tagger(cues, model).tag(title, summary)` -> `Suggestion`. The steps, in the order a text passes them:
`tracker.text.fold` (one spelling), `cues` (which it holds), `features` (who does what to what, what rules make of it,
and named features), `vectors` (numbers, and the nearest of what is labelled), `model` (what was learnt), `reasons` and
`suggestions` (the answer, an outside model weighed in). `training` makes models.
"""

from tracker.tagging import cues, model, suggestions, training, vectors
from tracker.tagging.suggestions import Because, Label, Suggestion
from tracker.tagging.tagger import Tagger

__all__ = ["Because", "Label", "Suggestion", "Tagger", "cues", "model", "suggestions", "training", "vectors"]

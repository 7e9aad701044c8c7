"""The desk's single keys: what each does, the analyst's own choice, and what may not collide.

The law: one key, one deed. No key needs Ctrl, Alt or Meta, so none takes a key from the browser or the
reader's software, and none acts while somebody types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.codebook import current
from tracker.models import Preference
from tracker.wording import words_of

ACTIONS: dict[str, tuple[str, str | Promise]] = {
    "accept": ("a", gettext_lazy("accept")),
    "dismiss": ("r", gettext_lazy("reject, with reason")),
    "join": ("d", gettext_lazy("duplicate of …")),
    "split": ("x", gettext_lazy("split")),
    "snooze": ("z", gettext_lazy("snooze")),
    "review": ("v", gettext_lazy("ask a reviewer")),
    "undo": ("u", gettext_lazy("undo")),
    "next": ("j", gettext_lazy("next")),
    "previous": ("k", gettext_lazy("previous")),
    "certainty": ("c", gettext_lazy("certainty")),
    "actors": ("o", gettext_lazy("actors")),
    "ask": ("w", gettext_lazy("which ask")),
    "rationale": ("n", gettext_lazy("rationale")),
    "words": ("t", gettext_lazy("take the draft over")),
    "edit": ("e", gettext_lazy("title and date")),
    "suggested": ("s", gettext_lazy("as suggested again")),
    "preview": ("p", gettext_lazy("effect on the scores")),
    "take_first": ("h", gettext_lazy("when two codings differ: take the first")),
    "take_second": ("l", gettext_lazy("when two codings differ: take the second")),
    "open": ("g", gettext_lazy("open the source")),
    "search": ("/", gettext_lazy("search")),
    "help": ("?", gettext_lazy("help")),
}


def width() -> int:
    """How many digits name a recommendation: always the same, so that no number waits for another digit."""
    return 1 if len(current()) <= 9 else 2


def typed(number: int) -> str:
    """The digits that name the recommendation at a place: `7`; `07` where there are more than nine."""
    return f"{number:0{width()}d}"


def _digits() -> range:
    return range(1, 10 if width() == 2 else max(5, len(current())) + 1)


# Digits, signs and these are the grammar of coding and moving about; they cannot be given away.
FIXED = {
    **{str(number): gettext_lazy("recommendation, then strength") for number in _digits()},
    "+": gettext_lazy("advances"),
    "=": gettext_lazy("advances"),
    "-": gettext_lazy("undermines"),
    "_": gettext_lazy("undermines"),
    "0": gettext_lazy("mixed"),
    "Delete": gettext_lazy("clear the code"),
    "Escape": gettext_lazy("close, let go"),
    "Enter": gettext_lazy("press what has the focus"),
    "Tab": gettext_lazy("move the focus"),
    " ": gettext_lazy("scroll"),
}
# Keys that browsers use alone: quick find in Firefox ('), caret browsing, going back. The admin of Django has
# no single keys of its own.
BROWSER = ("'", "Backspace", "F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12")


class KeyClash(ValueError):
    """A choice of keys that cannot be; the message names the key and who has it."""


def of(user: Any) -> tuple[dict[str, str], bool]:
    """The user's key for each action, and whether single keys are on."""
    chosen = Preference.objects.filter(user=user).first()
    keys = {name: key for name, (key, _label) in ACTIONS.items()}
    if chosen:
        keys |= {name: key for name, key in chosen.keys.items() if name in ACTIONS}
    return keys, chosen.single_keys if chosen else True


def choose(user: Any, wanted: Mapping[str, Any], single_keys: bool = True) -> dict[str, str]:
    """Keep the user's choice; `KeyClash` when two deeds would share a key or a key is not free."""
    keys = {name: key for name, (key, _label) in ACTIONS.items()}
    for name, key in wanted.items():
        if name not in ACTIONS:
            raise KeyClash(_("There is no deed “%(name)s”.") % {"name": str(name)[:40]})
        keys[name] = str(key)
    check(keys)
    differing = {name: key for name, key in keys.items() if key != ACTIONS[name][0]}
    Preference.objects.update_or_create(
        user=user, defaults={"keys": differing, "single_keys": bool(single_keys)}
    )
    return keys


def check(keys: Mapping[str, str]) -> None:
    """`KeyClash` names the first key that is not one character, reserved, or used twice."""
    taken: dict[str, str] = {}
    for name, key in keys.items():
        label = ACTIONS[name][1]
        if len(key) != 1 or not key.isprintable():
            raise KeyClash(_("“%(label)s” needs one character as its key.") % {"label": label})
        if key in FIXED or key in BROWSER:
            raise KeyClash(_("“%(key)s” is not free: coding or the browser needs it.") % {"key": key})
        if key.lower() in taken:
            raise KeyClash(
                _("“%(key)s” is the key of “%(other)s” already.")
                % {"key": key, "other": ACTIONS[taken[key.lower()]][1]}
            )
        taken[key.lower()] = name


def prompts() -> dict[str, str]:
    """What the coding panel asks for at each step of the grammar, with this codebook's numbers and words."""
    book = current()
    steps = [f"{number} {words_of(term.name)}" for number, term in book.strengths.items()]
    actors = [f"{key} {words_of(book.actor(slug).short)}" for key, slug in book.keys().items()]
    return {
        "idle": _("Digit: recommendation. Then + − 0, then strength 1 to 5.")
        if width() == 1
        else _("Two digits: recommendation. Then + − 0, then strength 1 to 5."),
        "number": _("… now the second digit"),
        "direction": _("… now + advances, − undermines, 0 mixed"),
        "strength": _("… now strength %(steps)s") % {"steps": ", ".join(steps)},
        "actors": _("… now %(keys)s; Esc ends") % {"keys": ", ".join(actors)},
    }


def legend(keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every deed with its key, in the order of the legend."""
    return [{"name": name, "key": keys[name], "label": label} for name, (_key, label) in ACTIONS.items()]

"""How the desk's templates print numbers and the journal's words."""

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language

from tracker.desk import plain
from tracker.desk.history import DEEDS

register = template.Library()


@register.filter
def percent(share):
    """A share from 0 to 1 as a whole per cent; a dash for None."""
    return "–" if share is None else f"{100 * share:.0f} %".replace("-", "−")


@register.filter
def deed(action):
    """What the journal calls a step, in the reader's language."""
    return DEEDS.get(action, action)


@register.filter
def titled(event):
    """An event's title in the reader's language where it has one, with the language that it is in."""
    found = {"en": event.title, "zh-Hans": event.title_zh}
    first = "zh-Hans" if (get_language() or "").startswith("zh") else "en"
    lang = next((each for each in (first, *found) if found[each]), "")
    return format_html('<span lang="{}" dir="auto">{}</span>', lang, found[lang]) if lang else str(event)


@register.filter
def undoable(message):
    """The number of the decision that a page tells of and that its reader can take back; nothing for other words."""
    tags = message.extra_tags or ""
    return tags.removeprefix("undo-") if tags.startswith("undo-") else ""


@register.inclusion_tag("desk/hints.html")
def rules_for(event):
    """The rules of the codebook that the words of an event call to mind."""
    return {"hints": plain.hints_for(event)}

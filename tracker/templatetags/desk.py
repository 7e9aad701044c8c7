"""How the desk's templates print numbers."""

from django import template

register = template.Library()


@register.filter
def percent(share):
    """A share from 0 to 1 as a whole per cent; a dash for None."""
    return "–" if share is None else f"{100 * share:.0f} %".replace("-", "−")

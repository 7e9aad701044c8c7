"""`{% filter typeset %}` around a whole page."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from scorecard.pages import typesetting

register = template.Library()


@register.filter
def typeset(page: str) -> SafeString:
    chinese = (get_language() or "").startswith("zh")
    return mark_safe(typesetting.typeset(page, chinese))  # noqa: S308  # nosec B308  templates escaped it

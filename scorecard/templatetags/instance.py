"""`{% instance as site %}`: what this scorecard is called, follows and counts from, for any template."""

from __future__ import annotations

from django import template

from scorecard.pages import prose

register = template.Library()
register.simple_tag(prose.instance, name="instance")

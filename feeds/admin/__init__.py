"""Feeds in the admin: a queue with the worst on top, and what each one brought."""

from feeds.admin import deliveries, feeds

__all__ = ["deliveries", "feeds"]

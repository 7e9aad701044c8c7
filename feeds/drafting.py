"""An entry as the article it will be: clean, dated, in a known language, under its one key. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime

from feeds import recognising
from feeds.parsing import Entry, cleaning, dates
from tracker import addresses, languages

LOOKED_AT = 300  # characters of a summary that help to tell the language
LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Draft:
    """An article not yet kept; fields as in `tracker.models.Article`."""

    url: str
    url_key: str
    unresolved: bool
    title: str
    title_key: str
    summary: str
    html: str
    author: str
    publisher: str
    language: str
    published_at: datetime | None

    @property
    def version(self) -> str:
        return recognising.version_digest(self.title, self.html, self.summary)

    @property
    def has_words(self) -> bool:
        """Whether there is more than a title."""
        return bool(self.summary) and self.summary != self.title


NAMES = tuple(field.name for field in fields(Draft))


def draft(entry: Entry, *, publisher: str, language: str, now: datetime) -> Draft:
    """The article of an entry. `publisher` and `language` are the feed's, for entries that name none."""
    canonical, url, unresolved = recognising.address(entry.link)
    published = dates.believable(entry.published, now=now)
    html = cleaning.body(entry.html)
    summary = cleaning.summary(html)
    title = entry.title or cleaning.summary(html, limit=120) or url
    outlet = entry.source or publisher or addresses.site(url)
    day = published.date().isoformat() if published else ""
    return Draft(
        url=url if len(url) <= LONGEST_URL else "",
        url_key=recognising.url_key(canonical, publisher=outlet, title=title, day=day),
        unresolved=unresolved,
        title=title[:500],
        title_key=recognising.title_key(title),
        summary=summary,
        html=html,
        author=entry.author[:300],
        publisher=outlet[:300],
        language=languages.language_of(_sample(title, summary), language)[:20],
        published_at=published,
    )


def _sample(title: str, summary: str) -> str:
    """What tells an article's language; a summary that only says the title again tells nothing more."""
    return summary[:LOOKED_AT] if summary.startswith(title) else f"{title}\n{summary[:LOOKED_AT]}"

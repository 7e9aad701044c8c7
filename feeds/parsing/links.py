"""Links as publishers write them, made absolute as a browser would. Pure."""

import re
from urllib.parse import urljoin, urlsplit

from feeds.parsing.document import MAXIMUM_IDENTITY, storable

HOST = re.compile(r"www\.(?:[a-z0-9-]+\.)+[a-z]{2,}(?=[/?#:]|\Z)", re.I)
TWICE = re.compile(r"https?:/*\s*(?=https?:/)|(?<=://)\s+", re.I)
BREAKS = re.compile(r"[\r\n]+")
SLASHES = re.compile(r"(https?):[/\\]*(?=[^/\\])", re.I)


def absolute(link: object, base: str, site: str = "") -> str:
    """The link made absolute, or nothing when it is not one of the web."""
    text = storable(str(link or "")).strip()
    if not text:
        return ""
    if "\n" in text or "\r" in text:
        text = "".join(part.strip() for part in BREAKS.split(text))
    text = TWICE.sub("", text) if "http" in text[4:] or " " in text else text
    if not text.startswith(("http://", "https://")):
        text = _with_scheme(text, base, site)
        try:
            text = urljoin(base, text) if base else text
        except ValueError:
            return ""
    if "&" in text:
        text = text.replace("&amp;", "&").replace("&#038;", "&").replace("&#38;", "&")
    text = text.replace(" ", "%20")
    return text[:MAXIMUM_IDENTITY] if text.lower().startswith(("http://", "https://")) else ""


def _with_scheme(text: str, base: str, site: str) -> str:
    """A link as browsers read it: without its scheme, or with too few or too many slashes."""
    if found := SLASHES.match(text):
        return f"{found[1].lower()}://{text[found.end() :]}"
    scheme = "http" if base.startswith("http://") and not site.startswith("https://") else "https"
    if text.startswith("//") and not base:
        return f"{scheme}:{text}"
    first = re.split(r"[/?#:]", text, maxsplit=1)[0].lower()
    if HOST.match(text) or (first and first in (_host(base), _host(site))):
        return f"{scheme}://{text}"
    return text


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if "." in host else ""

"""One spelling for one page's URL. Pure.

`canonical` is a key to compare by, not an address to visit: two spellings of one page give one key, and two
pages never do. What merely *may* be a page's identity (an unknown parameter, the case of a path) therefore
stays; only what is known to say how a reader came (tracking), with which device (mobile and AMP twins) or to
where on the page (fragments) goes. Links of aggregators that hide where they lead are kept, and
`is_unresolved` tells them: such a link never says that two articles are one.
"""

from __future__ import annotations

import functools
import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from w3lib.url import canonicalize_url

LONGEST = 4_000
DEEPEST_WRAPPING = 3
MOST_MARKS = 8

# Names that carry nothing but where a reader came from. `ref`, `source`, `from`, `id`, `p`, `s` and the like
# are not here: somewhere each of them names the article.
_TRACKING_NAMES = """
    _ga _gl _hsenc _hsmi _openstat _trksid ack_id at_campaign at_custom1 at_custom2 at_custom3 at_custom4
    at_format at_link_id at_link_origin at_link_type at_medium at_ptr_name at_send_date ceid cmpid cmp_id
    dclid dicbo ef_id efg epik ext_ref fb_action_ids fb_action_types fb_ref fb_source fbclid ftag gad_source
    gbraid gclid gclsrc guccounter guce_referrer guce_referrer_sig hmsr hmpl hmcu hmkw hmci hsctatracking
    icid igshid igsh inboundlinkid isfreemail li_fat_id mbid mc_cid mc_eid mkt_tok mkwid msclkid
    ncid ns_campaign ns_fee ns_linkname ns_mchannel ns_source nr_email_referer oly_anon_id oly_enc_id
    pk_campaign pk_cpn pk_kwd pk_medium pk_source piwik_campaign piwik_kwd rb_clickid ref_src ref_url
    referringsource s_cid s_kwcid sc_cid scid sfmc_id share_from share_medium share_plat share_session_id
    share_source share_tag share_times smid smtyp spm spm_id_from srnd srsltid sref ssm_source taid trk
    trkcampaign trkinfo ttclid twclid tw_source unlocked_article_code vero_conv vero_id wbraid wickedid
    wt_mc wt_zmc xtor yclid ysclid zanpid
    cmpen feedname feedtype fsrc fromrss gaa_at gaa_n gaa_sig gaa_ts icmp intcmp isappinstalled
    ivk_sa maca mibextid nsukey ocid rss_id rssfeed sharer_shareinfo share_token soc_src soc_trk
    sr_share utmcampaign wprss wt.mc_id wt.rss_f wt.z_author xhsshare
    """
_TRACKING = frozenset(_TRACKING_NAMES.split())
_TRACKING_PREFIXES = ("utm_", "utm-", "mtm_", "matomo_", "hsa_", "at_recipient_", "stm_", "itm_")
# Names that say how a reader came only with a value that says so: elsewhere each of them may name the article.
_ORIGIN_NAME_LIST = """
    campaign channel cid cmp emc feature from medium mod origin partner ref referer referrer rel source src via
    """
_ORIGIN_NAMES = frozenset(_ORIGIN_NAME_LIST.split())
_ORIGINS = re.compile(
    r"rss\d?|rss[-_.](?:feed|\w.*)|.*[-_.]rss|rssfeed|atom|feed|feedburner|feedly|syndication|google_?news|gnews|newsletter|e?mail|edit_\w+"
    r"|share|sharing|shared|facebook|twitter|linkedin|whatsapp|telegram|reddit|wechat|weixin|weibo|qq|qzone"
    r"|timeline|singlemessage|groupmessage|youtu\.be"
)
# Dow Jones' `mod` says from which list of headlines; on other hosts it chooses a module, and thereby a page.
_DOW_JONES = re.compile(
    r"(?:rss|hp|mw|home|article|djem|itp|searchresults|trending|latest|topics|featured|series|panda|e2)\w*[-_]\w+",
    re.I,
)
# Marks of one visit: a new one at every call, never a page.
_SESSION_NAME_LIST = """
    phpsessid jsessionid jsession_id aspsessionid asp.net_sessionid cfid cftoken sessionid session_id sid
    sess oscsid zenid
    """
_SESSION_NAMES = frozenset(_SESSION_NAME_LIST.split())
_SESSION_VALUE = re.compile(r"[0-9a-z,._!-]{16,}", re.I)
_SESSION_PATH = re.compile(
    r";(?:jsessionid|phpsessid|sid|sessionid)=[^/;?]*|/\([sax]\([0-9a-z]{20,}\)\)(?=/)", re.I
)
_ALWAYS_SESSIONS = ("phpsessid", "jsessionid", "asp")
# The AMP twin of a page says so by one of these, with one of those values.
_AMP_NAMES = frozenset({"amp", "amp_js_v", "amp_gsa", "outputtype", "usqp"})
_AMP_VALUES = frozenset({"", "1", "true", "amp"})
_DEVICE_HOSTS = ("www", "m", "mobile", "amp", "wap")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_INDEX_PAGES = re.compile(r"/(?:index|default)\.(?:s?html?|php|aspx?)$", re.I)
# `/tag/amp` is a page about AMP.
_AMP_TAIL = re.compile(
    r"(?<=[^/])(?<!/tag)(?<!/tags)(?<!/topic)(?:/amp(?:/|\.html)?|\.amp(?:\.html)?)$", re.I
)
_AMP_HEAD = re.compile(r"^/amp(?=/.)", re.I)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")

# Most links are plain: nothing in them says how a reader came, and their spelling needs no parser.
_PLAIN = re.compile(
    r"https?://(?:www\.)?((?!(?:www|m|mobile|amp|wap|news\.google)\.)[a-z0-9-]+(?:\.(?!m\.)[a-z0-9-]+)+)"
    r"((?:/(?!(?i:index|default)\.)[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)*)/?"
)
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+(?:&[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*")
_AMP_WORD = re.compile(r"(?<![a-z])amp(?![a-z])|\.ampproject\.", re.I)

# Links that carry their target: host and path -> the parameters that may hold it.
_WRAPPERS = {
    ("google.com", "/url"): ("url", "q"),
    ("bing.com", "/news/apiclick.aspx"): ("url",),
    ("l.facebook.com", "/l.php"): ("u",),
    ("facebook.com", "/l.php"): ("u",),
    ("lm.facebook.com", "/l.php"): ("u",),
    ("out.reddit.com", ""): ("url",),
    ("l.instagram.com", ""): ("u",),
    ("linkedin.com", "/redir/redirect"): ("url",),
    ("youtube.com", "/redirect"): ("q",),
    ("link.zhihu.com", ""): ("target",),
}
# Links that hide it: they cannot be told apart from their target without a call, and are never identity.
_HIDING_HOSTS = """
    news.google.com feedproxy.google.com feeds.feedburner.com t.co bit.ly ow.ly dlvr.it tinyurl.com goo.gl
    buff.ly lnkd.in trib.al is.gd ift.tt fb.me apple.news t.cn url.cn dwz.cn reut.rs bloom.bg nyti.ms wapo.st
    on.wsj.com econ.st
    """
_HIDING = frozenset(_HIDING_HOSTS.split())
# Of those, whoever gives one page a new address at every call: not even the link itself is known again.
_RENAMING = frozenset({"news.google.com"})
# A path that names its article in words or in a long number; what follows it only says how it is shown.
_TELLING = re.compile(r"/[^/]*(?:[^\W_]+-){3}[^/]*$|/[^/]*\d{7}[^/]*$")


class BadAddress(ValueError):
    """A text that names no page on the web; the message says why, for whoever typed or served it."""


@functools.lru_cache(maxsize=1_000)  # a poll asks for a link's spelling several times
def canonical(url: str) -> str:
    """The one spelling of a page's URL.

    Raises BadAddress for what is no http or https address of a host.
    """
    if plain := _plain(url):
        return _joined(plain)
    spelled = _once(_cleaned(url))
    # Taking one mark away can lay the next one bare: `/a/amp/index.html`.
    for _ in range(MOST_MARKS):
        plain = _plain(spelled)
        before, spelled = spelled, _joined(plain) if plain else _once(spelled)
        if before == spelled:
            break
    return spelled


def canonical_or_empty(url: str) -> str:
    """The same for sweeping over many: "" instead of an error."""
    try:
        return canonical(url)
    except BadAddress:
        return ""


def is_unresolved(url: str) -> bool:
    """Whether the link belongs to an aggregator or shortener and hides the page it leads to."""
    if plain := _plain(url):
        return plain[0] in _HIDING
    try:
        return _plain_host(_unwrapped(_split(_cleaned(url)), DEEPEST_WRAPPING)) in _HIDING
    except BadAddress:
        return False


def is_renaming(url: str) -> bool:
    """Whether the link is one of an aggregator that names the same page anew at every call."""
    return "google." in url and site(url) in _RENAMING


def named_page(canonical: str) -> str:
    """Host and path of a canonical address, where the path by itself names the article; else ""."""
    page = canonical.partition("#")[0].partition("?")[0]
    return page if _TELLING.search(page) else ""


def site(url: str) -> str:
    """The host without `www.` and its like: what stands for the outlet when no name is given. "" if none."""
    try:
        return _plain_host(_split(_cleaned(url)))
    except BadAddress:
        return ""


@functools.lru_cache(maxsize=8)  # whoever asks for a link's spelling asks at once where it leads
def _plain(url: str) -> tuple[str, str] | None:
    """Host and the rest of a plain link, without what says only how a reader came; None for any other."""
    if len(url) > LONGEST:
        return None
    page, _, fragment = url.partition("#")
    page, _, query = page.partition("?")
    kept = query and _kept(query)
    if ("amp" in page.lower() and _AMP_WORD.search(page)) or (fragment and _route(fragment)):
        return None
    if kept and not _PLAIN_QUERY.fullmatch(kept):
        return None
    found = _PLAIN.fullmatch(page)
    if not found or (kept and (found[1], found[2].lower()) in _WRAPPERS):
        return None
    if "&" in kept:
        kept = "&".join(sorted(kept.split("&"), key=lambda pair: pair.split("=")))
    return found[1], f"{found[2] or '/'}?{kept}" if kept else found[2] or "/"


def _joined(plain: tuple[str, str]) -> str:
    return "https://" + "".join(plain)


def _once(url: str) -> str:
    parts = _unwrapped(_split(url), DEEPEST_WRAPPING)
    host = _plain_host(parts)
    if host == "news.google.com":
        return _google_news(parts)
    path = _SESSION_PATH.sub("", parts.path)
    path = _AMP_HEAD.sub("", _AMP_TAIL.sub("", path.rstrip("/\\")))
    path = _INDEX_PAGES.sub("/", path).rstrip("/\\") or "/"
    return _spelled(_authority(host, parts), path, _kept(parts.query), _route(parts.fragment))


def _cleaned(url: str) -> str:
    # Feeds break long links over lines and paste invisible marks into them; browsers drop both.
    text = _INVISIBLE.sub("", url).strip().replace(" ", "%20")
    if len(text) > LONGEST:
        raise BadAddress(f"The address is {len(text)} characters long; at most {LONGEST} are taken.")
    return f"https:{text}" if text.startswith("//") else text


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.encode("utf-8", "replace").decode())
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise BadAddress(f"This is no web address ({error}): {url[:200]}") from error
    if parts.scheme.lower() not in _DEFAULT_PORTS:
        raise BadAddress(f"Only http and https addresses name a page, not this: {url[:200]}")
    # Before a backslash browsers end the host, parsers do not: such an address has two readings.
    if not (parts.hostname or "").strip(".") or "\\" in parts.netloc:
        raise BadAddress(f"The address names no host: {url[:200]}")
    return parts


def _unwrapped(parts: SplitResult, depth: int) -> SplitResult:
    """The page behind a redirect that carries its target, and behind the caches of AMP."""
    target = _carried(parts)
    if not depth or not target:
        return parts
    try:
        return _unwrapped(_split(_cleaned(target)), depth - 1)
    except BadAddress:
        return parts


def _carried(parts: SplitResult) -> str:
    host, path = _plain_host(parts), parts.path.rstrip("/").lower()
    if names := _WRAPPERS.get((host, path)):
        query = dict(parse_qsl(parts.query))
        return next((query[name] for name in names if query.get(name, "").startswith("http")), "")
    if host.endswith(".cdn.ampproject.org") and (found := re.match(r"/[cvi]/(s/)?(.+)", parts.path)):
        return _after_cache(found, parts.query)
    if re.fullmatch(r"google\.[a-z.]{2,6}", host) and (found := re.match(r"/amp/(s/)?(.+)", parts.path)):
        return _after_cache(found, parts.query)
    return ""


def _after_cache(found: re.Match[str], query: str) -> str:
    return f"http{'s' if found[1] else ''}://{unquote(found[2])}" + (f"?{query}" if query else "")


def _plain_host(parts: SplitResult) -> str:
    """Lower case, ASCII, without the labels that only choose the device."""
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise BadAddress(
            f"The host's name in this address cannot be written in ASCII: {host[:200]}"
        ) from error
    if not _HOST.fullmatch(host):
        raise BadAddress(f"The host's name in this address has characters no host has: {host[:200]}")
    labels = host.split(".")
    while len(labels) > 2 and labels[0] in _DEVICE_HOSTS:
        labels = labels[1:]
    # en.m.wikipedia.org
    if len(labels) > 3 and labels[1] == "m":
        labels = [labels[0], *labels[2:]]
    return ".".join(labels)


def without_tracking(query: str) -> str:
    """A query of our own pages without what others hang onto links; all else stays as written, in its order."""

    def is_tracking(pair: str) -> bool:
        name, _value = _lowered(pair)
        return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)

    return "&".join(pair for pair in query.split("&") if pair and not is_tracking(pair))


def _kept(query: str) -> str:
    """The query without tracking. Pairs stay as written: an escape in GBK would not survive decoding."""
    return "&".join(pair for pair in query.split("&") if pair and not _is_noise(*_lowered(pair)))


def _lowered(pair: str) -> tuple[str, str]:
    name, _, value = pair.lower().partition("=")
    return unquote(name), value


def _is_noise(name: str, value: str) -> bool:
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    if name in _ORIGIN_NAMES and (
        _ORIGINS.fullmatch(value) or (name == "mod" and _DOW_JONES.fullmatch(value))
    ):
        return True
    if name == "rss" and value in _AMP_VALUES - {"amp"}:
        return True
    if name in _SESSION_NAMES or name.startswith("aspsessionid"):
        return name.startswith(_ALWAYS_SESSIONS) or (
            _SESSION_VALUE.fullmatch(value) is not None and any(map(str.isdigit, value))
        )
    return name in _AMP_NAMES and (value in _AMP_VALUES or name in {"amp_js_v", "amp_gsa", "usqp"})


def _route(fragment: str) -> str:
    """The fragment where it is the page: `#!/news/7` and `#/news/7` of sites that are one script."""
    return fragment if re.match(r"!?/.|!.", fragment) else ""


def _google_news(parts: SplitResult) -> str:
    """`/rss/articles/X?oc=5`, `/articles/X?hl=…` and `/read/X` are one redirect."""
    found = re.match(r"/(?:rss/)?(?:articles|read)/([^/]+)", parts.path)
    if found:
        return f"https://news.google.com/articles/{found[1]}"
    return _spelled("news.google.com", parts.path or "/", parts.query, "")


def _authority(host: str, parts: SplitResult) -> str:
    named = f"[{host}]" if ":" in host else host
    default = parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme.lower()]
    return named if default else f"{named}:{parts.port}"


def _spelled(authority: str, path: str, query: str, fragment: str) -> str:
    address = f"https://{authority}{path}" + (f"?{query}" if query else "")
    try:
        if fragment:
            return canonicalize_url(f"{address}#{fragment}", keep_fragments=True)
        return canonicalize_url(address)
    except (ValueError, UnicodeError) as error:
        raise BadAddress(f"This is no web address ({error}): {address[:200]}") from error

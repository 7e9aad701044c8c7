"""From which side a report comes: United States, China, a third country, or not established. Pure.

Only what an address proves counts: a national ending, or a publisher on the short list below. A `.com` that
is on
no list stays "not established" rather than being guessed.
"""

from __future__ import annotations

from urllib.parse import urlsplit

US, CHINA, THIRD, UNKNOWN = "us", "china", "third", "unknown"

_US = (
    "apnews.com", "axios.com", "bloomberg.com", "broadbandbreakfast.com", "cnbc.com", "cnn.com",
    "fedscoop.com",
    "foxnews.com", "jdsupra.com", "justsecurity.org", "meritalk.com", "natlawreview.com", "newsmax.com",
    "npr.org",
    "nytimes.com", "politico.com", "pymnts.com", "thehill.com", "thompsonhinesmartrade.com",
    "washingtonpost.com",
    "whitehouse.gov", "wsj.com", "inc.com", "wired.com", "theverge.com", "techcrunch.com", "openai.com",
    "anthropic.com", "mcguirewoods.com", "alstontrade.com", "publicpower.org", "exportcompliancedaily.com",
    "tradelawdaily.com", "aip.org", "rstreet.org", "techpolicy.press", "fapa.org", "benzinga.com",
)  # fmt: skip
_CHINA = (
    "caixinglobal.com", "cgtn.com", "crntt.com", "ifeng.com", "news.qq.com", "sohu.com", "thepaper.cn",
    "weixin.qq.com",
    "xinhuanet.com", "yicaiglobal.com", "163.com", "huanqiu.com", "guancha.cn", "bjreview.com", "ecns.cn",
    "chinanews.com", "cnr.cn", "stcn.com",
)  # fmt: skip
_THIRD = (
    "aljazeera.com", "bbc.com", "channelnewsasia.com", "dw.com", "ettoday.net", "france24.com", "ft.com",
    "hindustantimes.com", "hk01.com", "koreaherald.com", "livemint.com", "malaymail.com", "ndtvprofit.com",
    "nippon.com", "reuters.com", "scmp.com", "straitstimes.com", "stheadline.com", "tass.com",
    "theguardian.com",
    "trendforce.com", "trtworld.com", "udn.com", "wionews.com", "worldjournal.com", "press.un.org", "un.org",
    "fao.org", "oecd.ai", "iisd.org", "dig.watch", "the-decoder.com", "economist.com", "devdiscourse.com",
    "business-standard.com", "deccanchronicle.com", "geo.tv", "cnyes.com", "korea.net",
)  # fmt: skip
_GENERIC = {
    "com", "org", "net", "info", "biz", "io", "ai", "co", "me", "tv", "app", "dev", "news", "pro", "press",
    "media",
    "xyz", "fyi", "blog", "site", "online", "tech", "world", "int", "wiki", "agency", "today", "live", "us",
}  # fmt: skip


def side(url: str) -> str:
    """`us`, `china`, `third` or `unknown` for the publisher of an address. Hong Kong and Taiwan count as
    third.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return UNKNOWN
    for listed, answer in ((_US, US), (_CHINA, CHINA), (_THIRD, THIRD)):
        if any(host == name or host.endswith(f".{name}") for name in listed):
            return answer
    ending = host.rpartition(".")[2]
    if ending in ("gov", "mil", "edu"):
        return US
    if ending == "cn" or ending == "xn--fiqs8s":
        return CHINA
    return THIRD if len(ending) == 2 and ending.isalpha() and ending not in _GENERIC else UNKNOWN

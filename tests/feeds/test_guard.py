"""No packet leaves for an address that is not of the open internet."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver

from feeds import adding
from feeds.http import fetch, guard
from tests.feeds.publisher import Publisher, answering

PRIVATE = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1"),
    *("192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "203.0.113.9"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1"),
]
PUBLIC = ["8.8.8.8", "9.255.255.255", "11.0.0.0", "100.128.0.0", "128.0.0.0", "172.32.0.0", "2606:4700::1111"]
BAD_FORMS = [
    *("file:///etc/passwd", "gopher://8.8.8.8/", "ftp://8.8.8.8/", "data:text/plain,hi", "//8.8.8.8/", ""),
    *("http://user:pw@8.8.8.8/", "http://8.8.8.8@127.0.0.1/", "http://", "http:///x", "http://[::1"),
    *("http://a b/", "http://8.8.8.8\\@127.0.0.1/", "http://8.8.8.8\r\nHost: x/", "http://8.8.8.8:6379/"),
    *(
        "http://8.8.8.8:22/",
        "http://8.8.8.8:99999/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://10.1.1.1/",
    ),
]
CALLED = [
    *("http://localhost/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"),
    *("http://0/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://[::ffff:7f00:1]/"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_reserved_addresses_are_not_public(address):
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_neighbours_of_private_ranges_are_public(address):
    assert guard.is_public(address)


@pytest.mark.parametrize("network", guard.REFUSED_RANGES, ids=str)
def test_first_and_last_address_of_every_refused_range_are_refused(network):
    assert not guard.is_public(str(network[0]))
    assert not guard.is_public(str(network[-1]))


@pytest.mark.parametrize("url", BAD_FORMS)
def test_addresses_of_a_bad_form_are_refused_before_any_look_up(url):
    with pytest.raises(guard.GuardError):
        guard.check_url(url)


@pytest.fixture
def no_packet(monkeypatch):
    """Every socket that would be opened is written down instead."""
    opened = []
    monkeypatch.setattr(guard.socket, "socket", lambda *given: opened.append(given) or pytest.fail("opened"))
    return opened


async def fetched(url, **options):
    async with fetch.session(user_agent="test", **options) as client:
        return await fetch.fetch(client, fetch.Ask(url), deadline=5)


@pytest.mark.parametrize("url", CALLED)
def test_other_spellings_of_this_machine_end_without_a_packet(url, monkeypatch):
    opened = []
    real = guard.guarded_socket
    monkeypatch.setattr(guard, "guarded_socket", lambda info: opened.append(real(info)) or opened[-1])
    with pytest.raises(fetch.FetchError) as refused:
        asyncio.run(fetched(url))
    assert refused.value.kind in ("blocked", "dns")
    assert opened == []


class Rebinding(AbstractResolver):
    """A name server that answers something else each time."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        numbers = self.answers.pop(0)
        shape = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [shape | {"host": number} for number in numbers]

    async def close(self):
        pass


def test_a_name_with_one_private_address_among_public_ones_is_refused(caplog):
    resolver = guard.GuardedResolver(Rebinding(["93.184.216.34", "127.0.0.1"]))
    with pytest.raises(guard.GuardError, match="leads to no address of the open internet"):
        asyncio.run(resolver.resolve("mixed.example", 80))
    assert "mixed.example leads to 127.0.0.1" in caplog.text, "the operator is told"


class Known(AbstractResolver):
    """The look-up of a network that has names of its own: one leads inside, the other is unknown."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host.startswith("unknown"):
            raise OSError(None, "Name or service not known")
        return [
            {"hostname": host, "host": "10.20.30.40", "port": port, "family": family, "proto": 0, "flags": 0}
        ]

    async def close(self):
        pass


def posted(url):
    return fetch.post(url, {}, b"{}", 5.0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "door",
    [posted, adding.article_at, adding.look, lambda url: asyncio.run(fetched(url))],
    ids=["post", "page", "feed", "fetch"],
)
def test_whoever_types_an_address_learns_nothing_of_the_network_behind_us(monkeypatch, settings, door):
    """A name that leads inside and one that nobody knows are answered in the same words, and with no number."""
    settings.FETCH_ALLOW_PRIVATE = False
    monkeypatch.setattr(guard, "ThreadedResolver", Known)
    told = {}
    for name in ("payroll.internal", "unknown.internal"):
        try:
            told[name] = door(f"https://{name}/hook").trouble
        except (OSError, ValueError, fetch.FetchError) as refused:
            told[name] = str(refused)
        assert "leads to no address of the open internet" in told[name]
        assert "10.20" not in told[name]
    one, other = (words.replace(name, "NAME") for name, words in told.items())
    assert one == other


def test_a_name_that_turns_private_after_the_first_look_up_is_refused():
    resolver = guard.GuardedResolver(Rebinding(["93.184.216.34"], ["10.0.0.5"]))
    assert asyncio.run(resolver.resolve("turning.example", 80))
    with pytest.raises(guard.GuardError):
        asyncio.run(resolver.resolve("turning.example", 80))


def test_the_socket_itself_refuses_when_everything_before_it_was_fooled():
    with pytest.raises(guard.GuardError):
        guard.guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80)))


@pytest.fixture
def publisher(monkeypatch):
    """One that may be called though it is on this machine; nothing else may."""
    with Publisher() as started:
        here = guard.ipaddress.ip_network("127.0.0.0/8")
        monkeypatch.setattr(guard, "REFUSED_RANGES", [each for each in guard.REFUSED_RANGES if each != here])
        monkeypatch.setattr(guard, "PORTS", {started.port})
        yield started


@pytest.mark.parametrize(
    "place",
    [
        *("http://10.0.0.5:{}/", "http://[::1]:{}/", "http://[::ffff:a9fe:a9fe]:{}/", "http://127.0.0.1:22/"),
        *("http://user@127.0.0.1:{}/x", "file:///etc/passwd", "gopher://127.0.0.1:{}/", "//10.0.0.5:{}/x"),
    ],
)
def test_every_step_of_a_redirect_is_judged_like_the_first(publisher, place):
    publisher.pages["/step"] = answering(302, headers={"Location": place.format(publisher.port)})
    publisher.pages["/"] = answering(302, headers={"Location": publisher.url("/step")})
    with pytest.raises(fetch.FetchError) as refused:
        asyncio.run(fetched(publisher.url("/")))
    assert refused.value.kind == "blocked"
    assert [path for path, _headers in publisher.requests] == ["/", "/step"]


def test_no_proxy_of_the_environment_stands_between(publisher, monkeypatch):
    """It would look names up itself, and our own list of addresses would judge the proxy's."""
    publisher.pages["/"] = b"<rss/>"
    with Publisher() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url("/"))
            monkeypatch.setenv(name.upper(), proxy.url("/"))
        assert asyncio.run(fetched(publisher.url("/"))).status == 200
        assert fetch.post(publisher.url("/"), {}, b"", 5) == 501  # it takes no POST, and was asked itself
        assert proxy.requests == []

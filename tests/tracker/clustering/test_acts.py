"""What two headlines must share to be one act, and what speaks against it whatever they share."""

import datetime

import pytest

from tracker import clustering
from tracker.clustering import scoring
from tracker.clustering.reports import Text, is_one_page

DAY = datetime.date(2026, 3, 3)
READER = clustering.default_scorer().reader


def read(title, key=0, *, day=DAY, **more):
    return READER.read(clustering.Report(key, title, date=day, **more))


def opposed(one, other):
    return scoring.opposed(read(one), read(other, 1), READER.names)


def in_common(one, other, **more):
    return scoring.in_common(read(one), read(other, 1, **more))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OpenAI to sign the EU code of practice", "Microsoft stays out of the EU code of practice"),
        ("OpenAI signs the EU code of practice", "OpenAI declines to sign the EU code of practice"),
        ("US lifts export controls on chip software", "US bans export of chip software to China"),
        ("中国批准进口H20芯片", "中国禁止进口H20芯片"),
    ],
)
def test_opposite_deeds_and_other_bodies_are_never_one_act(one, other):
    assert opposed(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OpenAI signs the EU code of practice", "OpenAI to sign EU code of practice for AI"),
        ("US bans chip software to China", "Commerce Department tightens chip software exports"),
        ("Storm nears the coast", "Club wins the cup"),
    ],
)
def test_the_same_deed_or_none_is_not_opposed(one, other):
    assert not opposed(one, other)


def test_a_subject_alone_is_no_act():
    assert in_common("US lifts export controls on chip software", "US lifts chip software export controls")
    assert not in_common("Nvidia opens a laboratory in Oslo", "Nvidia names a new head of sales")


def test_who_met_whom_is_not_yet_what_came_of_it():
    met = "Xi meets British prime minister Starmer in Beijing on his first visit"
    assert not in_common(met, "Xi calls for joint AI research with Britain on Starmer visit")


def test_an_act_of_weeks_ago_is_another_one():
    same = "US lifts export controls on chip software"
    assert in_common(same, same)
    assert not in_common(same, same, day=DAY + datetime.timedelta(days=12))


def test_what_a_feed_puts_into_every_body_joins_nothing():
    footer = "Article URL: https://news.example/item Comments URL: https://news.example/comments Points: 12"
    index = clustering.Index()
    titles = ("A tiny compiler in Rust", "The adolescence of a technology", "Cats of the internet")
    for number, title in enumerate(titles):
        report = clustering.Report(number, title, date=DAY, publisher="Newest", body=footer)
        assert index.choose(report) is None
        index.add(number, report)


def test_one_address_under_which_an_outlet_lists_many_items_is_no_page_of_any():
    changes = "https://tool.example/changes"
    one = clustering.Report(0, "Tool 1.2 brings tabs", date=DAY, publisher="Tool", url=changes)
    two = clustering.Report(1, "Ninety new themes and a search", date=DAY, publisher="Tool", url=changes)
    retitled = clustering.Report(2, "Tool 1.2 brings tabs to all", date=DAY, publisher="Tool", url=changes)
    assert not is_one_page(Text.of(one), Text.of(two))
    assert is_one_page(Text.of(one), Text.of(retitled))


def test_a_series_of_one_outlet_grows_by_copies_alone():
    def episode(number, title, outlet="The Show"):
        return clustering.Report(number, title, date=DAY, publisher=outlet)

    title = "Commerce Department tightens export controls on AI chips sold to China"
    index = clustering.Index()
    for number in range(6):
        index.add("story", episode(number, title))
    again = "Commerce Department tightens its export controls on chips for China, and more"
    assert index.choose(episode(7, again, "Another")) is not None
    assert index.choose(episode(8, again)) is None
    assert index.choose(episode(9, title)) is not None


def test_one_outlets_items_of_one_manner_are_several_acts():
    one = "Mila and PolArctic announce partnership to advance AI-powered sea ice forecasting"
    other = "Mila and Anthropic announce partnership to advance AI research in Canada"
    assert not scoring.in_common(read(one, publisher="Mila"), read(other, 1, publisher="Mila"))
    again = "Mila and PolArctic announce partnership on AI-powered sea ice forecasting in Canada"
    assert scoring.in_common(read(one, publisher="Mila"), read(again, 1, publisher="Mila"))


def test_names_alone_join_nothing_of_one_outlet():
    product = read("Claude Fable 5 and Claude Mythos 5", publisher="Anthropic")
    order = "Statement on the US government directive to suspend access to Fable 5 and Mythos 5"
    assert not scoring.in_common(product, read(order, 1, publisher="Anthropic"))


def test_reasons_are_words_as_they_are_spelt_and_no_part_of_a_name():
    one = read("Nvidia wins approval to sell H200 chips after enabling remote checks")
    other = read("Enabling remote checks, Nvidia gets approval for H200 chips", 1)
    told = scoring.reasons(READER, one, other)
    assert {reason.value for reason in told if reason.kind == "word"} <= {
        "approval",
        "enabling",
        "remote",
        "checks",
    }
    assert not [reason for reason in told if reason.kind == "number"]
    chinese = read("美国商务部批准英伟达出售芯片"), read("英伟达出售芯片获美国商务部同意", 1)
    shared = {reason.value for reason in scoring.reasons(READER, *chinese) if reason.kind == "word"}
    assert shared == {"英伟达出售芯片", "美国商务部"}

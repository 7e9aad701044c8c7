"""What makes a story doubtful, and which acts its reports tell of when they are read once more."""

import datetime

from tracker import clustering

DAY = datetime.date(2026, 3, 2)
READER = clustering.default_scorer().reader
BAN = "US bans Nvidia from selling H20 chips to China"


def read(title, days=0, publisher="Harbour Wire", **more):
    day = DAY + datetime.timedelta(days)
    return READER.read(clustering.Report(title + publisher, title, date=day, publisher=publisher, **more))


def test_many_reports_of_one_outlet_or_days_between_them_are_looked_at_again():
    six = [read(f"{BAN}, part {number}") for number in range(6)]
    assert clustering.is_doubtful(six)
    assert not clustering.is_doubtful(six[:5])
    assert clustering.is_doubtful([read(BAN), read(BAN, 4, "The Strait Post")])
    assert not clustering.is_doubtful([read(BAN), read(BAN, 3, "The Strait Post")])
    assert not clustering.is_doubtful([read(f"{BAN} {number}", publisher="") for number in range(9)])


def test_a_series_of_one_outlet_is_as_many_acts_as_it_has_items():
    told = [
        read(f"Podcast: {guest} on artificial intelligence and markets", day)
        for day, guest in enumerate(
            ("a banker", "the senator", "two economists", "a pilot", "the judge", "nurses")
        )
    ]
    assert len(clustering.parted(told)) == 6
    weekly = [read("The week in artificial intelligence policy and law", 7 * week) for week in range(3)]
    assert len(clustering.parted(weekly)) == 3


def test_days_apart_stays_together_what_shares_a_deed_and_whom_it_is_about():
    other = read("Washington bans H20 chips from Nvidia for China", 5, "The Strait Post")
    assert clustering.parted([read(BAN), other]) == [[0, 1]]
    later = read("Nvidia sees demand for H20 chips in China", 5, "The Strait Post")
    assert clustering.parted([read(BAN), later]) == [[0], [1]]
    copy = read(BAN, 5, "The Strait Post")
    assert clustering.parted([read(BAN), later, copy]) == [[0, 2], [1]]


def test_what_is_alike_through_a_third_stays_together_and_no_report_is_lost():
    told = [
        read(BAN),
        read("Floods in Valencia", 1),
        read(BAN, 2, "The Strait Post"),
        read(BAN, 4, "Port News"),
    ]
    assert clustering.parted(told) == [[0, 2, 3], [1]]
    assert clustering.parted([]) == []

"""A report without a date finds its story too, and joins less easily."""

import dataclasses
import datetime

from tracker import clustering
from tracker.clustering import Report

KNOWN = Report(1, "US revokes Nvidia licences to export H20 chips to China", date=datetime.date(2026, 3, 2))
NEW = Report(2, "Nvidia loses China export licences for H20 chips", date=datetime.date(2026, 3, 3))


def chance(known, new):
    index = clustering.Index()
    index.add("licences", known)
    offers = index.offers(new)
    return offers[0].probability if offers else 0.0


def test_dates_near_each_other_are_evidence_and_none_is_not():
    undated = dataclasses.replace(NEW, date=None)
    assert 0 < chance(KNOWN, undated) < chance(KNOWN, NEW)


def test_an_undated_known_report_is_found_by_a_dated_one():
    assert chance(dataclasses.replace(KNOWN, date=None), NEW) > 0


def test_reasons_say_nothing_of_days_that_nobody_knows():
    index = clustering.Index()
    index.add("licences", KNOWN)
    because = index.offers(dataclasses.replace(NEW, date=None))[0].because
    assert because
    assert not any(reason.kind == "days" for reason in because)

"""Doors for Celery: each calls one room and may run again without harm."""

from celery import shared_task

from tracker import filing, grouping, log, monitoring, second_opinion, tagger_versions, triage


@shared_task
def file_articles():
    if log.may_write():
        triage.wake()
        filing.file_waiting()


@shared_task
def consult():
    second_opinion.consult()


@shared_task
def regroup():
    if log.may_write():
        grouping.recheck_all()
        grouping.regroup()


@shared_task
def retrain():
    tagger_versions.retrain()


@shared_task
def verify_record():
    log.sound_the_alarm()


@shared_task
def forget_texts():
    monitoring.forget_texts()


@shared_task
def forget_sessions():
    monitoring.forget_sessions()

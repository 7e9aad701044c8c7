"""Doors for Celery: each calls one room and may run again without harm."""

from celery import shared_task

from tracker import consulting, filing, regrouping, retention, training, triage


@shared_task
def file_articles():
    triage.wake()
    filing.file_waiting()


@shared_task
def consult():
    consulting.consult()


@shared_task
def regroup():
    regrouping.regroup()


@shared_task
def retrain():
    training.retrain()


@shared_task
def forget_texts():
    retention.forget_texts()

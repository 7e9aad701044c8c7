"""Doors for Celery: each calls one room and may run again without harm."""

from celery import shared_task

from tracker import filing, retention


@shared_task
def file_articles():
    filing.file_waiting()


@shared_task
def forget_texts():
    return retention.forget_texts()

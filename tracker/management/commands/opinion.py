"""`manage.py opinion < articles.jsonl`: what the outside model says of each, as it would be shown at the desk."""

import json

from django.core.management.base import BaseCommand, CommandError

from tracker import rows, second_opinion
from tracker.management.commands.tag import read


class Command(BaseCommand):
    help = (
        'Ask the endpoint of SECOND_OPINION_URL about articles: JSON Lines {"id","title","summary"?,"lang"?} in, '
        '{"id","model","relevant","assessments"} out, or {"id","trouble"} where there is no opinion. Answers are '
        "kept, so that the same article is asked about once; the day's budget holds here too."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", default="-", help="a file of JSON Lines; standard input without"
        )

    def handle(self, *args, file, **options):
        if not second_opinion.is_on():
            raise CommandError(
                "No second opinion is set up: set SECOND_OPINION_URL (http://…/v1) and SECOND_OPINION_MODEL."
            )
        try:
            articles = read(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except rows.BadFile as error:
            raise CommandError(f"{error}\nNothing was asked.") from error
        answers = []
        for article in articles:
            answers.append(answer(article))
            self.stdout.write(json.dumps(answers[-1], ensure_ascii=False))
            self.stdout.flush()
        if without := sum("trouble" in each for each in answers):
            raise CommandError(f"{without} of {len(answers)} articles got no opinion; each line says why.")


def answer(article):
    try:
        opinion = second_opinion.ask(article["title"], article["summary"] or "", article["lang"] or "")
    except second_opinion.NoOpinion as error:
        return {"id": article["id"], "trouble": str(error)}
    return {"id": article["id"]} | opinion.as_dict()

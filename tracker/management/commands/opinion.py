"""`manage.py opinion < articles.jsonl`: what the outside model says of each, as it would be shown at the desk;
`--labelled 200`: what it reaches on labelled pages."""

import json

from django.core.management.base import BaseCommand, CommandError

from tracker import rows, second_opinion
from tracker.management.commands.tag import read
from tracker.second_opinion import measuring


class Command(BaseCommand):
    help = (
        'Ask the endpoint of SECOND_OPINION_URL about articles: JSON Lines {"id","title","summary"?,"lang"?} in, '
        '{"id","model","relevant","assessments",…} out, or {"id","trouble"} where there is no opinion. With '
        "--labelled it is asked about pages whose codes are known, and its figures are printed. Answers are "
        "kept, so that the same article is asked about once; the budgets of day and month hold here too."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", default="-", help="a file of JSON Lines; standard input without"
        )
        parser.add_argument(
            "--labelled", type=int, metavar="N", help="measure it on N labelled pages instead"
        )
        parser.add_argument(
            "--prices",
            type=float,
            nargs=2,
            default=(0.0, 0.0),
            metavar=("READ", "WRITTEN"),
            help="with --labelled: what a million tokens read and written cost",
        )

    def handle(self, *args, file, labelled, prices, **options):
        if not second_opinion.is_on():
            raise CommandError(second_opinion.NOT_SET_UP)
        if labelled is not None:
            return self.measure(labelled, tuple(prices))
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
        return None

    def measure(self, number, prices):
        if number < 1:
            raise CommandError("--labelled: name how many pages, for instance 200.")
        try:
            measured = measuring.measure(measuring.drawn(number), self.progress)
        except second_opinion.NoOpinion as error:
            raise CommandError(
                f"{error}\nWhat was answered is kept: the same command goes on from there."
            ) from error
        for name, value in measuring.figures(measured, prices).items():
            self.stdout.write(f"{name:26} {value:10.3f}")
        if measured.troubles:
            self.stdout.write(f"The first trouble: {measured.troubles[0]}")

    def progress(self, done):
        if done % 20 == 0:
            self.stderr.write(f"{done} asked")


def answer(article):
    told = second_opinion.Told(
        article["title"],
        article["summary"] or "",
        publisher=article["publisher"] or "",
        language=article["lang"] or "",
    )
    try:
        opinion = second_opinion.ask(told)
    except second_opinion.NoOpinion as error:
        return {"id": article["id"], "trouble": str(error)}
    return {"id": article["id"]} | opinion.as_dict()

"""Asks an endpoint that speaks OpenAI's protocol, by OpenAI's own client: a company's service or a server in the house.

Servers differ in the form of answer they take. It is negotiated with the first question, from the strictest form to
plain text, and remembered for the endpoint and its model; so is what else of a question the server refuses. The law:
each answer has a time limit in all and a size limit, no redirect is followed, and what goes wrong is told in the
endpoint's own words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from tracker import model_servers
from tracker.models import AnswerForm
from tracker.second_opinion.questions import NoOpinion, Question, answer_schema, found_in

if TYPE_CHECKING:
    import openai

LARGEST = 200_000  # bytes of an answer
FORMS = ("json_schema", "json_object", "tool", "text")
TOOL = "code_the_report"
AT_ONCE = 4  # questions on their way at a time
RETRIES = 2  # of a question in a form that is known to be taken, for what passes: busy, overloaded
TOKENS = {"max_tokens": 1500}
MORE_TOKENS = {"max_completion_tokens": 6000}  # for models that think before they answer
REFUSABLE = ("max_tokens", "temperature")  # what some models take none of
LONGEST_WORDS = 240
# What a server says to a form that it does not take; some break instead of saying so.
_OTHER_FORM = (400, 415, 422, 500, 501)
_BAD_QUESTION = (400, 413, 422)


class Unreachable(NoOpinion):
    """The endpoint itself failed: whoever asks next will fare no better for a while."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an endpoint is asked: in which form it answers, and which parameters it refuses."""

    form: str
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one question: the object that the model answered, or why there is none.

    `status`: with which the endpoint refused the question, 0 where it took it; `refuses`: the parameters it named then.
    """

    raw: Any = None
    trouble: NoOpinion | None = None
    status: int = 0
    refuses: frozenset[str] = frozenset()
    requests: int = 1
    tokens_in: int = 0
    tokens_out: int = 0


def replies(questions: Sequence[Question]) -> list[Reply]:
    """One reply a question, several asked at a time; after the endpoint itself failed, no other is asked."""
    known = _remembered()
    found, manner = asyncio.run(_all(questions, known))
    if manner is not None and manner != known:
        _remember(manner)
    elif known and found and all(reply.status for reply in found):
        forget()  # a server that was changed since is asked anew how it takes questions
    return found


def forget() -> None:
    """The form is negotiated anew with the next question."""
    _row().delete()


def _row() -> Any:
    return AnswerForm.objects.filter(address=settings.SECOND_OPINION_URL, model=settings.SECOND_OPINION_MODEL)


def _remembered() -> Manner | None:
    row = _row().first()
    return Manner(row.form, frozenset(row.without)) if row and row.form in FORMS else None


def _remember(manner: Manner) -> None:
    AnswerForm.objects.update_or_create(
        address=settings.SECOND_OPINION_URL,
        model=settings.SECOND_OPINION_MODEL,
        defaults={"form": manner.form, "without": sorted(manner.without)},
    )


async def _all(questions: Sequence[Question], known: Manner | None) -> tuple[list[Reply], Manner | None]:
    async with _client() as client:
        manner: Manner | None = known
        found: list[Reply] = []
        while manner is None and len(found) < len(questions):
            reply, manner = await _negotiated(client, questions[len(found)])
            found.append(reply)
            if isinstance(reply.trouble, Unreachable):
                return found, None
        for start in range(len(found), len(questions), AT_ONCE):
            batch = questions[start : start + AT_ONCE]
            found += await asyncio.gather(*(_asked(client, one, manner) for one in batch if manner))
            if any(isinstance(reply.trouble, Unreachable) for reply in found):
                break
    return found, manner


async def _negotiated(client: openai.AsyncOpenAI, question: Question) -> tuple[Reply, Manner | None]:
    """The first form in which the endpoint answers with an object; None, and its first trouble, where it has none."""
    tried, without = Reply(requests=0), frozenset[str]()
    for form in FORMS:
        for _parameter in range(len(REFUSABLE) + 1):
            manner = Manner(form, without)
            reply = await _asked(client, question, manner, retries=0)
            tried = _after(tried, reply)
            if reply.trouble is None:
                return tried, manner
            if reply.status not in _OTHER_FORM and (reply.status or isinstance(reply.trouble, Unreachable)):
                return replace(tried, trouble=reply.trouble), None
            if not reply.refuses - without or reply.status not in _BAD_QUESTION:
                break
            without |= reply.refuses
    return tried, None


def _after(tried: Reply, reply: Reply) -> Reply:
    """What came of a question so far: the first trouble stands until there is an answer, costs add up."""
    return replace(
        reply,
        trouble=reply.trouble and (tried.trouble or reply.trouble),
        requests=tried.requests + reply.requests,
        tokens_in=tried.tokens_in + reply.tokens_in,
        tokens_out=tried.tokens_out + reply.tokens_out,
    )


async def _asked(
    client: openai.AsyncOpenAI, question: Question, manner: Manner, retries: int = RETRIES
) -> Reply:
    """What the endpoint makes of a question that is put in this manner."""
    import httpx2
    import openai

    seconds = settings.SECOND_OPINION_SECONDS
    # A server in the house asks for no key; the client sends one unless it is told not to, each time.
    without_key = model_servers.without_key(settings.SECOND_OPINION_KEY)
    try:
        async with asyncio.timeout(seconds):
            answer = await client.with_options(max_retries=retries).chat.completions.with_raw_response.create(
                **request(question, manner), extra_headers=without_key
            )
        body = json.loads(answer.content)
    except openai.APIStatusError as error:
        return Reply(trouble=_trouble(error), status=error.status_code, refuses=_refused_parameters(error))
    except (TimeoutError, openai.APITimeoutError):
        return Reply(trouble=Unreachable(f"The endpoint took longer than {seconds} seconds."))
    except model_servers.Unfit as trouble:
        return Reply(trouble=NoOpinion(str(trouble)))
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        reason = error.__cause__ or error
        if isinstance(reason, model_servers.Unfit):
            return Reply(trouble=NoOpinion(str(reason)))
        words = f"The endpoint could not be asked: {type(reason).__name__} {reason}"
        return Reply(trouble=Unreachable(words[:LONGEST_WORDS]))
    except (ValueError, RecursionError):
        return Reply(trouble=NoOpinion("The endpoint's answer is not the JSON that was asked for."))
    spent = body.get("usage") if isinstance(body, dict) else None
    read, written = _count(spent, "prompt_tokens"), _count(spent, "completion_tokens")
    try:
        return Reply(found_in(_content(body)), tokens_in=read, tokens_out=written)
    except NoOpinion as trouble:
        return Reply(trouble=trouble, tokens_in=read, tokens_out=written)


def request(question: Question, manner: Manner) -> dict[str, Any]:
    """What is sent: two messages, and the form of answer that is asked for."""
    schema = answer_schema()
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [
            {"role": "system", "content": question.instruction},
            {"role": "user", "content": question.report},
        ],
    }
    body |= MORE_TOKENS if "max_tokens" in manner.without else TOKENS
    body |= {} if "temperature" in manner.without else {"temperature": 0}
    if manner.form == "json_schema":
        named = {"name": "coding", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    elif manner.form == "json_object":
        body["response_format"] = {"type": "json_object", "schema": schema}
    elif manner.form == "tool":
        body["tools"] = [{"type": "function", "function": {"name": TOOL, "parameters": schema}}]
        body["tool_choice"] = {"type": "function", "function": {"name": TOOL}}
    return body


def _content(body: Any) -> str:
    """What the model said: the arguments of its call, or its words."""
    try:
        message = body["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        said = calls[0]["function"]["arguments"] if calls else message["content"]
    except (LookupError, TypeError, AttributeError):
        raise NoOpinion("The endpoint's answer is not the JSON that was asked for.") from None
    if not isinstance(said, str):
        raise NoOpinion("The endpoint's answer is empty.")
    return said


def _count(spent: Any, name: str) -> int:
    value = spent.get(name) if isinstance(spent, dict) else 0
    return value if isinstance(value, int) and 0 <= value < 10**7 else 0


def _trouble(error: openai.APIStatusError) -> NoOpinion:
    """A refusal in the endpoint's own words."""
    reason = error.response.reason_phrase
    words = f"The endpoint answered {error.status_code} {reason}: {model_servers.own_words(error)}".rstrip(
        ": "
    )
    kind = NoOpinion if error.status_code in _BAD_QUESTION else Unreachable
    return kind(words[:LONGEST_WORDS])


def _refused_parameters(error: openai.APIStatusError) -> frozenset[str]:
    words = model_servers.own_words(error)
    return frozenset(name for name in REFUSABLE if name in words)


def _client() -> openai.AsyncOpenAI:
    return model_servers.client(
        settings.SECOND_OPINION_URL, settings.SECOND_OPINION_KEY, settings.SECOND_OPINION_SECONDS, LARGEST
    )

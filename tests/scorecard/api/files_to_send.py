"""Schemathesis learns to send files of lines: the text as it is. Named by SCHEMATHESIS_HOOKS."""

import schemathesis


@schemathesis.serializer("application/jsonl", "text/csv")
def as_it_is(_context, value):
    return value.encode("utf-8", "replace") if isinstance(value, str) else str(value).encode()

"""What the description of the API promises, in short, and what of a promise is broken by a newer one.

    python -m tests.scorecard.api.contract > tests/scorecard/api/released.json

writes the promise of the present description: once for each release, when it is made, and never to make a test pass.
"""

import json
import sys

DEPTH = 6


def promise(document):
    """operation → its address, its parameters, what its body takes and what its answers give."""
    found = {}
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = {
                each["name"]: {"needed": each.get("required", False), **shape(each["schema"], document)}
                for each in operation.get("parameters", ())
            }
            body = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            )
            answers = {
                code: dict(fields(content["schema"], document))
                for code, answer in operation["responses"].items()
                for kind, content in answer.get("content", {}).items()
                if code.startswith("2") and kind == "application/json"
            }
            found[operation["operationId"]] = {
                "at": f"{method.upper()} {address}",
                "parameters": parameters,
                "takes": dict(fields(body, document)) if body else {},
                "gives": answers,
            }
    return found


def resolved(schema, document):
    """A shape without references, as far as one step goes."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif len(schema.get("allOf", ())) == 1:
            schema = {
                **{name: each for name, each in schema.items() if name != "allOf"},
                **schema["allOf"][0],
            }
        elif "oneOf" in schema and any(each.get("type") != "null" for each in schema["oneOf"]):
            schema = next(each for each in schema["oneOf"] if each.get("type") != "null")
        else:
            return schema


def shape(schema, document):
    """The kind of a value, and the values themselves where they are listed."""
    schema = resolved(schema, document)
    kind = schema.get("type", "any")
    kind = next((each for each in kind if each != "null"), "any") if isinstance(kind, list) else kind
    if kind == "array":
        inner = shape(schema["items"], document)
        return {"kind": f"list of {inner['kind']}", **({"of": inner["of"]} if "of" in inner else {})}
    values = [value for value in schema.get("enum", ()) if value is not None]
    return {"kind": kind, **({"of": sorted(values, key=str)} if values else {})}


def fields(schema, document, path="", depth=0):
    """(path, kind) of every field, and whether it is always there."""
    schema = resolved(schema, document)
    if "items" in schema:
        yield from fields(schema["items"], document, f"{path}[]", depth)
        return
    if depth > DEPTH:
        return
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and more:
        yield from fields(more, document, f"{path}{{}}", depth + 1)
    for name, each in schema.get("properties", {}).items():
        place = f"{path}.{name}".lstrip(".")
        yield place, {"needed": name in schema.get("required", ()), **shape(each, document)}
        yield from fields(each, document, place, depth + 1)


def broken(old, new):
    """What a reader or writer of the old promise would stumble over, a line each."""
    for name, was in old.items():
        now = new.get(name)
        if now is None or now["at"] != was["at"]:
            yield f"{name}: {was['at']} is gone"
            continue
        for part in ("parameters", "takes"):
            yield from _taken(f"{name} {part}", was[part], now[part])
        for code, gave in was["gives"].items():
            yield from _given(f"{name} {code}", gave, now["gives"].get(code, {}))


def _taken(place, was, now):
    """What could be sent can still be sent, and nothing more must be."""
    for field, shape_ in was.items():
        if field not in now:
            yield f"{place}: {field} is not taken any more"
        elif now[field]["kind"] != shape_["kind"]:
            yield f"{place}: {field} was {shape_['kind']} and is {now[field]['kind']}"
        elif "of" in now[field] and not set(map(str, shape_.get("of", ()))) <= set(
            map(str, now[field]["of"])
        ):
            yield f"{place}: {field} takes fewer values"
        elif "of" in now[field] and "of" not in shape_:
            yield f"{place}: {field} was free and takes listed values alone"
    for field, shape_ in now.items():
        if shape_["needed"] and not was.get(field, {"needed": False})["needed"]:
            inside = field.rpartition(".")[0]
            if not inside or inside in was:
                yield f"{place}: {field} must be sent now"


def _given(place, was, now):
    """What was given is still given, of the same kind."""
    for field, shape_ in was.items():
        if field not in now:
            yield f"{place}: {field} is not given any more"
        elif now[field]["kind"] != shape_["kind"]:
            yield f"{place}: {field} was {shape_['kind']} and is {now[field]['kind']}"
        elif shape_["needed"] and not now[field]["needed"]:
            yield f"{place}: {field} may be missing now"


if __name__ == "__main__":
    import django

    django.setup()
    from scorecard.api import schema

    json.dump(
        promise(schema.document()), sys.stdout, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    print()

"""Probes made from the service model: for each member of each operation its boundaries, its enum
values, its absence, and what lies just outside; each answer held against the model's shapes."""

import copy
import http.client
import itertools
import json
import pathlib
import urllib.parse
from dataclasses import dataclass

MODEL = json.loads(
    (pathlib.Path(__file__).parent.parent / "model" / "servicecatalog.json").read_text()
)
OVERLAY = json.loads(
    (pathlib.Path(__file__).parent.parent / "model" / "overlay.json").read_text()
)
OPERATIONS = MODEL["operations"]
SHAPES = MODEL["shapes"]
TARGET = MODEL["metadata"]["targetPrefix"]

NOTHING = object()


class Wire:
    """One account's requests as bare HTTP, as no SDK would let them out."""

    def __init__(self, server, account, region="us-east-1"):
        url = urllib.parse.urlsplit(server.url)
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        self.account = account
        self.credential = f"{account}/20260101/{region}/servicecatalog/aws4_request"

    def call(self, operation, input):
        """The status and the answer."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{TARGET}.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.credential}, "
            "SignedHeaders=host, Signature=00",
        }
        self.connection.request("POST", "/", json.dumps(input).encode(), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def does(self, operation, **input):
        status, answer = self.call(operation, input)
        assert status == 200, (operation, input, answer)
        return answer


@dataclass(frozen=True)
class Probe:
    """An input that differs from an ordinary one in a single thing."""

    name: str
    input: dict
    # "answered", "accepted", "invalid" or "malformed".
    expected: str
    # The member that the refusal must name.
    member: str = ""


def shape_of(name):
    return SHAPES[name]


def text_of(shape, length):
    """A text of this length that the shape's pattern allows."""
    pattern = shape.get("pattern", "")
    prefixes = {
        "^[0-9]{12}$": "123456789012",
        "role": "arn:aws:iam::123456789012:role/",
        "codestar": "arn:aws:codestar-connections:us-east-1:123456789012:",
        "arn:": "arn:aws:sns:us-east-1:123456789012:",
    }
    if pattern == "^[0-9]{12}$":
        return prefixes[pattern]
    if "organizations" in pattern:
        return "o-abcdefghij"
    prefix = next((start for part, start in prefixes.items() if part in pattern), "")
    if pattern.startswith("[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}|"):
        prefix = "arn:aws:sns:us-east-1:123456789012:"
    # The patterns of ARNs leave less room for the resource than the longest ARN has.
    longest = len(prefix) + 1024 if prefix else length
    wanted = min(length, longest)
    return (prefix + "a" * wanted)[:wanted] if wanted > len(prefix) else prefix + "a"


def bad_text(shape):
    """A text that the shape's pattern forbids, or `NOTHING`."""
    pattern = shape.get("pattern")
    if not pattern:
        return NOTHING
    if "\\u0009" in pattern:
        return "\u0000"
    return "a\u0007é;<"


def sample(name, shape, known):
    """An ordinary value for a member; `known` holds ids by member and by shape."""
    for key in (name, None):
        if key is not None and key in known:
            return copy.deepcopy(known[key])
    kind = shape["type"]
    if kind == "structure":
        members = shape.get("members", {})
        required = set(shape.get("required", members))
        return {
            member: sample(member, shape_of(of["shape"]), known)
            for member, of in members.items()
            if member in required
        }
    if kind == "list":
        return [sample(None, shape_of(shape["member"]["shape"]), known)]
    if kind == "map":
        key = sample(None, shape_of(shape["key"]["shape"]), known)
        return {key: sample(None, shape_of(shape["value"]["shape"]), known)}
    if kind == "boolean":
        return True
    if kind == "integer":
        return max(shape.get("min", 1), 1)
    if kind == "timestamp":
        return 1_768_464_000
    if "enum" in shape:
        return shape["enum"][0]
    return text_of(shape, max(shape.get("min", 1), 3))


def camel(name):
    return name[0].lower() + name[1:]


def values(shape, ordinary):
    """Pairs of what is allowed and what is not: (name, value, is it allowed)."""
    kind = shape["type"]
    low, high = shape.get("min"), shape.get("max")
    if kind == "string":
        if "enum" in shape:
            for value in shape["enum"]:
                yield f"enum {value}", value, True
            yield "no enum value", "NOSUCHVALUE", False
            return
        fits = "pattern" not in shape or "organizations" not in shape["pattern"]
        if high is not None and fits and shape.get("pattern") != "^[0-9]{12}$":
            yield "longest", text_of(shape, high), True
            yield "too long", text_of(shape, high) + "a" * (high + 1), False
        if low:
            yield "too short", "", False
            if "pattern" not in shape:
                yield "shortest", "a" * low, True
        if (bad := bad_text(shape)) is not NOTHING:
            yield "against the pattern", bad, False
    elif kind == "integer":
        for bound, beyond, name in ((low, -1, "least"), (high, 1, "most")):
            if bound is not None:
                yield name, bound, True
                yield f"beyond the {name}", bound + beyond, False
    elif kind in ("list", "map"):
        many = _many(shape, ordinary)
        keys = shape_of(shape["key"]["shape"]).get("enum") if kind == "map" else None
        if high is not None and high <= 200 and not (keys and len(keys) <= high):
            yield "most", many(high), True
            yield "too many", many(high + 1), False
        if low:
            yield "too few", many(low - 1), False


def _many(shape, ordinary):
    """Makes a list or map of so many parts out of an ordinary one."""
    if shape["type"] == "list":
        first = (ordinary or [None])[0]

        def part(number):
            if isinstance(first, dict) and "Key" in first:
                return first | {"Key": f"key{number}"}
            if isinstance(first, str) and "enum" not in shape_of(shape["member"]["shape"]):
                return f"{first}{number}"[:100] if not first.isdigit() else first
            return copy.deepcopy(first)

        return lambda count: [part(number) for number in range(count)]
    key_shape = shape_of(shape["key"]["shape"])
    value = next(iter((ordinary or {"": "x"}).values()))

    def keys(count):
        if "enum" in key_shape:
            return itertools.islice(itertools.cycle(key_shape["enum"]), count)
        return (f"key{number}" for number in range(count))

    return lambda count: {key: copy.deepcopy(value) for key in keys(count)}


WRONG_TYPES = {
    "string": {"not": "text"},
    "integer": "many",
    "boolean": "perhaps",
    "list": "one",
    "map": ["one"],
    "structure": "one",
    "timestamp": {"not": "a time"},
}


def with_value(input, path, value):
    """A copy of the input with the value at the path; `NOTHING` removes it."""
    changed = copy.deepcopy(input)
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is NOTHING:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    return changed


def probes(operation, base, known):
    """All probes of an operation. `base` is an ordinary input with the required members only."""
    yield Probe("plain", base, "answered")
    shape = shape_of(OPERATIONS[operation]["input"]["shape"])
    yield from _of_structure(shape, base, (), known)


def _of_structure(shape, input, path, known):
    here = input
    for step in path:
        here = here[step]
    for member, of in shape.get("members", {}).items():
        member_shape = shape_of(of["shape"])
        at = (*path, member)
        name = ".".join(str(step) for step in at)
        told = camel(member)
        required = member in shape.get("required", ())
        ordinary = here.get(member, NOTHING) if isinstance(here, dict) else NOTHING
        if ordinary is NOTHING:
            ordinary = sample(member, member_shape, known)
        there = with_value(input, at, ordinary)
        if required:
            removed = with_value(input, at, NOTHING)
            # The SDKs fill tokens in; a hand-made request without one is refused like any other.
            yield Probe(f"{name}: absent", removed, "invalid", told)
        elif member not in here:
            yield Probe(f"{name}: alone", there, "accepted")
        wrong = WRONG_TYPES[member_shape["type"]]
        yield Probe(f"{name}: of another type", with_value(there, at, wrong), "malformed")
        for case, value, allowed in values(member_shape, ordinary):
            expected = "accepted" if allowed else "invalid"
            yield Probe(f"{name}: {case}", with_value(there, at, value), expected, told)
        if member_shape["type"] == "structure":
            yield from _of_structure(member_shape, there, at, known)
        elif member_shape["type"] == "list" and ordinary:
            item = shape_of(member_shape["member"]["shape"])
            if item["type"] == "structure":
                yield from _of_structure(item, there, (*at, 0), known)


def verdict(operation, probe, status, answer):
    """None if the answer is as the model has it, else what is wrong."""
    declared = {error["shape"] for error in OPERATIONS[operation].get("errors", ())}
    code = answer.get("__type") if status != 200 else None
    message = answer.get("message") or answer.get("Message") or ""
    if probe.expected == "answered" and status != 200:
        return f"{status} {code}: {message}"
    if probe.expected in ("answered", "accepted"):
        if status == 200:
            output = OPERATIONS[operation].get("output")
            return misfit(answer, shape_of(output["shape"]), operation) if output else None
        return None if code in declared else f"{status} {code}: {message}"
    wanted = {"invalid": "ValidationException", "malformed": "SerializationException"}
    if (status, code) != (400, wanted[probe.expected]):
        return f"{status} {code}: {message}"
    if probe.expected == "invalid" and probe.member not in message:
        return f"{probe.member} is not named: {message}"
    return None


def allowed_values(name, shape):
    more = [one["add_values"] for one in OVERLAY["corrections"] if one["shape"] == name]
    return set(shape["enum"]).union(*more)


def misfit(value, shape, at, name=""):
    """Where an answer is not of the model's shape, or None."""
    kind = shape["type"]
    types = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "list": list,
        "map": dict,
        "structure": dict,
        "timestamp": (int, float),
    }
    if not isinstance(value, types[kind]):
        return f"{at}: {value!r} is no {kind}"
    if "enum" in shape and value not in allowed_values(name, shape):
        return f"{at}: {value!r} is no value of the model"
    parts = []
    if kind == "structure":
        unknown = set(value) - set(shape.get("members", {}))
        if unknown:
            return f"{at}: the model has no {sorted(unknown)}"
        parts = [(member, part, shape.get("members", {})[member]) for member, part in value.items()]
    elif kind == "list":
        parts = [(number, part, shape["member"]) for number, part in enumerate(value)]
    elif kind == "map":
        parts = [(key, part, shape["value"]) for key, part in value.items()]
    found = (misfit(part, shape_of(of["shape"]), f"{at}.{key}", of["shape"]) for key, part, of in parts)
    return next((wrong for wrong in found if wrong), None)

"""The API's description of itself: words, tags by who uses what, problems, request bodies.

It decides what stands in ``/openapi.json`` beside the routes. Examples are well-formed, so that a tool
that sends them gets an answer from us, not from its parser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from rakkan.api.examples import answer_example
from rakkan.api.problems import MEDIA_TYPE
from rakkan.api.shapes import ProblemShape

TITLE: Final = "Rakkan"
SUMMARY: Final = "Content provenance and consent registry"
ABOUT: Final = """\
Reading is anonymous and open to every origin; writing needs a bearer token, except for withdrawals,
whose proof is their right, and for a few consents an hour that wallets sign. Every error is `application/problem+json` with a stable `code`; answers fail
closed: only `allowed`, `pass` and `approved` say yes, and what could not be asked is `undetermined`.
A signature shows control of a key, not authorship.
"""
ARTISTS, COLLECTORS, COMMUNITIES, CRAWLERS, EVERYBODY, OPERATORS = (
    "artists",
    "collectors",
    "communities",
    "crawlers and trainers",
    "everybody",
    "operators",
)
TAGS: Final = [
    {"name": ARTISTS, "description": "Register works, give and withdraw consent."},
    {"name": COLLECTORS, "description": "Verify a picture, follow its lineage, take the evidence along."},
    {
        "name": COMMUNITIES,
        "description": "Verdicts about datasets under a policy; models, and what they were trained on.",
    },
    {"name": CRAWLERS, "description": "Whether a use is allowed, cheaply."},
    {"name": EVERYBODY, "description": "The log, its proofs, and what problems mean."},
    {"name": OPERATORS, "description": "Whether this server lives and can serve."},
]

SHA256: Final = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CID: Final = "baguqeerasords4njcts6vs7qvdjfcvgnume4hqohf65zsfguprqphs3icwea"
ROOT: Final = "datasetRoot:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

MODEL: Final = "autov3:308239338b8a56d00b656361216d42901f702bc5edc1b38d642d14d4cad334a7"

_WORDS: Final = {
    400: "The body cannot be read.",
    401: "No token, or one that is not known here.",
    403: "A proof or a right is missing.",
    404: "Nothing public is known here under that name.",
    408: "The body came too slowly.",
    409: "It contradicts what is recorded.",
    413: "The body is too large.",
    415: "The media type is not taken here.",
    422: "Something is malformed; `errors[].pointer` says what.",
    429: "More was asked than is given in a while; `Retry-After` says when to try again.",
    503: "Something behind this server does not answer; try again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route can answer with."""
    return {
        status: {"description": _WORDS[status], "model": ProblemShape, "content": {MEDIA_TYPE: {}}}
        for status in statuses
    }


def json_body(shapes: Mapping[str, type[BaseModel]], examples: Mapping[str, Any]) -> dict[str, Any]:
    """``openapi_extra`` for a route that reads JSON by our own strict parser."""
    schemas = [_whole(shape.model_json_schema()) for shape in shapes.values()]
    content = {
        "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
        "examples": {name: {"value": value} for name, value in examples.items()},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references to parts of its own, which lead nowhere inside a larger document."""
    parts = schema.pop("$defs", {})

    def filled(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix("#/$defs/")
            rest = {key: filled(each) for key, each in value.items() if key != "$ref"}
            return {**filled(parts[name]), **rest} if name in parts else rest
        return [filled(each) for each in value] if isinstance(value, list) else value

    whole: dict[str, Any] = filled(schema)
    return whole


def raw_answer(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    """A 200 of bytes."""
    schema = {"type": "string", "contentMediaType": media_type}
    return {200: {"description": what, "content": {media_type: {"schema": schema}}}}


def tidy(document: dict[str, Any]) -> dict[str, Any]:
    """Make the framework's own 422 one of ours, name the problems' media type alone, add examples of answers.

    Args:
        document: As FastAPI made it; changed in place.
    """
    reference = {"$ref": "#/components/schemas/ProblemShape"}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status[0] in "45":
                    response["description"] = _WORDS.get(int(status), response["description"])
                    response["content"] = {MEDIA_TYPE: {"schema": reference}}
                elif "application/json" in response.get("content", {}):
                    example = answer_example(operation["operationId"])
                    response["content"]["application/json"]["example"] = example
    schemas = document.get("components", {}).get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document

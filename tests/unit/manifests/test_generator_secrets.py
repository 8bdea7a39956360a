"""Secrets in generator records: found, named, never repeated."""

from __future__ import annotations

import json
import random
import time

import pytest

from rakkan.manifests.container import Text
from rakkan.manifests.generator.secrets import MAX_FINDINGS, SecretFinding, secrets_in

FORTY = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5kL7n"
SECRETS = [
    ("hugging-face-token", f"hf_{FORTY}"),
    ("api-key", f"sk-proj-{FORTY}"),
    ("github-token", f"ghp_{FORTY}"),
    ("github-token", f"github_pat_{FORTY}"),
    ("aws-key", "AKIAIOSFODNN7EXAMPLE"),
    ("google-key", "AIza" + FORTY[:35]),
    ("slack-token", "xoxb-1234567890-abcdef"),
    ("json-web-token", f"eyJhbGciOiJIUzI1NiJ9.{FORTY}.{FORTY}"),
    ("bearer-token", f"Bearer {FORTY}"),
    ("private-key", "-----BEGIN EC PRIVATE KEY-----"),
    ("named-secret", f"api_key={FORTY}"),
    ("named-secret", 'password: "correct4horse7battery"'),
    ("home-folder", "/home/adalovelace/ComfyUI/output"),
    ("home-folder", "/Users/adalovelace/Pictures"),
    ("home-folder", "C:\\Users\\adalovelace\\x.png"),
    ("home-folder", "D:/Users/adalovelace/x.png"),
    ("home-folder", "/mnt/c/Users/adalovelace/x"),
    ("password-in-url", "https://ada:hunter2secret@host.example/x"),
    ("e-mail", "adalovelace@example.org"),
]


def found(text: str) -> tuple[SecretFinding, ...]:
    return secrets_in([Text("PNG", "workflow", text)])


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
@pytest.mark.parametrize("frame", ["{}", "see {} there", '"{}"', "x\n{}\n", "({})"])
def test_found_and_masked(kind: str, secret: str, frame: str) -> None:
    findings = [each for each in found(frame.replace("{}", secret)) if each.kind == kind]
    assert len(findings) == 1
    assert findings[0].where == "PNG workflow"
    for private in (FORTY[6:], "IOSFODNN7EXAMPLE", "dalovelace", "hunter2", "horse", "1234567890"):
        assert private not in findings[0].excerpt


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_found_inside_json_inside_json(kind: str, secret: str) -> None:
    once = json.dumps({"a": f"first\n{secret}\tlast"})
    assert kind in {each.kind for each in found(once)}
    assert kind in {each.kind for each in found(json.dumps({"prompt": once}))}


@pytest.mark.parametrize(
    "harmless",
    [
        "a photograph of a shark in the sea, 8k, masterpiece",
        "hf_short sk-learn ghp_x",
        "https://example.org/home/ada and example.org/Users/list",
        "icon@2x.png, model@v2.safetensors",
        "<lora:home/ink:0.5>, token_normalization: none, secretary: a person at work",
        '{"seed": 193694018275622, "token": ["12", 0], "text_encoder": "t5xxl"}',
        "sha256:" + "ab" * 32,
        "C:\\ComfyUI\\output",
        "eyJustAWordWithoutDots",
        "the password is unknown",
    ],
)
def test_ordinary_words_are_left_alone(harmless: str) -> None:
    assert found(harmless) == ()


def test_equal_findings_count_once_and_all_are_bounded() -> None:
    assert len(found("/home/ada/x " * 500)) == 1
    many = " ".join(f"/home/{chr(97 + i % 26)}x y{i}@{chr(97 + i // 26)}.example" for i in range(600))
    assert len(found(many)) <= MAX_FINDINGS


def test_places_are_printable() -> None:
    finding = secrets_in([Text("PNG", "\x1b[31m\u202e", "/home/ada/")])[0]
    assert finding.where.isprintable()


PIECES = [
    "hf_",
    "sk-",
    "eyJ",
    ".",
    "-",
    "_",
    "a",
    "B",
    "9",
    "/home/",
    "\\",
    "C:\\Users\\",
    "://",
    ":",
    "@",
    "token=",
    "Bearer ",
    " ",
    '"',
    "+",
]


@pytest.mark.parametrize(
    "piece", [*PIECES, "eyJa.", "a@a.", "://a:", "token:", "xoxb-", "-----BEGIN A", "a.b", "AKIA"]
)
def test_time_is_linear_in_the_text(piece: str) -> None:
    """A pattern that backtracks takes minutes here."""
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    found(text)
    assert time.process_time() - start < 3


def test_time_is_linear_in_mixtures() -> None:
    source = random.Random(1)
    for _ in range(5):
        text = "".join(source.choice(PIECES) for _ in range(200_000))
        start = time.process_time()
        found(text)
        assert time.process_time() - start < 3

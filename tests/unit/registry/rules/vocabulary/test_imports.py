"""Foreign documents as they are found, spelled right, wrong and with malice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rakkan.registry.rules.vocabulary.catalogue import vocabulary
from rakkan.registry.rules.vocabulary.model import MAX_DOCUMENT, Imported
from rakkan.registry.rules.vocabulary.structured import dictionary
from rakkan.schemas.errors import Invalid
from tests.unit.registry.rules.vocabulary.sayings import FOUR, D, G, T, U, saying

NO, LIMITED = "notAllowed", "constrained"
ALL = dict.fromkeys(FOUR, NO)
RSL = '<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"><license>{licence}</license></content></rsl>'


def read(name: str, document: Any) -> Imported:
    content = (
        document
        if isinstance(document, bytes)
        else document.encode()
        if isinstance(document, str)
        else json.dumps(document).encode()
    )
    return vocabulary(name).import_(content)


def uses(imported: Imported) -> dict[str, dict[str, str]]:
    return {
        each.about: {scope: use.value for scope, use in each.uses.items()} for each in imported.reservations
    }


def keys(losses: Any) -> set[str]:
    return {each.key for each in losses}


def entry(use: str, **more: str) -> dict[str, str]:
    return {"use": use, **more}


@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        ("cawg", {"entries": {G: entry(NO)}}, {"": {G: NO}}),
        ("cawg", {"entries": {G: entry(LIMITED, constraint_info="ask")}}, {"": {G: LIMITED}}),
        ("cawg", {"entries": {G: entry(LIMITED, constraints_info="ask")}}, {"": {G: LIMITED}}),
        ("cawg", {"label": "cawg.training-mining", "data": {"entries": {T: entry(NO)}}}, {"": {T: NO}}),
        ("cawg", {"entries": {"c2pa.ai_training": entry(NO), T: entry("allowed")}}, {"": {T: NO}}),
        ("cawg", {"entries": {"c2pa.ai_training": entry(NO), T: entry(LIMITED)}}, {"": {T: NO}}),
        ("cawg", {"entries": {G: entry("banana")}}, {"": {G: NO}}),
        ("cawg", {"entries": {"com.example.x": entry(NO), "Not A Name": entry(NO)}}, {"": {"com.example.x": NO}}),
        ("cawg", {"entries": {G: entry("allowed")}}, {}),
        ("aipref", "train-ai=n", {"": {G: NO}}),
        ("aipref", "Content-Usage: train-ai=n\nContent-Usage: search=y\n", {"": {G: NO}}),
        ("aipref", "content-usage: train-ai=n;exceptions=x", {"": {G: NO}}),
        ("aipref", "train-ai=n, train-ai=y", {"": {G: NO}}),
        ("aipref", 'train-ai=y, train-ai="n"', {}),
        ("aipref", "train-ai, search=n", {}),
        ("aipref", "all=n", {}),
        ("aipref", "", {}),
        ("aipref-05", "train-ai=n", {"": {G: NO}}),
        ("aipref-02", "train-ai=n", {"": {G: NO, T: NO}}),
        ("aipref-02", "train-ai=n, train-genai=y", {"": {T: NO}}),
        ("aipref-02", "all=n", {"": ALL}),
        ("aipref-02", "all=n, ai-use=y, search=y", {"": {D: NO, G: NO, T: NO}}),
        ("aipref-02", "all=y, train-genai=n", {"": {G: NO}}),
        ("tdmai", {"iscc": "ISCC:K", "all": "false", "ai-use": "true"}, {"ISCC:K": {D: NO, G: NO, T: NO}}),
        ("tdmai", {"iscc": "ISCC:K", "all": "true", "train-genai": "false"}, {"ISCC:K": {G: NO}}),
        ("tdmai", {"iscc": "ISCC:K", "train-genai": "maybe"}, {"ISCC:K": {G: NO}}),
        ("rsl", RSL.format(url="/a", licence='<prohibits type="usage">ai-train</prohibits>'), {"/a": {G: NO, T: NO}}),
        ("rsl", RSL.format(url="/a", licence="<prohibits>train-ai</prohibits>"), {"/a": {G: NO, T: NO}}),
        ("rsl", RSL.format(url="/a", licence='<prohibits type="usage">search ai-input</prohibits>'), {"/a": {U: NO}}),
        ("rsl", RSL.format(url="/a", licence='<prohibits type="usage">all</prohibits>'), {"/a": ALL}),
        ("rsl", RSL.format(url="/a", licence='<permits type="usage">ai-train</permits>'), {}),
        ("iptc", "DMI-PROHIBITED-GENAIMLTRAINING", {"": {G: NO}}),
        ("iptc", "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING", {"": {G: NO, T: NO}}),
        ("iptc", {"plus:DataMining": "DMI-PROHIBITED"}, {"": ALL}),
        ("iptc", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", {"": ALL}),
        ("iptc", "DMI-PROHIBITED-SEECONSTRAINT", {"": dict.fromkeys(FOUR, LIMITED)}),
        ("iptc", "DMI-SOMETHING-NEW", {"": ALL}),
        ("iptc", "DMI-ALLOWED", {}),
        ("iptc", "DMI-UNSPECIFIED", {}),
        ("tdmrep", [{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://x/p"}], {"/": {D: NO, G: NO, T: NO}}),
        ("tdmrep", {"tdm-reservation": 1}, {"": {D: NO, G: NO, T: NO}}),
        ("tdmrep", [{"location": "/", "tdm-reservation": 0}], {}),
        ("tdmrep", [{"location": "/", "tdm-reservation": True}], {"/": {D: NO, G: NO, T: NO}}),
        ("tdmrep", [{"location": "/", "tdm-reservation": False}], {"/": {D: NO, G: NO, T: NO}}),
        ("tdmrep-header", "TDM-Reservation: 1\ntdm-policy: https://x/p\n", {"": {D: NO, G: NO, T: NO}}),
        ("tdmrep-header", "tdm-reservation: 0\ntdm-reservation: 1\n", {"": {D: NO, G: NO, T: NO}}),
        ("tdmrep-header", "tdm-reservation: 0", {}),
        ("odrl", {"@type": "Offer", "prohibition": {"action": "tdm:mine", "target": "https://x/"}}, {"https://x/": {D: NO, G: NO, T: NO}}),
        ("odrl", {"@type": "odrl:Set", "prohibition": [{"action": "use", "target": "a"}]}, {"a": ALL}),
        ("odrl", {"type": "Set", "prohibition": [{"action": ["play"], "target": "a"}]}, {}),
        ("odrl", {"@type": "Offer", "permission": [{"action": "use", "target": "a"}]}, {}),
        ("erc7517", {"dataMiningPreference": {"aiTraining": NO}}, {"": {G: NO, T: NO}}),
        ("erc7517", {"aiTraining": NO, "aiGenerativeTraining": "allowed"}, {"": {T: NO}}),
        ("erc7517", {"aiInference": LIMITED, "dataMining": "allowed"}, {"": {U: LIMITED}}),
        ("erc7517", {"aiGenerativeTrainingWithAuthorship": NO}, {"": {G: NO}}),
        ("erc7517", {"dataMining": "constraint"}, {"": {D: NO}}),
        ("spawning", "https://x/1.png\n# note\n\nsha256:aa\n", {"https://x/1.png": {G: NO, T: NO}, "sha256:aa": {G: NO, T: NO}}),
        ("spawning", {"urls": [{"url": "u", "optOut": True}, {"url": "v", "optOut": False}]}, {"u": {G: NO, T: NO}}),
        ("spawning", {"urls": [{"url": "u", "optOut": None}]}, {"u": {G: NO, T: NO}}),
    ],
)  # fmt: skip
def test_what_is_reserved(name: str, document: Any, expected: dict[str, dict[str, str]]) -> None:
    imported = read(name, document)
    assert uses(imported) == expected


@pytest.mark.parametrize(
    ("name", "document", "unheld", "widened"),
    [
        ("cawg", {"entries": {G: entry("allowed")}}, {G}, set()),
        ("cawg", {"entries": {G: entry("banana", why="x")}, "metadata": 1}, {f"{G}.why", "metadata"}, {G}),
        ("aipref", "train-ai=y, bots=n, search=n;p", {"train-ai", "bots", "search", "search;p"}, set()),
        ("aipref-05", "train-ai=n", set(), {"train-ai"}),
        ("rsl", RSL.format(url="/", licence='<permits type="usage">search</permits><payment type="crawl"/>'), {"permits usage", "payment crawl"}, set()),
        ("rsl", RSL.format(url="/", licence='<prohibits type="usage">ai-train fly</prohibits><prohibits type="geo">US</prohibits>'), {"prohibits fly", "prohibits geo"}, {"prohibits"}),
        ("iptc", {"plus:DataMining": "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR", "x": 1}, {"DMI-PROHIBITED-SEELINKEDRIGHTSEXPR", "x"}, set()),
        ("odrl", {"@type": "Offer", "permission": [{}], "obligation": [], "prohibition": [{"action": "use", "constraint": []}]}, {"permission", "obligation"}, {"constraint"}),
        ("tdmrep", [{"location": "/", "tdm-reservation": 2, "tdm-policy": "p"}], {"tdm-policy"}, {"tdm-reservation"}),
    ],
)  # fmt: skip
def test_losses_are_named(name: str, document: Any, unheld: set[str], widened: set[str]) -> None:
    report = read(name, document).report
    assert (keys(report.unheld), keys(report.widened)) == (unheld, widened)
    assert report.narrowed == report.unsaid == ()
    assert set(report.to_json()) == {"vocabulary", "version", "unsaid", "unheld", "narrowed", "widened"}


BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rsl>&b;</rsl>'
EXTERNAL = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rsl>&x;</rsl>'


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("rsl", BOMB),
        ("rsl", EXTERNAL),
        ("rsl", '<!DOCTYPE rsl SYSTEM "http://127.0.0.1/x.dtd"><rsl xmlns="https://rslstandard.org/rsl"/>'),
        ("rsl", '<?xml-stylesheet href="x"?><rsl xmlns="https://rslstandard.org/rsl"/>'),
        ("rsl", "<a>" * 100 + "</a>" * 100),
        ("rsl", "<rsl xmlns='https://rslstandard.org/rsl'>" + "<content url='/'/>" * 25_000 + "</rsl>"),
        ("rsl", "<rsl/>"),
        ("rsl", "<rsl>&undefined;</rsl>"),
        ("rsl", "<rsl xmlns='https://rslstandard.org/rsl'><content/></rsl>"),
        ("rsl", '<?xml version="1.0" encoding="UTF-16"?><rsl'),
        ("rsl", ""),
        ("rsl", "\x00"),
        ("cawg", b"\xff\xfe{}"),
        ("cawg", "[]"),
        ("cawg", "{}"),
        ("cawg", '{"entries": {"a.b": "notAllowed"}}'),
        ("cawg", '{"entries": {}, "entries": {}}'),
        ("cawg", '{"entries": NaN}'),
        ("cawg", "[" * 100_000),
        ("cawg", '{"entries": ' + '{"x":' * 40 + "1" + "}" * 41),
        ("cawg", {"entries": {f"a.b{n}": entry(NO) for n in range(10_001)}}),
        ("aipref", "Train-AI=n"),
        ("aipref", "train-ai=n,"),
        ("aipref", "train-ai=n train-ai=n"),
        ("aipref", "train-ai=("),
        ("aipref", "train-ai=é"),
        ("aipref", ", ".join(f"k{n}=n" for n in range(10_001))),
        ("tdmai", "[1]"),
        ("iptc", "nonsense"),
        ("iptc", {"plus:DataMining": 7}),
        ("tdmrep", [{"location": "/"}]),
        ("tdmrep", [{"location": 5, "tdm-reservation": 1}]),
        ("tdmrep", [{"location": "/", "tdm-reservation": 1}] * 10_001),
        ("tdmrep-header", "nothing: here"),
        ("tdmrep-header", "no colon"),
        ("odrl", {"@type": "Recipe"}),
        ("odrl", {"@type": "Offer", "prohibition": [{"action": 5}]}),
        ("odrl", {"@type": "Offer", "prohibition": [{"action": "use", "target": ["a" * 3000]}]}),
        ("erc7517", {"dataMiningPreference": []}),
        ("spawning", "\n".join(f"u{n}" for n in range(10_001))),
        ("spawning", "a url with blanks"),
        ("spawning", {"urls": [{"url": "", "optOut": True}]}),
        ("spawning", {"urls": {}}),
        ("spawning", {"urls": [{"url": "u\u202e", "optOut": True}]}),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_is_refused(name: str, document: Any) -> None:
    with pytest.raises(Invalid) as caught:
        read(name, document)
    assert caught.value.code == "vocabulary-form"


def test_a_document_without_end_is_refused_unread() -> None:
    with pytest.raises(Invalid) as caught:
        read("spawning", b"u\n" * (MAX_DOCUMENT // 2 + 1))
    assert caught.value.code == "vocabulary-too-large"


def test_a_long_list_is_read() -> None:
    assert len(read("spawning", "\n".join(f"https://x/{n}" for n in range(10_000))).reservations) == 10_000


def test_the_pointer_names_the_place() -> None:
    with pytest.raises(Invalid) as caught:
        read("spawning", {"urls": [{"url": "u", "optOut": True}, 5]})
    assert caught.value.pointer == "/urls/1"


@pytest.mark.parametrize(
    "text",
    ["a=1, b=1.5, c=:YWJj:, d=?1, e=@1659578233, f=%\"%e2%82%ac\", g=(a \"b\" 1;p=2), h;x=1;y, *z=tok/en", ' a="\\"" ,\tb=y '],
)  # fmt: skip
def test_dictionaries_of_rfc_9651_are_read(text: str) -> None:
    assert dictionary(text)


def test_written_documents_are_what_their_readers_expect() -> None:
    """One document of each, letter for letter."""
    mixed = {
        D: "notAllowed",
        T: "notAllowed",
        G: "constrained",
        U: "allowed",
        "org.rakkan.finetune_lora": "allowed",
    }
    said = saying(mixed, about="https://example.org/a?b=1&c=2")
    out = {name: vocabulary(name).export(said).content.decode() for name in ("cawg", "aipref-02", "rsl", "tdmrep", "spawning", "erc7517")}  # fmt: skip
    entries = json.loads(out["cawg"])["entries"]
    assert {name: each["use"] for name, each in entries.items()} == mixed
    assert str(said.record.record_id) in entries[G]["constraint_info"]
    assert out["aipref-02"] == "Content-Usage: all=n, train-ai=n, ai-use=y\n"
    assert '<content url="https://example.org/a?b=1&amp;c=2">' in out["rsl"]
    assert '<prohibits type="usage">all,ai-train,ai-input</prohibits>' in out["rsl"]
    assert json.loads(out["tdmrep"]) == [{"location": said.about, "tdm-reservation": 1}]
    assert json.loads(out["spawning"]) == {"urls": [{"url": said.about, "optOut": True}]}
    assert json.loads(out["erc7517"]) == {
        "dataMiningPreference": {
            "dataMining": "notAllowed",
            "aiInference": "allowed",
            "aiTraining": "notAllowed",
            "aiGenerativeTraining": "constrained",
        }
    }


def test_credit_alone_has_its_own_keys_in_erc_7517() -> None:
    terms = {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": True}
    block = json.loads(
        vocabulary("erc7517").export(saying(dict.fromkeys(FOUR, "allowed"), terms=terms)).content
    )
    assert block["dataMiningPreference"]["aiTrainingWithAuthorship"] == "allowed"
    assert block["dataMiningPreference"]["aiTraining"] == "constrained"
    block = json.loads(
        vocabulary("erc7517").export(saying({G: "allowed"}, terms={**terms, "commercial": False})).content
    )
    assert "aiGenerativeTrainingWithAuthorship" not in block["dataMiningPreference"]


def test_odrl_keeps_the_conditions_it_can_say() -> None:
    terms = {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": True, "commercial": False}
    gate = "eip155:1:0x" + "22" * 20
    said = saying(
        {G: "allowed", T: "notAllowed"}, terms=terms, grantee=[gate], jurisdiction={"allow": ["FRA"]}
    )
    offer = json.loads(vocabulary("odrl").export(said).content)
    (permission,) = offer["permission"]
    assert permission["assignee"] == [gate]
    assert {each["leftOperand"] for each in permission["constraint"]} == {"dateTime", "spatial", "purpose"}
    assert permission["duty"][0]["action"] == "attribute"
    assert offer["prohibition"][0]["action"] == f"urn:rakkan:scope:{T}"
    assert offer["@type"] == "Offer"


def test_tdmai_needs_an_iscc() -> None:
    with pytest.raises(Invalid) as caught:
        vocabulary("tdmai").export(saying({G: "notAllowed"}))
    assert caught.value.code == "vocabulary-about"

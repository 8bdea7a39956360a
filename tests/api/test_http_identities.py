"""A picture's identity credentials over HTTP and on the page."""

from __future__ import annotations

from rakkan.api.shapes import VerificationShape
from tests.api.asking import upload
from tests.api.conftest import Served
from tests.unit.manifests.identities import WALLET, aggregated, picture_with, verified


def test_they_are_listed_and_grant_nothing(served: Served) -> None:
    answer = upload(served.http, picture_with(lambda links: aggregated(links, roles=["cawg.creator"])))
    assert answer.status_code == 200
    found = VerificationShape.model_validate(answer.json())
    (named,) = found.identities
    assert (named.outcome, named.code) == ("undetermined", "cawg.ica.untrusted_issuer")
    assert (named.names[0].address, named.roles, named.actors) == (WALLET, ["cawg.creator"], [])
    assert next(each for each in found.checks if each.name == "attribution").code == named.code
    assert (found.state, found.record) == ("intact", None)  # its claim's issuer is not known here either
    assert set(found.consent["scopes"].values()) == {"undetermined"}


def test_a_picture_without_one_has_none(served: Served) -> None:
    output = served.work.output
    assert output is not None
    assert upload(served.http, output.read_bytes()).json()["identities"] == []


def test_the_page_tells_and_does_not_obey(served: Served) -> None:
    entry = verified("cawg.social_media", username='<img src=x onerror="alert(1)">')
    content = picture_with(lambda links: aggregated(links, entry))
    page = served.http.post("/", files={"file": ("picture.png", content)})
    assert page.status_code == 200
    assert "Named in it" in page.text
    assert "who is not recognised here for names" in page.text
    assert "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text

"""What is not published does not exist for readers, by whatever name it is asked for."""

from __future__ import annotations

from rakkan.manifests.image import check_image
from rakkan.manifests.read import read_manifest
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.schemas.values import Cid, Digest
from tests.api.asking import consent_of, exact, output_of, record_of, upload
from tests.api.conftest import Served


def names(served: Served) -> tuple[list[str], list[str]]:
    """CIDs and digests that lead to the hidden records for whoever owns them."""
    item = served.hidden
    cids = [
        str(cid)
        for record in (record_of(item), consent_of(item))
        for cid in (record.record_id, record.envelope_cid)
    ]
    digests = [f"{kind}:{value}" for kind, value in record_of(item).parsed.subject[0].digest.items()]
    digests.append(str(Digest.of(item.input.read_bytes())))
    digests += [f"sha256:{Cid.parse(cid).digest.hex()}" for cid in cids]
    return cids, digests


def traces(served: Served) -> list[str]:
    """What must stand in no answer."""
    cids, _ = names(served)
    return [*cids, *(Cid.parse(cid).digest.hex() for cid in cids)]


def test_it_is_there_for_its_owner(served: Served) -> None:
    found = verify_name(served.registry.settings, str(output_of(served.hidden)), VerifyOptions(offline=True))
    assert found.record is not None, "else this file would test nothing"


def test_no_reading_route_knows_it(served: Served) -> None:
    cids, digests = names(served)
    unknown_cid = str(Cid.of(b"{}"))
    asked = [
        *(
            (f"/v1/records/{cid}{tail}", f"/v1/records/{unknown_cid}{tail}")
            for cid in cids
            for tail in ("", "/proof", "/lineage")
        ),
        *((f"/v1/evidence/{cid}", f"/v1/evidence/{unknown_cid}") for cid in cids),
        *((f"/v1/assets/{digest}", "/v1/assets/sha256:" + "0" * 64) for digest in digests),
        *((f"/v1/consent/{digest}", "/v1/consent/sha256:" + "0" * 64) for digest in digests),
        *((f"/v/{digest}", "/v/sha256:" + "0" * 64) for digest in digests),
    ]
    for path, unknown in asked:
        answer, never = served.http.get(path), served.http.get(unknown)
        assert answer.status_code == never.status_code, path
        assert answer.headers["content-type"] == never.headers["content-type"]
        if answer.status_code == 200:  # /v1/consent answers "undetermined" about everything
            for each in answer.json()["answers"]:
                assert (each["answer"], each["code"], each["relied"]) == ("undetermined", "no-consent", [])
        elif path.startswith("/v1/"):
            assert answer.json()["code"] == never.json()["code"] == "record-unknown", path
        said = (
            answer.text.replace(path.rpartition("/")[2], "") if path.startswith(("/v/", "/v1/assets")) else ""
        )
        for trace in traces(served):
            assert trace not in said


def test_batches_and_uploads_do_not_know_it(served: Served) -> None:
    _, digests = names(served)
    answer = served.http.post("/v1/verify", json={"digests": digests})
    for each in answer.json()["items"]:
        assert each["verification"]["state"] == "none"
        assert each["verification"]["record"] is None
    for content, name in (
        (output_of(served.hidden).read_bytes(), "stamped.png"),
        (served.hidden.input.read_bytes(), "input.png"),  # nor by its looks
    ):
        found = upload(served.http, content, name).json()
        assert found["record"] is None
        assert found["lineage"]["nodes"] == []
        assert set(found["consent"]["scopes"].values()) == {"undetermined"}
        page = served.http.post("/", files={"file": (name, content)}).text
        for trace in traces(served):
            assert trace not in json_of(found)
            assert trace not in page


def json_of(value: object) -> str:
    import json

    return json.dumps(value)


def test_neither_heads_nor_lineage_count_it(served: Served) -> None:
    head = served.http.get("/v1/log/head").json()
    record = served.registry.store.records.get([record_of(served.hidden).record_id.digest])
    assert next(iter(record.values())).log_index is None
    for item in served.items:
        lineage = served.http.get(f"/v1/records/{record_of(item).record_id}/lineage").text
        bundle = served.http.get(f"/v1/evidence/{record_of(item).record_id}").content
        for trace in traces(served):
            assert trace not in lineage
            assert trace.encode() not in bundle
    assert head["size"] >= 2 * len(served.items)


def test_a_manifest_names_no_record(served: Served) -> None:
    """A picture can be passed on before its record is public; it must not lead there."""
    content = output_of(served.hidden).read_bytes()
    report = read_manifest(check_image(content, "hidden.png"), served.registry.issuers)
    assert report.state == "trusted"
    record = record_of(served.hidden)
    assert str(record.record_id).encode() not in content
    assert str(record.envelope_cid).encode() not in content


def test_who_hands_it_in_makes_it_public(served: Served) -> None:
    """Registering is publishing: the owner's own record, sent by a holder of a token, is readable at once."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rakkan.registry.flows.accept import accept_one
    from tests.support import work_record

    record = work_record(Ed25519PrivateKey.generate(), origin=served.registry.origin)
    assert accept_one(served.registry, record, publish=False)
    assert served.http.get(f"/v1/records/{record.record_id}").status_code == 404
    answer = served.http.post("/v1/assets", json=exact(record), headers=served.bearer)
    assert (answer.status_code, answer.json()["new"]) == (200, False)
    assert served.http.get(f"/v1/records/{record.record_id}").status_code == 200

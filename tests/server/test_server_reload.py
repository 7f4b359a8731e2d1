"""Models that change while they are served."""

import shutil
import threading

import numpy as np
import pytest
from serving_fixture import Running, moved
from tiny_bundle import resealed

from idiolect.bundle import Bundle
from idiolect.errors import BundleError

KEY = {"authorization": "Bearer secret"}


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys"
    path.write_text("secret\n")
    return path


@pytest.fixture
def server(alone, link, keys):
    with Running(alone(link), keys) as server:
        server.http.headers.update(KEY)
        yield server


def test_a_moved_link_is_taken_on(server, link, other_bundle_path):
    assert server.http.post("/admin/reload").json()["reloaded"] == []
    before = server.post(input="a pump").json()["data"][0]["embedding"]
    moved(link, other_bundle_path)
    answer = server.http.post("/admin/reload").json()
    digest = Bundle.load(other_bundle_path).manifest.model_digest
    assert answer["reloaded"] == ["tiny"]
    assert [model["digest"] for model in answer["models"]] == [digest]
    assert server.digest == digest
    assert np.dot(before, server.post(input="a pump").json()["data"][0]["embedding"]) < 0.99
    assert server.count("reloads_total") == 1


def test_a_swap_under_load_loses_no_request_and_mixes_no_vectors(
    server, link, bundle_path, other_bundle_path, service, alone
):
    """Each answer is wholly one model's, and nothing but 200 is answered."""
    texts = [f"pump {number}" for number in range(12)]
    models = (service, alone(other_bundle_path))
    wanted = [model.models["tiny"].runtime.encode(texts, "passage") for model in models]
    failures, seen, stop = [], set(), threading.Event()

    def ask():
        while not stop.is_set():
            response = server.post(input=texts)
            if response.status_code != 200:
                failures.append(response.text)
                return
            vectors = np.array([row["embedding"] for row in response.json()["data"]])
            close = [np.sum(vectors * each, axis=1).min() > 0.999 for each in wanted]
            seen.add(tuple(close))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for target in (other_bundle_path, bundle_path, other_bundle_path):
        moved(link, target)
        assert server.http.post("/admin/reload").json()["reloaded"] == ["tiny"]
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == {(True, False), (False, True)}


def test_a_request_that_was_tokenised_for_the_old_model_is_the_new_ones(
    server, monkeypatch, link, other_bundle_path
):
    """The model changes between tokenising and encoding."""
    reloads = []
    from idiolect.server import embedding

    original = embedding._tokens

    def changing(*args):
        tokens = original(*args)
        if link.resolve() != other_bundle_path.resolve():
            moved(link, other_bundle_path)
            reloads.append(threading.Thread(target=server.http.post, args=("/admin/reload",)))
            reloads[0].start()
            args[1].engine._thread.join(30)
        return tokens

    monkeypatch.setattr(embedding, "_tokens", changing)
    monkeypatch.setattr(embedding, "INLINE_CHARACTERS", 0)
    assert server.post(input="a pump").status_code == 200
    reloads[0].join()
    assert server.count("reloads_total") == 1


def test_what_cannot_be_served_changes_nothing(server, link, bundle_path, tmp_path, caplog):
    broken = shutil.copytree(bundle_path, tmp_path / "broken")
    manifest = broken / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"promote"', '"keep-base"'))
    (broken / "model" / "config.json").write_text("{}")
    moved(link, broken)
    response = server.http.post("/admin/reload")
    assert response.status_code == 409
    assert str(tmp_path) not in response.text
    assert "a reload was refused" in caplog.text
    assert server.post(input="a pump").status_code == 200
    assert server.http.get("/v1/metadata").json()["models"][0]["verdict"] == "promote"


def test_a_model_that_gives_other_vectors_than_were_exported_is_not_served(
    server, link, bundle_path, other_bundle_path, alone, tmp_path, caplog
):
    """Every file is as the manifest lists it; the golden vectors are another model's."""
    wrong = shutil.copytree(other_bundle_path, tmp_path / "wrong")
    shutil.copyfile(bundle_path / "golden.json", wrong / "golden.json")
    Bundle.load(resealed(wrong)).verify()
    with pytest.raises(BundleError, match=r"openvino in .* does not give the vectors"):
        alone(wrong)
    moved(link, wrong)
    assert server.http.post("/admin/reload").status_code == 409
    assert "a reload was refused" in caplog.text
    assert server.post(input="a pump").status_code == 200
    assert server.digest == Bundle.load(bundle_path).manifest.model_digest


def test_a_reload_needs_a_key(server, alone):
    assert server.http.post("/admin/reload", headers={"authorization": "Bearer no"}).status_code == 401
    with Running(alone()) as open_to_all:
        response = open_to_all.http.post("/admin/reload")
        assert response.status_code == 403
        assert "--api-key-file" in response.json()["error"]["message"]

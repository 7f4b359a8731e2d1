"""Everything beside the vectors: models, health, metrics, keys, errors, the page."""

import shutil
import subprocess

import msgspec
import openai
import pytest
from serving_fixture import Running

from idiolect.bundle import Bundle
from idiolect.errors import BundleError, UsageError
from idiolect.server import create_app
from idiolect.server.service import Service


def test_models_are_listed_with_their_digest(server, bundle_path):
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none")
    (model,) = client.models.list().data
    assert model.id == "tiny"
    assert model.digest == Bundle.load(bundle_path).manifest.model_digest
    assert client.models.retrieve("tiny").id == "tiny"


def test_metadata_tells_what_runs(server):
    (model,) = server.http.get("/v1/metadata").json()["models"]
    assert (model["weights"], model["verdict"], model["runtime"]) == ("tuned", "promote", "openvino")


def test_health(server, service, monkeypatch):
    assert server.http.get("/v1/health/live").json() == {"status": "live"}
    assert server.http.get("/v1/health/ready").status_code == 200
    monkeypatch.setattr(service, "state", "draining")
    assert server.http.get("/v1/health/ready").status_code == 503
    assert server.http.get("/v1/health/live").status_code == 200
    response = server.post(input="a")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_metrics_count_requests_and_tokens(server):
    server.post(input="a pump")
    server.post(input="")
    text = server.http.get("/metrics").text
    assert 'idiolect_requests_total{route="/v1/embeddings",status="200"}' in text
    assert 'idiolect_requests_total{route="/v1/embeddings",status="400"}' in text
    assert 'idiolect_tokens_total{model="tiny"}' in text
    assert 'idiolect_queue_tokens{model="tiny"} 0.0' in text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/embeddings", 405)]
)
def test_framework_errors_have_openais_shape(server, method, path, status):
    response = server.http.request(method, path)
    assert response.status_code == status
    assert path in response.json()["error"]["message"]


def test_openapi_describes_request_and_answers(server):
    described = server.http.get("/openapi.json").json()
    operation = described["paths"]["/v1/embeddings"]["post"]
    assert set(operation["responses"]) >= {"200", "400", "404", "429", "503"}
    assert "EmbeddingRequest" in described["components"]["schemas"]
    fields = described["components"]["schemas"]["EmbeddingRequest"]["properties"]
    assert fields["model"]["enum"] == ["tiny", "tiny-query", "tiny-passage"]
    assert fields["dimensions"]["anyOf"][0]["enum"] == [16, 32, 64]
    assert "422" not in str(described["paths"])
    assert "text/plain" in described["paths"]["/metrics"]["get"]["responses"]["200"]["content"]
    names = set(_references(described))
    assert names <= {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def test_the_page_is_self_contained(server):
    page = server.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "tiny" in page.text and "promote" in page.text
    assert f"curl {server.url}/v1/embeddings" in page.text
    assert "src=" not in page.text and "@import" not in page.text


def test_with_a_key_file_only_its_keys_are_let_in(service, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("first-key\n\n second-key \n")
    with Running(service, keys) as server:
        assert server.post(input="a").status_code == 401
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="second-key", max_retries=0)
        assert client.embeddings.create(model="tiny", input="a").data
        with pytest.raises(openai.AuthenticationError, match="API key"):
            client.with_options(api_key="second").embeddings.create(model="tiny", input="a")
        assert server.http.get("/v1/models").status_code == 401
        assert server.http.get("/v1/health/ready").status_code == 200


def test_a_key_file_may_hold_hashes(service, tmp_path):
    keys = tmp_path / "keys"
    hashed = subprocess.run(
        ["sh", "-c", 'printf %s "$KEY" | sha256sum'], env={"KEY": "a-key"}, capture_output=True, text=True
    ).stdout.split()[0]
    keys.write_text(f"plain-key\nsha256:{hashed}\n")
    with Running(service, keys) as server:
        for key, status in (("a-key", 200), ("plain-key", 200), (f"sha256:{hashed}", 401), (hashed, 401)):
            given = server.http.get("/v1/models", headers={"authorization": f"Bearer {key}"})
            assert given.status_code == status
        described = server.http.get("/openapi.json").json()
        assert described["paths"]["/v1/models"]["get"]["security"]
        assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


@pytest.mark.parametrize("text", ["sha256:", "sha256:abc", "sha256:" + "g" * 64])
def test_a_hash_that_is_none_is_refused(service, tmp_path, text):
    keys = tmp_path / "keys"
    keys.write_text(text)
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        create_app(service, keys)


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_key_file_without_keys_is_refused(service, tmp_path, text):
    keys = tmp_path / "keys"
    if text is not None:
        keys.write_text(text)
    with pytest.raises(UsageError, match="api-key-file"):
        create_app(service, keys)


def test_several_models_are_served_side_by_side(bundle_path, alone, tmp_path):
    other = shutil.copytree(bundle_path, tmp_path / "other")
    manifest = other / "manifest.json"
    manifest.write_text(
        manifest.read_text()
        .replace('"name":"tiny"', '"name":"large"')
        .replace('"name": "tiny"', '"name": "large"')
    )
    with Running(alone(bundle_path, other)) as server:
        assert [model["id"] for model in server.http.get("/v1/models").json()["data"]] == ["tiny", "large"]
        for model in ("large", "tiny-query"):
            answer = server.post(model=model, input="a").json()
            assert answer["model"] == model
        assert server.count('texts_total{model="large"}') == 1


def test_two_bundles_of_one_name_are_refused(bundle_path):
    with pytest.raises(UsageError, match="'tiny'"):
        Service([bundle_path, bundle_path])


def test_an_altered_bundle_is_not_served(bundle_path, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    (copy / "model" / "config.json").write_text("{}")
    service = Service([copy])
    with pytest.raises(BundleError, match=r"model/config\.json"):
        service.load()


def test_answers_are_json(server):
    assert msgspec.json.decode(server.http.get("/v1/health/live").content)


def test_until_it_has_loaded_a_server_is_live_but_not_ready(bundle_path):
    with Running(Service([bundle_path])) as server:
        assert server.http.get("/v1/health/live").status_code == 200
        assert server.http.get("/v1/health/ready").status_code == 503
        assert "loading" in server.post(input="a").json()["error"]["message"]
        assert "loading" in server.http.get("/").text

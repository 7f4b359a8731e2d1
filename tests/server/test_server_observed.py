"""Logs and traces: what happened, never what was sent."""

import json
import logging
import time

import pytest
from serving_fixture import Running

from idiolect.errors import BundleError
from idiolect.server import app
from idiolect.server.keys import Keys
from idiolect.server.logs import JsonLines
from idiolect.server.tracing import Tracing, open_tracing

SECRET = "Ms. Example's diagnosis"


def line(record):
    return json.loads(JsonLines().format(record))


@pytest.fixture
def requests_logged(caplog):
    with caplog.at_level(logging.INFO, logger="idiolect.requests"):
        yield lambda: [line(record) for record in caplog.records if record.name == "idiolect.requests"]


def test_a_request_is_one_json_line_without_its_text(server, requests_logged):
    server.post(input=[SECRET, "a"], user=SECRET)
    (logged,) = requests_logged()
    assert logged["route"] == "/v1/embeddings"
    assert (logged["status"], logged["model"], logged["texts"]) == (200, "tiny", 2)
    assert logged["tokens"] > 2 and logged["ms"] > 0
    assert SECRET not in json.dumps(logged)


def test_a_refusal_repeats_no_text(server, requests_logged):
    for body in (
        {"input": [SECRET, ""]},
        {"input": [SECRET, 5]},
        {"input": SECRET * 100, "truncate": "NONE"},
        {"input": "a", "truncate": SECRET},
        {"input": "a", "encoding_format": SECRET},
        {"input": "a", "dimensions": SECRET},
    ):
        response = server.post(**body)
        assert response.status_code == 400
        assert SECRET not in response.text
    assert SECRET not in json.dumps(requests_logged())


def test_a_failure_is_logged_by_type_and_place_only(server, service, monkeypatch, caplog):
    def broken(tokens, on_batch=None):
        raise ValueError(SECRET)

    with monkeypatch.context() as patched:
        patched.setattr(service.models["tiny"].runtime, "encode_tokens", broken)
        response = server.post(input=SECRET)
    assert (response.status_code, SECRET in response.text) == (500, False)
    (logged,) = [line(record) for record in caplog.records if record.exc_info]
    assert logged["error"] == "ValueError"
    assert any("broken" in place for place in logged["where"])
    assert SECRET not in json.dumps(logged)


def test_our_own_errors_are_logged_with_what_to_do():
    try:
        raise BundleError("bundle b was altered: export it again")
    except BundleError as error:
        record = logging.makeLogRecord(
            {"msg": "refused", "exc_info": (type(error), error, error.__traceback__)}
        )
    assert line(record)["error"] == "bundle b was altered: export it again"


@pytest.fixture
def spans(service):
    """Posts to a server that traces into memory, and gives the spans that it ended."""
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from idiolect.server.tracing import OpenTelemetry

    exporter = memory.InMemorySpanExporter()
    tracing = OpenTelemetry(exporter)
    with Running(service, app=app.create(service, Keys([]), tracing)) as server:

        def posted(headers=None, **body):
            response = server.http.post("/v1/embeddings", json={"model": "tiny", **body}, headers=headers)
            return response, ended(f"POST {response.request.url.path}")

        def ended(last):
            """The spans by name, once the one around the whole request has ended: after its answer."""
            for _ in range(200):
                tracing.provider.force_flush()
                found = {span.name: span for span in exporter.get_finished_spans()}
                if last in found:
                    return found
                time.sleep(0.05)
            raise AssertionError(f"no span {last} in {sorted(found)}")

        yield posted
    tracing.close()


def test_a_request_is_traced_in_its_parts_without_its_text(spans):
    _, found = spans(input=[SECRET, "a"])
    assert set(found) == {"POST /v1/embeddings", "tokenise", "encode"}
    request = found["POST /v1/embeddings"]
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["gen_ai.request.model"] == "tiny"
    assert request.attributes["idiolect.texts"] == 2
    assert found["encode"].parent.span_id == request.context.span_id
    assert SECRET not in "".join(span.to_json() for span in found.values())


def test_a_trace_goes_on_that_the_caller_began(spans):
    trace = "0af7651916cd43dd8448eb211c80319c"
    _, found = spans({"traceparent": f"00-{trace}-b7ad6b7169203331-01"}, input="a")
    assert f"{found['POST /v1/embeddings'].context.trace_id:032x}" == trace


def test_a_failure_is_an_error_in_the_trace_without_its_words(spans, service, monkeypatch):
    def broken(tokens, on_batch=None):
        raise ValueError(SECRET)

    monkeypatch.setattr(service.models["tiny"].runtime, "encode_tokens", broken)
    response, found = spans(input=SECRET)
    assert response.status_code == 500
    assert not found["POST /v1/embeddings"].status.is_ok
    assert SECRET not in "".join(span.to_json() for span in found.values())


def test_nothing_is_traced_unless_an_endpoint_is_named(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert type(open_tracing("")) is Tracing


@pytest.mark.parametrize("by", ["config", "environment"])
def test_traces_go_where_config_or_environment_say(monkeypatch, by):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    if by == "environment":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    tracing = open_tracing("http://127.0.0.1:9" if by == "config" else "")
    assert type(tracing) is not Tracing
    tracing.close()

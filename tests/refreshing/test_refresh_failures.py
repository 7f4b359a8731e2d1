"""[refresh] failures: what the last model mixes up on dev is asked about, by a real endpoint."""

import json

import pytest
from refreshing.months import Place, write_month

from idiolect.teachers.failure_rounds import read_rounds

pytest.importorskip("openai")
pytestmark = pytest.mark.usefixtures("one_thread")

UNTRAINED = (
    "--set",
    "train.epochs=0",
    "--set",
    "refresh.failures=true",
    "--set",
    "generate.failure_queries=6",
)


def test_what_the_last_model_mixes_up_is_asked_about_once(tmp_path, shallow_model, capsys):
    """Where nothing else is new, and so no part of the caps is left for documents."""
    place = Place(tmp_path, shallow_model)
    try:
        write_month(place.docs, 1, count=24)
        assert place("run", *UNTRAINED) == 3
        capsys.readouterr()
        trains, asked = set(place.documents("train")), len(place.endpoint.requests)
        assert place("refresh", *UNTRAINED, "--json") == 3
        done = json.loads(capsys.readouterr().out)
        (planned,) = read_rounds(place.work.focuses)
        requests = place.endpoint.requests[asked:]
    finally:
        place.endpoint.stop()
    assert done["news"] == ["failures"] and not any(done["came"]["documents"].values())
    assert len(requests) == len(planned.requests) == done["asked"]["calls"] > 0
    text = {one.id: one.text for one in place.chunks()}
    for one in planned.requests:
        assert one.chunk.partition("#")[0] in trains
        assert any(text[one.chunk] in request["messages"][1]["content"] for request in requests)
    assert place("refresh", *UNTRAINED) == 3
    assert "nothing new came" in capsys.readouterr().out

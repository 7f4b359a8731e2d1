"""A server that takes what changes at its paths by itself."""

import shutil
import threading
import time

import pytest
from serving_fixture import Running, moved, until

from idiolect.bundle import Bundle

LOOK = 0.05


@pytest.fixture
def server(alone, link):
    with Running(alone(link, watch_seconds=LOOK)) as server:
        yield server


def takes(server, bundle):
    """The bundle comes to be the one that answers, and no request fails until then."""
    digest = Bundle.load(bundle).manifest.model_digest

    def taken():
        assert server.post(input="a pump").status_code == 200
        return server.digest == digest

    until(taken)


def refusals(caplog):
    return [record for record in caplog.records if "cannot be served" in record.message]


def test_a_moved_link_is_taken_and_no_request_fails(server, link, bundle_path, other_bundle_path, caplog):
    for target in (other_bundle_path, bundle_path):
        moved(link, target)
        takes(server, target)
    assert server.count("reloads_total") == 2
    assert caplog.records == []


def test_a_broken_bundle_is_reported_once_and_a_later_good_one_is_taken(
    server, link, bundle_path, other_bundle_path, tmp_path, caplog
):
    broken = shutil.copytree(other_bundle_path, tmp_path / "broken")
    (broken / "model" / "config.json").write_text("{}")
    moved(link, broken)
    until(lambda: refusals(caplog))
    time.sleep(6 * LOOK)
    assert len(refusals(caplog)) == 1
    takes(server, bundle_path)
    moved(link, other_bundle_path)
    takes(server, other_bundle_path)


def test_a_bundle_that_is_still_being_copied_is_taken_when_it_is_whole(
    alone, bundle_path, other_bundle_path, tmp_path, caplog
):
    """The manifest comes first, and does not change any more when the rest follows."""
    place = shutil.copytree(bundle_path, tmp_path / "place")
    with Running(alone(place, watch_seconds=LOOK)) as server:
        shutil.rmtree(place)
        place.mkdir()
        shutil.copyfile(other_bundle_path / "manifest.json", place / "manifest.json")
        until(lambda: refusals(caplog))
        assert server.digest == Bundle.load(bundle_path).manifest.model_digest
        shutil.copytree(other_bundle_path, place, dirs_exist_ok=True)
        takes(server, other_bundle_path)


def test_a_path_that_vanishes_leaves_the_model_in_place(server, link, bundle_path, other_bundle_path, caplog):
    link.unlink()
    until(lambda: refusals(caplog))
    takes(server, bundle_path)
    moved(link, other_bundle_path)
    takes(server, other_bundle_path)


def test_the_watch_stops_with_the_server_and_is_off_unless_asked_for(alone, link):
    def watching():
        return [thread for thread in threading.enumerate() if thread.name == "idiolect-watcher"]

    alone(link)
    assert not watching()
    service = alone(link, watch_seconds=60)
    assert watching()
    service.close()
    assert not watching()

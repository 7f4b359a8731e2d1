"""What `idiolect drift` found last stands at /metrics of a server whose bundle lies in its WORK."""

import shutil

from drifting_work import window
from serving_fixture import Running

from idiolect.lifecycle.drift.windows import add
from idiolect.server.service import Service
from idiolect.workspace import Workspace


def test_the_last_window_is_shown_as_soon_as_it_is_written(tmp_path, bundle_path):
    work = Workspace(tmp_path)
    shutil.copytree(bundle_path, work.bundle)
    service = Service([work.bundle], "openvino")
    service.load()
    with Running(service) as server:
        assert "idiolect_drift" not in server.http.get("/metrics").text
        add(work.drift, window("a", True, name="tiny"), 2)
        add(work.drift, window("b", True, name="tiny"), 2)
        page = server.http.get("/metrics").text
        assert 'idiolect_drift_alarm{model="tiny"} 1.0' in page
        assert 'idiolect_drift_streak{detector="mmd",model="tiny",side="queries",slice=""} 2.0' in page
        work.drift.write_text("no window\n")
        assert server.http.get("/metrics").status_code == 200
    service.close()

"""Dockerfile and Kubernetes manifest against the code that they deploy; neither Docker nor a cluster is needed."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tiny_bundle import write_tiny_bundle

from idiolect.cli import idiolect
from idiolect.config import Serve
from idiolect.errors import BundleError
from idiolect.runtimes.model_files import describe
from idiolect.server import create_app
from idiolect.server.service import Service
from idiolect.server.serving import GRACE

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def described(tmp_path_factory, tiny_model):
    """The server's paths, and what its metrics page holds before anything is loaded."""
    bundle = write_tiny_bundle(tmp_path_factory.mktemp("deployed") / "bundle", describe(tiny_model))
    service = Service([bundle])
    return set(create_app(service).openapi()["paths"]), service.telemetry.page().decode()


@pytest.fixture(scope="module")
def manifests():
    found = yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8"))
    return {one["kind"]: one for one in found}


@pytest.fixture(scope="module")
def instructions():
    """[(INSTRUCTION, argument)] of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def pod(manifests):
    return manifests["Deployment"]["spec"]["template"]["spec"]


def accepted(arguments):
    """Whether the command takes these options; it then fails at the missing bundle."""
    error = CliRunner().invoke(idiolect, arguments).exception
    return isinstance(error, BundleError) and "is no directory" in str(error)


def test_the_dockerfile_installs_an_extra_that_exists_from_files_that_are_copied(instructions):
    (line,) = [argument for name, argument in instructions if name == "RUN" and "pip install" in argument]
    assert '".[${EXTRAS}]"' in line
    (extras,) = [argument.removeprefix("EXTRAS=") for name, argument in instructions if name == "ARG"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extras == "serve"
    documented = re.findall(r"EXTRAS=([\w,]+)", (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8"))
    assert documented
    for choice in (extras, *documented):
        assert set(choice.split(",")) <= set(project["optional-dependencies"])
    copied = [
        argument.split()[:-1]
        for name, argument in instructions
        if name == "COPY" and "--from" not in argument
    ]
    names = {name for names in copied for name in names}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert names == kept
    assert {"pyproject.toml", project["readme"], "constraints.txt", "src"} <= names
    assert all((ROOT / name).exists() for name in names)


def test_the_image_runs_as_nobody_special_and_asks_for_its_own_health(instructions, described, manifests):
    last = dict(instructions)
    assert int(last["USER"]) == pod(manifests)["securityContext"]["runAsUser"] > 0
    (path,) = re.findall(r"http://127\.0\.0\.1:8000(/[\w/]+)", last["HEALTHCHECK"])
    assert path in described[0]
    assert last["EXPOSE"] == "8000"


def test_the_commands_are_the_programs(instructions, manifests):
    entry = yaml.safe_load(dict(instructions)["ENTRYPOINT"])
    assert entry[0] == "idiolect" and entry[2] == "/bundle"
    (container,) = pod(manifests)["containers"]
    arguments = [*entry[1:], *container["args"]]
    assert accepted(arguments), shlex.join(arguments)
    assert not accepted([*arguments, "--unknown"])


def test_probes_and_ports_are_the_servers(manifests, described):
    (container,) = pod(manifests)["containers"]
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    assert {kind: probe["path"].rsplit("/", 1)[1] for kind, probe in probes.items()} == {
        "startup": "ready",
        "readiness": "ready",
        "liveness": "live",
    }
    assert {probe["path"] for probe in probes.values()} <= described[0]
    (port,) = container["ports"]
    assert port["containerPort"] == 8000
    targets = [probe["port"] for probe in probes.values()]
    targets += [one["targetPort"] for one in manifests["Service"]["spec"]["ports"]]
    assert set(targets) == {port["name"]}


def test_it_scales_on_a_metric_that_the_server_has(manifests, described):
    (metric,) = manifests["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert f"# TYPE {metric['pods']['metric']['name']} gauge" in described[1]
    waiting = int(metric["pods"]["target"]["averageValue"])
    assert waiting < Serve().max_queue_tokens, "requests would be refused before anything scales"


def test_names_meet(manifests):
    labels = manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert manifests["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests["Service"]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", manifests["Deployment"]["metadata"]["name"])
    (container,) = pod(manifests)["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        one["name"] for one in pod(manifests)["volumes"]
    }


def test_a_pod_is_given_little_and_time_to_stop(manifests):
    (container,) = pod(manifests)["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(manifests)["securityContext"]["runAsNonRoot"] is True
    assert set(container["resources"]) == {"requests", "limits"}
    sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod(manifests)["terminationGracePeriodSeconds"] > sleep + GRACE

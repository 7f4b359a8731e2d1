"""--schedule prints lines for two schedulers, and does nothing else."""

import shlex

import pytest
import yaml

from idiolect.cli import main


def printed(capsys, *more):
    with pytest.raises(SystemExit) as stop:
        main(["refresh", "docs", "-w", "acme/idiolect-work", *more])
    said = capsys.readouterr()
    return stop.value.code, said.out, said.err


def test_a_crontab_line_goes_where_the_command_was_given_with_its_settings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, _ = printed(
        capsys, "--schedule", "0  3 * * sun", "--when", "drifted", "--set", "generate.model=a 100% model"
    )
    assert code == 0 and not list(tmp_path.iterdir())
    line = out.splitlines()[1]
    assert line.startswith(f"0 3 * * sun cd {tmp_path} && ") and r"100\% model" in line
    words = shlex.split(line.replace(r"\%", "%"))
    assert words[words.index("refresh") :][:4] == [
        "refresh",
        f"{tmp_path}/docs",
        "-w",
        f"{tmp_path}/acme/idiolect-work",
    ]
    assert 'generate.model="a 100% model"' in words and words[words.index("--when") + 1] == "drifted"


def test_the_cron_job_has_what_kubernetes_asks_of_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, out, _ = printed(capsys, "--schedule", "*/30 6-18 1,15 * *")
    job = yaml.safe_load(out.split("# kubectl apply -f -\n")[1])
    assert set(job) == {"apiVersion", "kind", "metadata", "spec"}
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec = job["spec"]
    assert spec["schedule"] == "*/30 6-18 1,15 * *" and spec["concurrencyPolicy"] == "Forbid"
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in ("Never", "OnFailure")
    (container,) = pod["containers"]
    assert container["resources"].keys() == {"requests", "limits"}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    claims = [
        one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one
    ]
    assert claims == ["idiolect-work", "idiolect-documents", "idiolect-registry"]
    shell, option, command = container["command"]
    words = shlex.split(command.partition(" || ")[0])
    assert (shell, option, command.partition(" || ")[2]) == ("sh", "-c", "[ $? -eq 3 ]")
    assert words[:6] == ["idiolect", "refresh", mounts["documents"], "-w", mounts["work"], "--registry"]
    assert mounts["work"].endswith("/acme/idiolect-work"), "the model is called after the folder"


def test_a_server_needs_no_volume(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, out, _ = printed(capsys, "--schedule", "0 3 * * 0", "--registry", "https://mlflow.example")
    assert "idiolect-registry" not in out and "--registry https://mlflow.example" in out


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("0 3 * *", "has 4 fields"),
        ("60 3 * * 0", "'60' is no minute (0 to 59"),
        ("0 3 * 13 0", "'13' is no month"),
        ("0 3 * * 7", "'7' is no weekday (0 to 6"),
        ("0 3 * * noday", "'noday' is no weekday"),
        ("0 9-5 * * 0", "'9-5' is no hour"),
        ("*/0 3 * * 0", "'*/0' is no minute"),
    ],
)
def test_what_is_no_schedule_is_said_in_one_line(capsys, schedule, says):
    code, out, err = printed(capsys, "--schedule", schedule)
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err


def test_before_a_first_run_there_is_nothing_to_refresh(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    code, _, err = printed(capsys)
    assert code == 1 and err.count("\n") == 1 and "run `idiolect run DOCS -w acme/idiolect-work` first" in err
    assert not (tmp_path / "acme").exists() and not (tmp_path / "idiolect-registry").exists()

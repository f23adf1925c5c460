"""The files of `deploy/` as far as they can be looked at without systemd and Docker: what they name is there, and what
two of them say is the same."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.programs import ROOT
from tests.tables import each

DEPLOY = ROOT / "deploy"
SOCKET = "/run/dragoman/dragoman.sock"
VARIABLE = re.compile(r"\$\{([A-Z_]+)")


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """Sections, keys and their values of a unit."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in (DEPLOY / name).read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(section, {}).setdefault(key, []).append(value)
    return found


def environment_of(service: dict[str, list[str]]) -> dict[str, str]:
    words = [word for line in service["Environment"] for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words)


def settings() -> dict[str, object]:
    """What gunicorn's configuration says."""
    said: dict[str, object] = {}
    exec(compile((DEPLOY / "gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"), said)
    return said


@each(("name", "given"), [("WEB_CONCURRENCY", "0"), ("WEB_CONCURRENCY", "-1"), ("THREADS", "0"), ("THREADS", "many")])
def test_a_service_that_nobody_would_answer_for_does_not_start(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    with monkeypatch.context() as environment:
        environment.setenv(name, given)
        with pytest.raises(SystemExit, match=f"{name} is {given}: it must be a whole number"):
            settings()


def test_everybody_means_the_same_socket() -> None:
    service = environment_of(unit("dragoman.service")["Service"])
    assert service["BIND"] == f"unix:{SOCKET}"
    assert unit("dragoman.socket")["Socket"]["ListenStream"] == [SOCKET]
    assert f"server unix:{SOCKET} " in (DEPLOY / "nginx.conf").read_text()
    assert f"BIND=unix:{SOCKET}" in (DEPLOY / "Dockerfile").read_text()


def test_the_service_of_systemd_names_what_is_there() -> None:
    service = unit("dragoman.service")["Service"]
    (start,) = service["ExecStart"]
    program, option, config, application = start.split()
    assert (program, option, application) == ("/opt/dragoman/.venv/bin/gunicorn", "--config", "wsgi:application")
    assert (ROOT / Path(config).relative_to("/opt/dragoman")).is_file() and (ROOT / "wsgi.py").is_file()
    assert environment_of(service)["PYTHONPATH"] == "/opt/dragoman"
    assert int(service["TimeoutStopSec"][0]) > int(str(settings()["graceful_timeout"]))
    assert service["WorkingDirectory"] == [f"/var/lib/{service['StateDirectory'][0]}"]


def test_the_service_of_systemd_lets_processes_limit_themselves() -> None:
    refused = [words for words in unit("dragoman.service")["Service"]["SystemCallFilter"] if words.startswith("~")]
    assert refused and not any("@resources" in words for words in refused)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_its_units(tmp_path: Path) -> None:
    for name in ("dragoman.service", "dragoman.socket"):
        text = (DEPLOY / name).read_text().replace("/opt/dragoman/.venv/bin/gunicorn", sys.executable)
        (tmp_path / name).write_text(text)
    command = ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr


# ---------------------------------------------------------------- containers


def copied() -> list[str]:
    """What the image takes from here."""
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    copies = [shlex.split(line)[1:-1] for line in lines if line.startswith("COPY ")]
    return [path for words in copies if not words[0].startswith("--from") for path in words]


def test_what_the_image_takes_is_there_and_not_left_out() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    for path in copied():
        assert (ROOT / path).exists() and any(fnmatch.fnmatch(path, each) for each in let), path


def test_the_image_has_what_the_service_needs(tmp_path: Path) -> None:
    for path in copied():
        source, target = ROOT / path, tmp_path / path
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    command = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "ADMIN_PASSWORD": "correct-Horse-7"}
    environment |= {"DATABASE_URL": f"sqlite:///{tmp_path}/db", "DRAGOMAN_CONFIG": str(tmp_path / "config.yml")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "Dragoman listens on" in done.stdout, done.stderr


def test_what_runs_where_nobody_may_write_is_compiled_before() -> None:
    """Else each start and each command compiles all of it again."""
    code = {
        path for path in copied() if path.endswith(".py") and "/" not in path or (ROOT / path / "__init__.py").exists()
    }
    assert {"app.py", "crud"} <= code
    for text in ((DEPLOY / "Dockerfile").read_text(), (ROOT / "docs" / "deployment.md").read_text()):
        commands = re.findall(r"bin/python -m compileall -q (.*)", text)
        assert commands
        assert all({path.removeprefix("/opt/dragoman/") for path in each.split()} == code for each in commands)


def test_compose_fits_the_files_beside_it() -> None:
    text = (DEPLOY / "compose.yml").read_text()
    services = yaml.safe_load(text)["services"]
    build = services["service"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT and (ROOT / build["dockerfile"]).is_file()
    volumes = [volume for service in services.values() for volume in service["volumes"]]
    own = [volume.split(":")[0] for volume in volumes if volume.startswith((".", "/"))]
    assert own == ["./nginx.conf"] and (DEPLOY / own[0]).is_file()
    named = {volume.split(":")[0] for volume in volumes} & set(yaml.safe_load(text)["volumes"])
    assert named == set(yaml.safe_load(text)["volumes"])
    assert "socket:/run/dragoman" in services["service"]["volumes"]
    assert services["service"]["env_file"] == ".env"  # of the example's variables, those that compose does not ask for
    example = (DEPLOY / ".env.example").read_text()
    asked = set(VARIABLE.findall(text))
    assert asked == {name for name in asked if re.search(rf"^#?{name}=", example, re.M)}


def test_the_example_of_an_environment_holds_no_secret() -> None:
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {name for name, value in given.items() if value} == {"ADMIN_EMAIL"}

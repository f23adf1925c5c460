"""Eight clients of a service behind nginx, while it is reloaded, rolled, replaced and restarted: no request fails.

SIGHUP (the files are read again), `deploy/roll.sh` (new workers, one by one), SIGUSR2 (another master beside the old
one, which then ends), and a restart while somebody else, as systemd does, holds the socket.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import BACKENDS
from tests.deploy.behind import held, needs_nginx
from tests.dialects.conftest import SECRET, new_postgres
from tests.programs import ROOT, WAIT
from tests.programs import until as waited
from tests.reload.conftest import CONFIG
from tests.reload.running import Client, Running, of_process, running, serving, workers_of

pytestmark = needs_nginx
CLIENTS = 8
until = partial(waited, patience=120)  # the clients leave little of the machine to who starts
ASKED = (("GET", "/api/notes?limit=5", None, 200), ("POST", "/items/notes", {"body": "x"}, 201))


@dataclass
class Load:
    """A service whose master changes, and what its clients were answered."""

    service: Running
    command: Sequence[str]
    environment: dict[str, str]
    fds: Sequence[int]
    master: int
    pause: float = 0.0  # of a client after an answer
    wrong: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    written: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    counting: threading.Lock = field(default_factory=threading.Lock)

    # ---------------------------------------------------------------- clients

    def client(self, number: int) -> None:
        """Reads and writes in turn, over and over."""
        client = self.service.client()
        while not self.over.is_set():
            number += 1
            self.ask(client, *ASKED[number % 2])
            time.sleep(self.pause)

    def ask(self, client: Client, method: str, path: str, body: object, expected: int) -> None:
        """One request, which must be answered as expected."""
        begin = time.monotonic()
        try:
            status, said = client.send(method, path, body)
        except OSError as error:
            status, said = 0, repr(error).encode()
        self.times.append(time.monotonic() - begin)
        if status != expected:
            self.wrong.append(f"{method} {status} {said[:200]!r}")
        elif status == 201:
            with self.counting:
                self.written += 1

    def during(self, step: Callable[[], None]) -> str:
        """What was answered during a step, in words."""
        self.over.clear()
        self.times.clear()
        threads = [threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        begin = time.monotonic()
        try:
            step()
        finally:
            seconds = time.monotonic() - begin
            self.over.set()
            for thread in threads:
                thread.join()
        return f"{len(self.times)} answers in {seconds:.0f} s, the slowest took {max(self.times):.2f} s"

    def examined(self) -> None:
        """Nothing failed, and every row that was acknowledged is there."""
        assert self.wrong == [] and self.written > 0
        assert self.service.snapshot.system.fetch("SELECT count(*) FROM notes") == [(self.written,)]

    # ---------------------------------------------------------------- what is done to it

    def hang_up(self) -> None:
        """The files are read again; the workers stay."""
        workers, said = workers_of(self.master), self.service.log.count('"reloaded"')
        os.kill(self.master, signal.SIGHUP)
        until(lambda: self.service.log.count('"reloaded"') > said)
        assert workers_of(self.master) == workers

    def roll(self) -> None:
        """New workers, one by one."""
        before = workers_of(self.master)
        subprocess.run([ROOT / "deploy" / "roll.sh", str(self.master)], check=True)
        assert len(serving(self.master)) == len(before) and not set(before) & set(workers_of(self.master))

    def replace(self) -> None:
        """Another master in the place of the old one, once its workers serve. It takes a SIGUSR2 of its own once it has
        noticed that the old one is gone."""
        old, before, said = self.master, workers_of(self.master), self.service.log.count("promoted")
        os.kill(old, signal.SIGUSR2)
        until(lambda: any(map(serving, set(workers_of(old)) - set(before))))
        (self.master,) = set(workers_of(old)) - set(before)
        until(lambda: len(serving(self.master)) == len(before))
        ended(old)
        until(lambda: self.service.log.count("promoted") > said)

    def restart(self) -> None:
        """A service that ends, and then starts: what arrives meanwhile waits at the socket."""
        ended(self.master)
        with Path(self.service.folder, "log").open("a") as log:
            again = subprocess.Popen(
                self.command, cwd=self.service.folder, env=self.environment, stdout=log, stderr=log, pass_fds=self.fds
            )
        self.started.append(again)
        self.master = again.pid
        until(lambda: len(serving(self.master)) > 0)

    def end(self) -> None:
        """What `running` did not start, and so does not end."""
        if self.master != self.service.master:
            ended(self.master)
        for process in self.started:
            process.wait()


def ended(master: int) -> None:
    """End a master and its workers, and wait for that."""
    os.kill(master, signal.SIGTERM)
    until(lambda: gone(master))


def gone(process: int) -> bool:
    """Whether a process has ended, whoever shall wait for it."""
    said = of_process(process, "stat")
    return not said or said.rpartition(")")[2].split()[0] == "Z"


def said_of(service: Running, file: str) -> list[str]:
    """What the system knows of the process that `running` has started."""
    return of_process(service.master, file).split("\0")[:-1]


def environment_of(service: Running) -> dict[str, str]:
    """The same, of its environment."""
    return dict(each.split("=", 1) for each in said_of(service, "environ"))


@contextmanager
def loaded(request: pytest.FixtureRequest, folder: Path, backend: str, workers: int) -> Iterator[Load]:
    """A service with nothing in its table."""
    url = (
        new_postgres(request.getfixturevalue("postgres_server")) if backend == "postgres" else f"sqlite:///{folder}/db"
    )
    text = "server: {proxy_hops: 1}\n" + CONFIG.format(url=url, secret=f'"{SECRET}"')
    with held(folder, text, WEB_CONCURRENCY=str(workers)) as (service, prefix, fds):
        load = Load(service, (*prefix, *said_of(service, "cmdline")), environment_of(service), fds, service.master)
        try:
            yield load
        finally:
            load.end()


def test_nothing_fails_while_a_service_is_reloaded_rolled_and_replaced(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with loaded(request, tmp_path, "sqlite", 2) as load:
        load.pause = 0.03
        for step in (load.hang_up, load.roll, load.replace):
            load.during(step)
        load.examined()


def test_workers_that_are_still_starting_are_waited_for_and_rolled(tmp_path: Path) -> None:
    text = CONFIG.format(url=f"sqlite:///{tmp_path / 'db'}", secret=f'"{SECRET}"')
    with running(tmp_path, text, WEB_CONCURRENCY="1") as service:
        os.kill(service.master, signal.SIGTTIN)
        until(lambda: len(workers_of(service.master)) == 2)
        before = workers_of(service.master)
        subprocess.run([ROOT / "deploy" / "roll.sh", str(service.master)], check=True, timeout=WAIT)
        assert len(serving(service.master)) == 2 and not set(before) & set(workers_of(service.master))


def test_who_is_no_master_is_not_rolled() -> None:
    done = subprocess.run([ROOT / "deploy" / "roll.sh", "0"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "roll: there is no process 0\n")


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_fails_while_four_workers_are_reloaded_rolled_replaced_and_restarted(
    request: pytest.FixtureRequest, tmp_path: Path, backend: str, record_property: Callable[[str, object], None]
) -> None:
    with loaded(request, tmp_path, backend, 4) as load:
        steps = {
            "HUP": load.hang_up,
            "rolling": load.roll,
            "USR2": load.replace,
            "restart": load.restart,
        }
        for name, step in steps.items():
            for _ in range(2):
                record_property("figures", f"{backend}, {name}: {load.during(step)}")
        load.examined()

"""A service behind real gunicorn at a unix socket and real nginx, with the site of `deploy/nginx.conf` as it is.

Only what belongs to the machine is put in its place: the socket, the port, the log, and where nginx keeps its files.
How long a client may be silent is longer, so that a machine that has much to do does not look like a slow client.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.programs import ROOT, WAIT, free_port, until
from tests.reload.running import Running, running

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
MAIN = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    {paths}
    include {folder}/site.conf;
}}
"""


def site(folder: Path, port: int, text: str) -> str:
    """The site for this machine."""
    places = {
        "unix:/run/dragoman/dragoman.sock": f"unix:{folder}/socket",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "/var/log/nginx/dragoman.log": f"{folder}/access.log",
        "client_header_timeout 10s;": "client_header_timeout 120s;",
        "client_body_timeout 15s;": "client_body_timeout 120s;",
        "send_timeout 15s;": "send_timeout 120s;",
    }
    for written, here in places.items():
        assert written in text, written
        text = text.replace(written, here)
    return text


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[None]:
    """nginx, until the end."""
    assert NGINX is not None
    (folder / "site.conf").write_text(site(folder, port, (ROOT / "deploy" / "nginx.conf").read_text()))
    paths = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user, paths=paths))
    command = [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0 and "[warn]" not in checked.stderr, checked.stderr
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            until(lambda: _listens(port))
            yield
        finally:
            process.terminate()
            process.wait(WAIT)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def served(folder: Path, text: str, **others: str) -> Iterator[Running]:
    """The service of a configuration, and its port at nginx."""
    port = free_port()
    with (
        short_folder() as short,
        nginx(short, port),
        running(folder, text, port=port, BIND=f"unix:{short}/socket", **others) as made,
    ):
        yield made


@contextmanager
def held(folder: Path, text: str, **others: str) -> Iterator[tuple[Running, Sequence[str], Sequence[int]]]:
    """The same at a socket that we hold, as systemd does: it is there before the service, and after it. With it comes
    what a command needs before it, and which files, to be given the socket."""
    port = free_port()
    with short_folder() as short, nginx(short, port), socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{short}/socket")
        listening.listen(2048)
        prefix = ("bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{listening.fileno()}', "bash")
        fds = (listening.fileno(),)
        with running(folder, text, port=port, prefix=prefix, fds=fds, BIND=f"unix:{short}/socket", **others) as made:
            yield made, prefix, fds


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short, as the system wants it of a socket."""
    folder = Path(tempfile.mkdtemp(prefix="drg-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""A PostgreSQL server of the tests' own: a private port, an ordinary user, gone with the process that asked for it.

    with running_postgres() as server:
        url = server.create_database()                  # postgresql+psycopg://...
        server.make_template("schema", migrate)         # once; then every create is a fast copy
        url = server.create_database(template="schema")

Debian's packages bring the programs; `find_postgres` says where. PostgreSQL refuses root, so root hands the
server to an unprivileged account.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

ACCOUNTS: Final = ("postgres", "nobody")  # whoever of these exists runs the server when we are root
OWNER: Final = "tillgate"
START_SECONDS: Final = 30.0
PORT_ATTEMPTS: Final = 5
# The server ends, and takes its folder along, when its standard input closes: also when the tests are killed.
# A line starts it once more, after somebody killed it.
WATCHED: Final = (
    '"$@" & server=$!; while read -r _; do wait $server; "$@" & server=$!; done; '
    'kill -INT $server; wait $server; rm -rf "$TILLGATE_POSTGRES_FOLDER"'
)
LOG: Final = "server.log"
# What was acknowledged outlives the server's own death, as the machine goes on; for a power cut take "durable".
MORTAL: Final = {"fsync": "off"}
FAST: Final = MORTAL | {"synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS: Final = {
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresUnavailable(Exception):
    """There is no PostgreSQL on this machine, or it did not start; the text says what to do."""


class _PortTaken(PostgresUnavailable):
    """Somebody else was quicker."""


@dataclass
class PostgresServer:
    """A running server. Databases are named once and never reused."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    version: int = 0  # as PostgreSQL numbers itself: 150018 is 15.18
    _templates: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database, over TCP on loopback."""
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str | None = None) -> str:
        """Make a database of its own, empty or a copy of a template made before, and return its URL."""
        name = f"test_{next(self._numbers)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
        return self.url(name)

    def make_template(self, name: str, build: Callable[[str], None]) -> str:
        """Fill a database once by `build(url)`, which leaves no connection open; later calls return at once."""
        if name not in self._templates:
            self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            build(self.url(name))
            self._templates.add(name)
        return name

    def checkpoint(self) -> None:
        """Write down where everything stands."""
        with self.connect() as connection:
            connection.execute("CHECKPOINT")

    def drop_database(self, url: str) -> None:
        """Drop a database with whatever is still connected to it; one that is gone is fine."""
        name = make_url(url).database or ""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to no test's database, over the socket, that commits every statement by itself."""
        return psycopg.connect(host=str(self.folder), port=self.port, user=OWNER, dbname="postgres", autocommit=True)

    @property
    def pid(self) -> int:
        """The process over all of the server's others."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """As the kernel does that is out of memory: at once, whoever is connected. Only where there is /proc.

        Where somebody killed it already, this waits for what is left of it.
        """
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        # The others end by themselves once they miss the first; a new server waits for that.
        while _working_in(self.folder / "data"):
            time.sleep(0.005)

    def start_again(self) -> None:
        """After a kill: the same files on the same port. Returns once it takes connections."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"again\n")
        self.process.stdin.flush()
        _wait_until_ready(self)

    def stop(self) -> None:
        """End the server now, whoever is connected, and take its folder away."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=START_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)


def _working_in(folder: Path) -> bool:
    """Whether any process has this folder for its own: each of a server's has."""
    for each in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if each.readlink() == folder:
                return True
    return False


def find_postgres() -> Path | None:
    """The folder with the newest `initdb` and `postgres`, or None."""
    if sys.platform == "win32":
        return None
    on_path = shutil.which("initdb")
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(on_path).resolve().parent] if on_path else [])]
    complete = [folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return max(complete, key=_major_version, default=None)


def _major_version(folder: Path) -> int:
    digits = folder.parent.name
    return int(digits) if digits.isdigit() else 0


@contextlib.contextmanager
def running_postgres(*, durable: bool = False, mortal: bool = False) -> Iterator[PostgresServer]:
    """Start a server and stop it at the end. `durable` waits for the disk as a shop's server does (for benches).

    A `mortal` one may be killed and started again, and keeps what it acknowledged.

    Raises PostgresUnavailable where there is none or it does not start.
    """
    programs = find_postgres()
    if programs is None:
        raise PostgresUnavailable("PostgreSQL is not installed: sudo apt-get install postgresql")
    server = _start_on_a_free_port(programs, {} if durable else MORTAL if mortal else FAST)
    try:
        yield server
    finally:
        server.stop()


def _start_on_a_free_port(programs: Path, speed: dict[str, str]) -> PostgresServer:
    """Another program can take a free port before the server does: try again on the next."""
    for _ in range(PORT_ATTEMPTS - 1):
        with contextlib.suppress(_PortTaken):
            return _start(programs, speed)
    return _start(programs, speed)


def _start(programs: Path, speed: dict[str, str]) -> PostgresServer:
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="tillgate-postgres-", dir=_short_folder()))
    if account:
        shutil.chown(folder, account)
    try:
        _make_cluster(programs, folder, account)
        server = _launch(programs, folder, account, speed)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _short_folder() -> str | None:
    """A socket's path has 107 characters at most, and the server's account must reach it."""
    return "/tmp" if sys.platform.startswith("linux") else None  # noqa: S108 - mkdtemp makes a private folder in it


def _account() -> str | None:
    """The account the server runs as: None for our own, another when we are root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)


def _make_cluster(programs: Path, folder: Path, account: str | None) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", OWNER, "--auth", "trust"]
    command += ["--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        command, user=account, group=_group(account), extra_groups=[] if account else None, cwd=folder,
        env={"PATH": os.defpath}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        raise PostgresUnavailable(f"initdb failed:\n{made.stdout}{made.stderr}")


def _group(account: str | None) -> int | None:
    if account is None:
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    return pwd.getpwnam(account).pw_gid


def _launch(programs: Path, folder: Path, account: str | None, speed: dict[str, str]) -> PostgresServer:
    port = _free_port()
    settings = SETTINGS | speed
    settings |= {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder)}
    command = [str(programs / "postgres"), "-D", str(folder / "data")]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / LOG).open("ab") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, "sh", *command], stdin=subprocess.PIPE, stdout=output, stderr=output,
            user=account, group=_group(account), extra_groups=[] if account else None, cwd=folder,
            env={"PATH": os.defpath, "TILLGATE_POSTGRES_FOLDER": str(folder)}, start_new_session=True,
        )  # fmt: skip
    return PostgresServer(port, folder, process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with server.connect() as connection:
                server.version = connection.info.server_version
        except psycopg.OperationalError:
            said = (server.folder / LOG).read_text(errors="replace")
            if "could not bind" in said:
                raise _PortTaken(said) from None
            if "database system is shut down" in said or time.monotonic() > deadline:
                raise PostgresUnavailable(f"PostgreSQL did not start:\n{said}") from None
            time.sleep(0.02)
        else:
            return

"""What every test gets: a home of its own, hypothesis profiles, a PostgreSQL server, and a look at left threads."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.compiled import share_compiled_statements
from tests.postgres import PostgresServer, PostgresUnavailable, running_postgres

GRACE_SECONDS: Final = 30.0  # a thread that was told to stop may need a moment
# Folders whose single tests run for many seconds.
LONGEST: Final = frozenset({"stateful", "crash"})
IN_CI: Final = bool(os.environ.get("CI"))

# `dev.py campaign` and CI ask for their own; `print_blob` lets a failure be replayed anywhere.
settings.register_profile("dev", max_examples=50, deadline=None, print_blob=True)
settings.register_profile(
    "ci", parent=settings.get_profile("dev"), max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "campaign",
    parent=settings.get_profile("ci"),
    max_examples=5_000,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)
PROFILE: Final = "campaign" if os.environ.get("TILLGATE_CAMPAIGN") else "ci" if IN_CI else "dev"
settings.load_profile(PROFILE)


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home of its own, before anything asks where the user's is."""
    home = Path(tempfile.mkdtemp(prefix="tillgate-home-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        os.environ[name] = str(folder)
    # Never the keyring of whoever runs the tests: a test that wants one brings it.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    tear_down_when_terminated()
    share_compiled_statements()


def tear_down_when_terminated() -> None:
    """SIGTERM ends the run as Ctrl-C does: servers, browsers and displays are stopped and not left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header() -> str:
    return f"tillgate: hypothesis profile {PROFILE}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for the server is marked `postgres`; what takes longest comes first: no worker has it last."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


def pytest_collection_finish() -> None:
    """Modules and tests are there until the end: no collecting of garbage looks at them again."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """As in the application: widgets in cycles die on the Qt thread, never on a lane, nor on a thread of a later test.

    What came before a test is modules and the runner's own records: collecting need not look at them, which took more
    time than the tests themselves. Its own fixtures hold what they made until it is over.
    """
    if "qapp" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.freeze()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.enable()


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """What pytest-qt starts Qt with: as the till does."""
    from tillgate.ui import theme  # noqa: PLC0415 - most tests do without Qt

    return ["tillgate", *theme.ARGUMENTS]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server per test process (it starts in under a second). Left out only where there is none, never in CI."""
    try:
        with running_postgres() as server:
            yield server
    except PostgresUnavailable as reason:
        if IN_CI:
            raise
        pytest.skip(str(reason))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database of the test's own, as a SQLAlchemy URL."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """A thread that outlives its test holds up the end of the process, or works on things that are gone."""
    before = set(threading.enumerate())
    yield
    left = left_threads(before)
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        left[0].join(timeout=0.05)
        left = left_threads(before)
    assert not left, f"the test left threads running: {[thread.name for thread in left]}"


def left_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if not thread.daemon and thread not in before]

"""A process that has imported everything and forks children, so that a start costs milliseconds.

Reads one JSON request a line and answers one a line: {"do": "template" | "bank" | "warm" | "run" | "end", ...}.
No engine is open and no thread runs here when it forks.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from tests.crash import counter, driver, oracles, plants
from tests.crash.driver import ERROR
from tests.crash.shop import BANK, SharedClock, make_template, open_shop
from tillgate.providers import http
from tillgate.providers.net import tls_context
from tillgate.sandbox import SandboxServer

_LONGEST_S: Final = 180.0
_LOOK_EVERY_S: Final = 0.0005


def main() -> None:
    """Serve until the input ends; banks that still run end with it."""
    banks: list[int] = []
    try:
        for line in sys.stdin:
            print(json.dumps(_serve(json.loads(line), banks)), flush=True)  # noqa: T201 - the answer
    finally:
        for pid in banks:
            _end(pid)


def _warm_up(folder: Path) -> None:
    """Do every scene once, so that children find modules, templates and statements; all is closed before any fork."""
    # The bank is on loopback; reading certificates is half a start.
    plants.swap(http, "tls_context", cache(tls_context))
    people = counter.Counter(open_shop(folder), random.Random(0))
    for scene in counter.SCENES.values():
        scene(people)
    found = [*people.settle(), *oracles.faults(people.shop)]
    people.shop.close()
    if found or threading.active_count() > 1:
        raise RuntimeError(f"the till is not sound even unkilled: {found} {threading.enumerate()}")
    gc.collect()
    gc.freeze()


def _serve(request: dict[str, Any], banks: list[int]) -> dict[str, Any]:
    folder = Path(request["folder"])
    if request["do"] == "template":
        return _watch([_fork(folder / ERROR, lambda: make_template(folder))], [None])[0]
    if request["do"] == "bank":
        banks.append(_fork(folder / ERROR, lambda: _bank(folder)))
        return {"pid": banks[-1]}
    if request["do"] == "warm":
        _warm_up(folder)
        return {}
    if request["do"] == "end":
        banks.remove(request["pid"])
        _end(request["pid"])
        return {}
    jobs = [driver.Job(**each) for each in request["jobs"]]
    children = [_fork(each.mark(ERROR), partial(driver.run, each)) for each in jobs]
    return {"ends": _watch(children, request["kill_after"])}


def _fork(error: Path, work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the parent is told
        error.write_text(traceback.format_exc())
    finally:
        os._exit(status)


def _watch(children: list[int], kill_after: list[float | None]) -> list[dict[str, Any]]:
    """Wait for children, or kill each at its moment. `signal` is what it died of, or 0."""
    began = time.monotonic()
    ends: dict[int, dict[str, Any]] = {}
    while len(ends) < len(children):
        for pid, moment in zip(children, kill_after, strict=True):
            seconds = time.monotonic() - began
            if pid in ends:
                continue
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and seconds >= (_LONGEST_S if moment is None else moment):
                ended, status = _end(pid)
            if ended:
                died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                ends[pid] = {"signal": died, "status": status, "seconds": round(seconds, 4)}
        time.sleep(_LOOK_EVERY_S)
    return [ends[pid] for pid in children]


def _end(pid: int) -> tuple[int, int]:
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)


def _bank(folder: Path) -> None:
    """The sandbox with a ledger file and the shop's clock, until it is killed or its parent is gone."""
    parent = os.getppid()
    clock = SharedClock(folder / "clock")
    server = SandboxServer(ledger=folder / "bank.db", clock=clock.time).start()
    known = server.razorpay
    found = {"base_url": known.base_url, "key_id": known.key_id, "key_secret": known.key_secret}
    draft = folder / f"{BANK}.new"
    draft.write_text(json.dumps(found | {"control_url": server.control_url, "token": server.control_token}))
    draft.replace(folder / BANK)
    while os.getppid() == parent:
        time.sleep(0.5)
    server.stop()


if __name__ == "__main__":
    main()

"""Install the Debian package in a bare Debian and use it there as an ordinary user; then remove it. As root:

    python packaging/check_install.py                          dist/tillgate_*.deb in a new bare root
    python packaging/check_install.py PACKAGE --output FOLDER  keeping the demo's screenshots and papers
    python packaging/check_install.py --base FILE              the bare root's archive, to be quick the next time

It needs debootstrap, Xvfb and xdotool on this machine, and Debian's archive to install from. The screen is outside of
the bare root, which has nothing but what the package depends on. `makensis`, where it is found, reads the Windows
installer's script with a placeholder for the program: that it compiles, and no more.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from bare_root import USER, BareRoot, Failed, with_private_mounts

HERE: Final = Path(__file__).resolve().parent
INSTALLED: Final = Path("opt/tillgate")
# A plugin that is used only where GTK is installed anyway.
OPTIONAL: Final = "libqgtk3.so"
START_S: Final = 30
STOP_S: Final = 10


def main() -> int:
    """Check everything; 0, or 1 with what was seen at the first thing that is wrong."""
    parser = argparse.ArgumentParser(description="Install, use and remove Tillgate's Debian package.")
    parser.add_argument("package", type=Path, nargs="?", help="the package (the newest of dist/)")
    parser.add_argument("--suite", default="bookworm", help="which Debian (bookworm)")
    parser.add_argument("--base", type=Path, help="an archive of the bare root; written when it is missing")
    parser.add_argument("--output", type=Path, help="where screenshots and papers of the demo are kept")
    options = parser.parse_args()
    package = options.package or newest()
    with_private_mounts()
    with tempfile.TemporaryDirectory(prefix="tillgate-root-") as folder:
        try:
            use(Path(folder), package, options)
        except (Failed, subprocess.TimeoutExpired) as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
        finally:
            if Path(folder, "proc").is_mount():
                subprocess.run(["umount", f"{folder}/proc"], check=True)
    return 0


def newest() -> Path:
    """The package that was built last into dist/. SystemExit where there is none."""
    found = sorted((HERE.parent / "dist").glob("tillgate_*.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit("dist/ has no package: python packaging/build.py makes one.")
    return found[-1]


def use(folder: Path, package: Path, options: argparse.Namespace) -> None:
    """Every step, each reported with the time it took."""
    step("the script of the Windows installer", check_windows_script)
    made: list[BareRoot] = []
    step("a bare Debian", lambda: made.append(BareRoot.make(folder, options.suite, options.base)))
    root = made[0]
    step(f"install {package.name} ({package.stat().st_size / 1e6:.1f} MB)", lambda: root.install(package))
    step("files, menu entry and libraries", lambda: check_files(root))
    step("tillgate --help", lambda: check_help(root))
    step("tillgate check", lambda: check_books(root, "books"))
    step("tillgate sandbox --json", lambda: check_sandbox(root))
    step("tillgate demo --offscreen", lambda: check_demo(root, options.output))
    step("a window", lambda: check_window(root))
    step("remove", lambda: check_removal(root))


def step(name: str, check: Callable[[], str | None]) -> None:
    """Do one step and say what it found."""
    begun = time.monotonic()
    found = check()
    print(f"{time.monotonic() - begun:6.1f} s  {name}{': ' if found else ''}{found or ''}", flush=True)


def check_windows_script() -> str:
    """Compile it with a placeholder for the program."""
    if shutil.which("makensis") is None:
        return "not checked, makensis is not installed"
    with tempfile.TemporaryDirectory() as folder:
        payload = Path(folder) / "payload"
        (payload / "_internal").mkdir(parents=True)
        for name in ("tillgate.exe", "_internal/placeholder"):
            (payload / name).write_text("placeholder")
        values = ["-DVERSION=0", f"-DPAYLOAD={payload}", f"-DOUTPUT={folder}/tillgate-0-setup.exe"]
        command = ["makensis", "-V2", "-WX", *values, str(HERE / "windows" / "tillgate.nsi")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"makensis: {done.stdout}{done.stderr}")
    return "it compiles with a placeholder, which tests no installer"


def check_files(root: BareRoot) -> str:
    """What was installed is what was packed, it is in the menu, and every library it needs is there."""
    if altered := root.must(["dpkg", "--verify", "tillgate"]):
        raise Failed(f"dpkg --verify: {altered}")
    entry = root.folder / "usr/share/applications/tillgate.desktop"
    if shutil.which("desktop-file-validate"):
        done = subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(done.stdout)
    libraries = [path for path in (root.folder / INSTALLED).rglob("*.so*") if path.is_file() and not path.is_symlink()]
    inside = [f"/{path.relative_to(root.folder)}" for path in libraries if path.name != OPTIONAL]
    found = root.must(
        ["ldd", *inside, "/opt/tillgate/tillgate"], variables={"LD_LIBRARY_PATH": f"/{INSTALLED}/_internal"}
    )
    if missing := sorted({line.strip() for line in found.splitlines() if "not found" in line}):
        raise Failed(f"libraries that nothing brings: {missing}")
    files = [path for path in (root.folder / INSTALLED).rglob("*") if path.is_file() and not path.is_symlink()]
    return f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB, {len(libraries)} libraries"


def check_help(root: BareRoot) -> str:
    """The command is on the PATH of an ordinary user and names its subcommands."""
    said = root.must(["tillgate", "--help"], user=USER)
    if missing := [word for word in ("run", "demo", "sandbox", "check") if f"    {word} " not in said]:
        raise Failed(f"--help does not name {missing}:\n{said}")
    return said.splitlines()[0]


def check_books(root: BareRoot, folder: str) -> str:
    """A database is brought to this version's schema, or is at it, and every gate is well."""
    command = ["tillgate", "check", "--mode", "training", "--data", folder]
    said = root.must(command, user=USER, variables={"QT_QPA_PLATFORM": "offscreen"})
    if "database: ok" not in said or not (root.home / folder / "training" / "tillgate.db").is_file():
        raise Failed(f"check said:\n{said}")
    return f"{len(said.splitlines())} gates"


def check_sandbox(root: BareRoot) -> str:
    """It starts, says where it is, takes an order with its keys and none without, serves its pages, and stops."""
    begun = time.monotonic()
    sandbox = root.start(["tillgate", "sandbox", "--json"])
    try:
        razorpay = json.loads(line_of(sandbox))["razorpay"]
        listening_s = time.monotonic() - begun
        wanted = {"amount": 50_000, "currency": "INR", "receipt": "check-install"}
        status, answer = ask(f"{razorpay['base_url']}/v1/orders", wanted, razorpay)
        if status != 200 or json.loads(answer)["amount"] != 50_000:
            raise Failed(f"an order was answered with {status}: {answer[:300]!r}")
        refused, _ = ask(f"{razorpay['base_url']}/v1/orders", wanted, {**razorpay, "key_secret": "wrong"})
        script, code = ask(razorpay["checkout_js_url"])
        if (refused, script) != (401, 200) or b"Razorpay" not in code:
            raise Failed(f"a wrong key was answered with {refused}, checkout.js with {script}")
    finally:
        sandbox.terminate()
        ended = sandbox.wait(STOP_S)
    if ended != 0:
        raise Failed(f"stopped with SIGTERM it ended with {ended}: {sandbox.communicate()[1][-2000:]}")
    return f"listening after {listening_s:.1f} s"


def line_of(process: subprocess.Popen[str]) -> str:
    """The first line a process prints. Raises Failed when none comes in time."""
    output = process.stdout
    if output is None or not select.select([output], [], [], START_S)[0]:
        raise Failed(f"nothing was printed in {START_S} s")
    line = output.readline()
    if not line:
        raise Failed(f"it ended: {process.communicate()[1][-2000:]}")
    return line


def ask(url: str, body: dict[str, Any] | None = None, keys: dict[str, str] | None = None) -> tuple[int, bytes]:
    """One request to loopback: the status and the body of the answer."""
    request = urllib.request.Request(url, data=json.dumps(body).encode() if body else None)  # noqa: S310 - http only
    request.add_header("Content-Type", "application/json")
    if keys:
        pair = f"{keys['key_id']}:{keys['key_secret']}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(request, timeout=START_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check_demo(root: BareRoot, output: Path | None) -> str:
    """The demo plays itself without a screen, and leaves screenshots and papers."""
    root.must(["tillgate", "demo", "--offscreen", "--output", "demo"], user=USER, timeout_s=300)
    made = sorted((root.home / "demo").rglob("*.*"))
    pictures = [path for path in made if path.read_bytes().startswith(b"\x89PNG")]
    papers = [path for path in made if path.read_bytes().startswith(b"%PDF")]
    if not pictures or not papers:
        raise Failed(f"the demo left {[path.name for path in made]}")
    if output is not None:
        shutil.copytree(root.home / "demo", output / "demo", dirs_exist_ok=True)
    return f"{len(pictures)} screenshots, {len(papers)} papers"


def check_window(root: BareRoot) -> str:
    """The till opens on an X screen and stays; killed, it leaves books that are whole."""
    with screen() as display:
        begun = time.monotonic()
        till = root.start(["tillgate", "demo", "--data", "shop"], variables={"DISPLAY": display})
        try:
            wait_for_window(till, display, "^Tillgate$")
            first_s = time.monotonic() - begun
            # The shell's title begins with the store's name: the books are open and somebody can sign in.
            wait_for_window(till, display, ". – Tillgate$")
            open_s = time.monotonic() - begun
            time.sleep(5)
            if till.poll() is not None:
                raise Failed(f"the till ended with {till.returncode}: {till.communicate()[1][-2000:]}")
        finally:
            till.kill()
            till.wait(STOP_S)
    check_books(root, "shop")
    return f"the first after {first_s:.1f} s, the till with its new sample shop after {open_s:.1f} s"


@contextmanager
def screen() -> Iterator[str]:
    """An X server of our own with a free number; its name for DISPLAY."""
    if missing := [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]:
        raise Failed(f"not installed here: {', '.join(missing)}")
    told, tell = os.pipe()
    command = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1366x768x24", "-ac", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        with os.fdopen(told) as pipe:
            yield f":{number_of(pipe)}"
    finally:
        server.terminate()
        server.wait(STOP_S)


def number_of(pipe: IO[str]) -> int:
    """The number of the display that an X server took."""
    if not select.select([pipe], [], [], START_S)[0]:
        raise Failed(f"Xvfb did not start in {START_S} s")
    return int(pipe.readline())


def wait_for_window(till: subprocess.Popen[str], display: str, title: str) -> None:
    """Until a window is shown whose title matches. Raises Failed when none is in time, or the till ends."""
    outside = {**os.environ, "DISPLAY": display}
    search = ["xdotool", "search", "--onlyvisible", "--name", title]
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        if till.poll() is not None:
            raise Failed(f"the till ended with {till.returncode}: {till.communicate()[1][-2000:]}")
        if subprocess.run(search, env=outside, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise Failed(f"no window {title!r} was shown in {START_S} s")


def check_removal(root: BareRoot) -> str:
    """Purged, nothing of it is left but what its users made, which is all there."""
    owned = root.must(["dpkg", "--listfiles", "tillgate"]).splitlines()
    root.purge("tillgate")
    left = [path for path in owned if "tillgate" in path and os.path.lexists(root.folder / path.lstrip("/"))]
    others = ("/home/", "/tmp/", "/var/cache/", "/var/lib/apt/", "/var/lib/dpkg/", "/var/log/")  # noqa: S108
    found = root.must(["find", "/", "-xdev", "-iname", "*tillgate*"]).splitlines()
    left += [path for path in found if not path.startswith(others)]
    if left:
        raise Failed(f"left behind: {sorted(set(left))}")
    if not (root.home / "shop/training/tillgate.db").is_file():
        raise Failed("a user's books are gone")
    return f"{len(owned)} paths gone, the user's books kept"


if __name__ == "__main__":
    sys.exit(main())

"""`tillgate demo`: the till in training mode on the sample shop; without a screen it plays a sale by itself."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tillgate.app.profile import Profile
from tillgate.domain.payment import Mode


def run_demo(data: Path | None, output: Path, *, offscreen: bool = False) -> int:
    """Open the demo, or play it where there is no screen; the exit status."""
    if not offscreen and has_screen():
        return _open(data or Path(tempfile.mkdtemp(prefix="tillgate-demo-")))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.stdout.write("There is no screen here: the demo plays by itself.\n" if not offscreen else "")
    if data is not None:
        return _play(data, output)
    with tempfile.TemporaryDirectory(prefix="tillgate-demo-") as folder:
        return _play(Path(folder), output)


def has_screen() -> bool:
    """Whether a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(folder: Path) -> int:
    from tillgate.app.plain_imports import import_plainly  # noqa: PLC0415 - Qt is loaded for the kind that is played

    import_plainly()
    from tillgate.app.main import run_application  # noqa: PLC0415
    from tillgate.app.sample import prepare_training  # noqa: PLC0415

    return run_application(Mode.TRAINING.value, folder, None, "T1", prepare=prepare_training)


def _play(folder: Path, output: Path) -> int:
    from tillgate.app.plain_imports import import_plainly  # noqa: PLC0415

    import_plainly()
    from tillgate.app.demo_play import Play  # noqa: PLC0415 - after the platform was chosen

    return Play(Profile(Mode.TRAINING, folder), output).run()

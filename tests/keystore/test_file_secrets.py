"""The store's own secret: made once, for a new store, where nobody else can read it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tillgate.domain.errors import Refused, Unavailable
from tillgate.keystore.file_secrets import FILE_NAME, SECRET_NAME, Place, StoreSecret, load_store_secret
from tillgate.keystore.keyring_store import MemoryStore


class Broken(MemoryStore):
    """A keyring in one of its states."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    def load(self, name: str) -> str | None:
        raise Unavailable(self.code)


def test_a_new_store_keeps_its_secret_in_the_keyring(tmp_path: Path) -> None:
    keyring = MemoryStore()
    made = load_store_secret(tmp_path, keyring, create=True)
    assert (made.place, made.path) == (Place.KEYRING, None)
    assert list(tmp_path.iterdir()) == []
    again = load_store_secret(tmp_path, keyring, create=False)
    assert (again.pepper, again.audit_key) == (made.pepper, made.audit_key)
    assert len(made.pepper) == len(made.audit_key) == 32
    assert made.pepper != made.audit_key
    assert (keyring.load(SECRET_NAME) or "nothing kept") not in repr(made)


@pytest.mark.parametrize("keyring", [None, Broken("keyring_absent")])
def test_without_a_keyring_it_is_a_file_that_only_its_owner_reads(tmp_path: Path, keyring: MemoryStore | None) -> None:
    folder = tmp_path / "store"
    before = os.umask(0)
    try:
        made = load_store_secret(folder, keyring, create=True)
    finally:
        os.umask(before)
    path = folder / FILE_NAME
    assert (made.place, made.path) == (Place.FILE, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.iterdir()] == [FILE_NAME]
    again = load_store_secret(folder, keyring, create=False)
    assert again.pepper == made.pepper
    # A keyring that appears later does not take over: every PIN would be wrong.
    assert load_store_secret(folder, MemoryStore(), create=True).pepper == made.pepper


@pytest.mark.parametrize("code", ["keyring_locked", "keyring_slow"])
@pytest.mark.parametrize("create", [True, False])
def test_a_locked_keyring_is_waited_for_and_never_replaced(tmp_path: Path, code: str, create: bool) -> None:
    with pytest.raises(Unavailable, match=code):
        load_store_secret(tmp_path, Broken(code), create=create)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_exists_never_gets_a_new_secret(tmp_path: Path) -> None:
    for keyring in (None, MemoryStore()):
        with pytest.raises(Refused, match="store_secret_missing"):
            load_store_secret(tmp_path, keyring, create=False)
    with pytest.raises(Unavailable, match="keyring_absent"):
        load_store_secret(tmp_path, Broken("keyring_absent"), create=False)
    spoilt = MemoryStore()
    spoilt.save(SECRET_NAME, "short")
    with pytest.raises(Refused, match="store_secret_damaged"):
        load_store_secret(tmp_path, spoilt, create=True)


@pytest.mark.parametrize("problem", ["mode", "symlink", "folder", "fifo", "damaged", "empty"])
def test_a_file_that_cannot_be_trusted_is_refused_and_left_alone(tmp_path: Path, problem: str) -> None:
    made = load_store_secret(tmp_path, None, create=True)
    assert made.path is not None
    path, content = made.path, made.path.read_bytes()
    code = "secret_file_unsafe"
    if problem == "mode":
        path.chmod(0o640)
    elif problem in ("damaged", "empty"):
        code = "secret_file_damaged"
        path.write_bytes(content[:-1] + b"Z" if problem == "damaged" else b"")
    else:
        path.rename(tmp_path / "elsewhere")
        if problem == "symlink":
            path.symlink_to("elsewhere")
        elif problem == "folder":
            path.mkdir()
        else:
            os.mkfifo(path, 0o600)
    with pytest.raises(Refused, match=code) as raised:
        load_store_secret(tmp_path, MemoryStore(), create=True)
    assert content.decode() not in str(raised.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    made = load_store_secret(tmp_path, None, create=True)
    assert made.path is not None
    os.chown(made.path, 65534, 65534)
    with pytest.raises(Refused, match="owner"):
        load_store_secret(tmp_path, None, create=False)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(Unavailable, match="secret_file_unwritable"):
        load_store_secret(blocked / "store", None, create=True)


def test_many_that_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    found: list[StoreSecret] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        found.append(load_store_secret(tmp_path, None, create=True))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({secret.pepper for secret in found}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_importing_it_does_not_import_keyring() -> None:
    code = (
        "import sys, tillgate.keystore.keyring_store, tillgate.keystore.file_secrets; print('keyring' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

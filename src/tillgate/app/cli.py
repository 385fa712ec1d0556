"""The installed application's commands: `tillgate --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tillgate.app.profile import Profile, default_root, kept_profile
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0 well, 1 something is wrong, 2 it could not be done at all."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run or _run
    try:
        return run(options)
    except TillgateError as error:
        return _cannot(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tillgate",
        description="Point of sale for shops that are paid through hosted checkouts and mobile money.",
    )
    parser.set_defaults(run=None, mode=None, data=None, database=None, till=None)
    commands = parser.add_subparsers(title="commands")
    _add_run(commands)
    _add_demo(commands)
    _add_sandbox(commands)
    _add_check(commands)
    _add_unlock(commands)
    _add_import(commands)
    _add_daily(commands)
    _add_cleanup(commands)
    _add_password(commands)
    _add_till(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="open the till (the default)")
    run.add_argument("--mode", choices=[mode.value for mode in Mode], help="training, test or live; asked at first")
    _add_place(run)
    run.set_defaults(run=_run)


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser("demo", help="open the till in training mode with a sample shop")
    demo.add_argument("--output", type=Path, default=Path("demo-output"), help="where screenshots and papers go")
    demo.add_argument("--offscreen", action="store_true", help="play the demo by itself, without a screen")
    demo.add_argument("--data", type=Path, help="the folder of the till's files; a new one if not given")
    demo.set_defaults(run=_demo)


def _add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sandbox = commands.add_parser("sandbox", help="run the providers' sandbox alone, on this computer")
    sandbox.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    sandbox.add_argument("--ledger", type=Path, help="the file of its books; in memory if not given")
    sandbox.add_argument("--json", action="store_true", help="print addresses and test keys as JSON on one line")
    sandbox.set_defaults(run=_sandbox)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="check the database, the books and the audit chain")
    check.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(check)
    check.set_defaults(run=_check)


def _add_unlock(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    unlock = commands.add_parser("unlock", help="let a person sign in again who was locked out by wrong PINs")
    unlock.add_argument("name", help="the name they sign in with")
    unlock.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(unlock)
    unlock.set_defaults(run=_unlock)


def _add_import(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    importing = commands.add_parser(
        "import", help="add a shop or a clinic from a JSON file, or invoices from a CSV file"
    )
    importing.add_argument(
        "file", type=Path, help="of the form of the sample's shop.json or clinic.json, or devices' invoices as CSV"
    )
    importing.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(importing)
    importing.set_defaults(run=_import)


def _add_daily(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    daily = commands.add_parser("daily-invoices", help="invoice every device up to today, as the till does by itself")
    daily.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(daily)
    daily.set_defaults(run=_daily)


def _add_cleanup(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cleaning = commands.add_parser(
        "cleanup-invoices", help="end payment invoices whose time is over, as the till does by itself"
    )
    cleaning.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(cleaning)
    cleaning.set_defaults(run=_cleanup)


def _add_password(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    password = commands.add_parser("password", help="keep a shared database's password in the keyring")
    password.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
    _add_place(password)
    password.set_defaults(run=_password)


def _add_till(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    adding = commands.add_parser("add-till", help="show a code by which a new till joins this store")
    joining = commands.add_parser("join", help="make this computer a new till of a store, with a code from another")
    for command, run in ((adding, _add), (joining, _join)):
        command.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.LIVE.value)
        _add_place(command)
        command.set_defaults(run=run)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the folder of the till's files")
    parser.add_argument(
        "--database",
        help="a shared PostgreSQL database, as postgresql://user@host/name; never with a password, which comes from "
        "the keyring, PGPASSWORD, a .pgpass file or the terminal",
    )
    parser.add_argument("--till", help="this till's name in the store (T1, or as it joined)")


# Each command imports what it needs: opening the till must not wait for the sandbox, nor the sandbox for Qt.


def _run(options: argparse.Namespace) -> int:
    from tillgate.app.plain_imports import import_plainly  # noqa: PLC0415

    import_plainly()
    from tillgate.app.main import run_application  # noqa: PLC0415

    return run_application(options.mode, options.data, _database(options), options.till)


def _demo(options: argparse.Namespace) -> int:
    from tillgate.app.demo import run_demo  # noqa: PLC0415

    return run_demo(options.data, options.output, offscreen=options.offscreen)


def _sandbox(options: argparse.Namespace) -> int:
    from tillgate.sandbox import run_sandbox  # noqa: PLC0415

    ledger = options.ledger if options.ledger is not None else ":memory:"
    return run_sandbox(options.port, ledger, json_output=options.json)


def _check(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import run_check  # noqa: PLC0415

    return _say(*run_check(_profile(options)))


def _unlock(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import run_unlock  # noqa: PLC0415

    return _say(*run_unlock(_profile(options), options.name))


def _import(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import run_import  # noqa: PLC0415

    return _say(*run_import(_profile(options), options.file))


def _daily(options: argparse.Namespace) -> int:
    from tillgate.app.devices import run_daily_invoices  # noqa: PLC0415

    return _say(*run_daily_invoices(_profile(options)))


def _cleanup(options: argparse.Namespace) -> int:
    from tillgate.app.prompts import run_cleanup_invoices  # noqa: PLC0415

    return _say(*run_cleanup_invoices(_profile(options)))


def _password(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import run_password  # noqa: PLC0415

    return _say(*run_password(_profile(options)))


def _add(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import ask_secretly, open_for_owner  # noqa: PLC0415
    from tillgate.app.joining import run_add_till  # noqa: PLC0415

    return _say(*run_add_till(open_for_owner(_profile(options))[0], input, ask_secretly))


def _join(options: argparse.Namespace) -> int:
    from tillgate.app.integrity import ask_secretly  # noqa: PLC0415
    from tillgate.app.joining import run_join  # noqa: PLC0415

    return _say(*run_join(_profile(options), ask_secretly))


def _database(options: argparse.Namespace) -> str | None:
    if options.database is None:
        return None
    from tillgate.app.shared_database import checked_url  # noqa: PLC0415

    return checked_url(options.database)


def _profile(options: argparse.Namespace) -> Profile:
    return kept_profile(Mode(options.mode), options.data or default_root(), options.till, _database(options))


def _cannot(error: TillgateError) -> int:
    """Say why nothing was done; the code stands with it, for whoever is asked for help."""
    from tillgate.ui.message_text import message_for  # noqa: PLC0415

    words = message_for(error)
    print(" ".join(part for part in (words.what, words.next, f"[{error.code}]") if part), file=sys.stderr)
    return 2


def _say(status: int, lines: list[str]) -> int:
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`, `python -m bench`: measures, prints the table, leaves nothing behind."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from bench.customers import MOST, SYNCED, told
from bench.measure import QUICK, WHOLE, Bench, Measured
from bench.report import as_json, table
from bench.systems import Systems
from embedded.process import CannotStart


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 also where a bar is missed: the table says so, and a busy machine is no failure."""
    parser = argparse.ArgumentParser(
        prog="bench", description="Calls a second, milliseconds, CPU, as ratios in one run."
    )
    parser.add_argument("--quick", action="store_true", help="short: for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to FILE as well")
    parser.add_argument("--only", choices=["calls", "customers"], help="one part of it")
    parser.add_argument("--customers", type=int, default=MOST, metavar="N", help="how many customers at most")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    began = time.monotonic()
    systems: Systems | None = None
    bench: Bench | None = None
    measured: Measured | None = None
    customers: dict[str, Any] | None = None
    try:
        _say("starting")
        systems = Systems()
        systems.start()
        if options.only != "customers":
            bench = Bench(systems, QUICK if options.quick else WHOLE, _say)
            measured = bench.run()
            bench.close()
        if options.only != "calls":
            _say("customers: this takes a few minutes")
            customers = systems.customers(min(options.customers, SYNCED) if options.quick else options.customers)
    except _Stopped:
        _say("")
        return 130
    except CannotStart as problem:
        _say("")
        print(problem, file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # nothing may stop the tidying up
        if bench is not None:
            bench.close()
        if systems is not None:
            systems.stop()
    _say("")
    if measured:
        print(table(measured))
    if customers:
        print("\n".join(told(customers)))
    print(f"Took {time.monotonic() - began:.0f} s.")
    if options.json:
        samples = {"calls": as_json(measured) if measured else None, "customers": customers}
        options.json.write_text(json.dumps(samples, indent=1), encoding="utf-8")
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _say(what: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

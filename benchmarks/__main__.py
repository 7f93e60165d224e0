"""`make bench`: starts a platform in a temporary directory and prints what it reaches beside yardsticks and targets.

`--short` takes a minute and is meant for CI; `--only PART` measures one part.
"""

from __future__ import annotations

import argparse
import os
import platform as machine
import sys
import time
from dataclasses import dataclass

from benchmarks import domain, forks, lives, memory, records, traffic
from benchmarks.figures import Figure, show, write
from benchmarks.stage import make_services, yardstick
from tests.platform import Platform

PARTS = ("sandbox", "memory", "gateway", "rest", "calls", "data", "starts", "kills", "records")


@dataclass(frozen=True)
class Size:
    """How often and how long each part measures."""

    rounds: int
    seconds: float
    starts: int
    kills: int
    services: int  # beside the one that is measured
    records: int


SHORT = Size(rounds=3, seconds=0.8, starts=15, kills=20, services=50, records=50_000)
FULL = Size(rounds=7, seconds=2.0, starts=25, kills=50, services=50, records=100_000)


class Bench:
    """Runs the wanted parts in order: few services first, many later."""

    def __init__(self, platform: Platform, size: Size, wanted: tuple[str, ...]) -> None:
        self.platform, self.size, self.wanted = platform, size, wanted
        self.figures: list[Figure] = []

    def add(self, title: str, figures: list[Figure]) -> None:
        show(title, figures)
        self.figures += figures

    def run(self) -> None:
        if "sandbox" in self.wanted:
            self.add("One sandbox", forks.sandbox_start(count=self.size.starts * 2))
        if "memory" in self.wanted:
            self.add("Platform", lives.platform_start(self.platform) + memory.idle(self.platform))
        if "records" in self.wanted:
            figures = records.queries(count=self.size.records, rounds=self.size.rounds * 10)
            self.add(f"Indexed queries on {self.size.records} records", figures)
        make_services(self.platform, ["bench-0"])
        self._traffic()
        self._lives()

    def _traffic(self) -> None:
        platform, size = self.platform, self.size
        if "gateway" in self.wanted:
            with yardstick() as bare:
                port = platform.processes.port
                figures = traffic.gateway(port, bare, rounds=size.rounds, seconds=size.seconds)
            self.add("Requests to a service", figures)
        if "rest" in self.wanted:
            rest = traffic.beside_rest(platform, rounds=size.rounds, seconds=size.seconds)
            rest += traffic.rest_alone(platform, seconds=size.seconds)
            self.add("Requests to a service while REST is busy", rest)
        if "calls" in self.wanted:
            self.add("Host calls", traffic.host_calls(platform, rounds=size.rounds, milliseconds=300))

        if "data" in self.wanted:
            self.add("Data", domain.measure_all(platform, seconds=size.seconds))

    def _lives(self) -> None:
        platform, size = self.platform, self.size
        if not {"starts", "kills", "memory"} & set(self.wanted):
            return
        starts = []
        if "starts" in self.wanted:
            make_services(platform, ["start-0"])
            starts += lives.starts(platform, "start-0", count=size.starts, what="1 running", target=None)
        make_services(platform, [f"fill-{number}" for number in range(1, size.services)])
        among = f"{size.services} running"
        if "starts" in self.wanted:
            starts += lives.starts(platform, "start-0", count=size.starts, what=among, target=25, aim=16)
            lives.keep_busy(platform, 2)
            busy = f"{among}, two busy tasks"
            starts += lives.starts(platform, "start-0", count=size.starts, what=busy, target=60)
            lives.end_busy(platform)
            self.add("Starting one more service", starts)
        if "kills" in self.wanted:
            self.add(f"Crashes, {among}", lives.kills(platform, "bench-0", count=size.kills))
        if "memory" in self.wanted:
            self.add("Memory", memory.marginal(platform, first=size.services, last=2 * size.services))


def main() -> int:
    """Exit code 0 when everything could be measured, whatever it reached."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a minute instead of four")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part (may be repeated)")
    options = parser.parse_args()
    write(f"{machine.platform()}, Python {machine.python_version()}, {os.cpu_count()} CPUs\n")
    begun = time.monotonic()
    # A benchmark's kills come faster than any real crash would.
    environment = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "M3M_RUNTIME_HEALTHY_AFTER": "1ms",
        "M3M_SERVER_RATE_LIMIT": "",
    }
    with Platform(**environment) as platform:
        bench = Bench(platform, SHORT if options.short else FULL, tuple(options.only or PARTS))
        bench.run()
    short = [figure.name for figure in bench.figures if figure.verdict == "SHORT"]
    lasted = time.monotonic() - begun
    write(f"\n{lasted:.0f} s; {'all targets met' if not short else 'short: ' + '; '.join(short)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Requests through the gateway beside the yardstick, while REST is busy, and host calls."""

from __future__ import annotations

import json
from contextlib import ExitStack

from benchmarks.figures import Figure, median
from benchmarks.stage import Traffic, get_request, load, measure, post_request, result
from tests.platform import Platform

CONNECTIONS = (1, 32, 256)
REST_CLIENTS = 4


def gateway(port: int, bare: int, *, rounds: int, seconds: float) -> list[Figure]:
    """Our route and the yardstick in turn, so that what else the machine does meets both alike."""
    figures = []
    for connections in CONNECTIONS:
        ours: list[Traffic] = []
        theirs: list[Traffic] = []
        for _ in range(rounds):
            theirs.append(measure(bare, connections, seconds, post_request("")))
            ours.append(measure(port, connections, seconds, post_request("/r/bench-0")))
        figures += _compare(connections, ours, theirs)
    return figures


def _compare(connections: int, ours: list[Traffic], theirs: list[Traffic]) -> list[Figure]:
    judged = connections == 32
    rate, p50, p99 = (median([getattr(one, key) for one in ours]) for key in ("rate", "p50", "p99"))
    bare_rate, bare_p50, bare_p99 = (
        median([getattr(one, key) for one in theirs]) for key in ("rate", "p50", "p99")
    )
    name = f"{connections} connections: "
    return [
        Figure(f"{name}gateway", rate, "/s", note=f"bare uvicorn {bare_rate:,.0f} /s"),
        Figure(
            f"{name}gateway : bare uvicorn",
            median([mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)]),
            "×",
            target=0.6 if judged else None,
            aim=0.7 if judged else None,
            least=True,
        ),
        Figure(f"{name}p50", p50, "ms", note=f"bare uvicorn {bare_p50:.2f} ms"),
        Figure(
            f"{name}p99", p99, "ms", target=2 * bare_p99 if judged else None, note=f"bare {bare_p99:.2f} ms"
        ),
    ]


def beside_rest(platform: Platform, *, rounds: int, seconds: float) -> list[Figure]:
    """The gateway's p99 at 32 connections, calm and while four clients read the list of projects."""
    port = platform.processes.port
    route = post_request("/r/bench-0")
    listing = get_request("/api/projects", platform.login())
    calm: list[Traffic] = []
    busy: list[Traffic] = []
    rest: list[Traffic] = []
    for _ in range(rounds):
        calm.append(measure(port, 32, seconds, route))
        with ExitStack() as stack:
            other = stack.enter_context(load(port, REST_CLIENTS, seconds + 1.0, listing))
            busy.append(measure(port, 32, seconds, route))
            rest.append(result(other))
    quiet, noisy = median([one.p99 for one in calm]), median([one.p99 for one in busy])
    return [
        Figure("p99 at 32 connections, calm", quiet, "ms"),
        Figure("p99 beside four clients of a REST list", noisy, "ms", target=2 * quiet),
        Figure("requests/s beside them", median([one.rate for one in busy]), "/s"),
        Figure("REST list, four clients, meanwhile", median([one.rate for one in rest]), "/s"),
    ]


def rest_alone(platform: Platform, *, seconds: float) -> list[Figure]:
    alone = measure(
        platform.processes.port, REST_CLIENTS, seconds, get_request("/api/projects", platform.login())
    )
    return [Figure("REST list, four clients, alone", alone.rate, "/s", note=f"p99 {alone.p99:.1f} ms")]


def host_calls(platform: Platform, *, rounds: int, milliseconds: int) -> list[Figure]:
    """service.info() in a loop inside one request."""
    rates, refused = [], 0
    for _ in range(rounds):
        answer = platform.request("GET", f"/r/bench-0/calls?ms={milliseconds}")
        data = json.loads(answer.text)
        rates.append(data["made"] / data["ms"] * 1000)
        refused += data["refused"]
    note = f"{refused} were refused" if refused else ""
    return [Figure("host calls of one service", median(rates), "/s", note=note)]

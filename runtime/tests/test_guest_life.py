"""Phases, waiting, floods and sizes: the rest of the limits, each in a real sandbox."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from runtime.sandbox.frames import Kind
from runtime.tests.client import PATIENCE
from runtime.tests.harness import TestZygote, wait_until

MIB = 1 << 20


def slow_host(_name: str, _arguments: list[Any]) -> dict[str, Any]:
    time.sleep(1.5)
    return {"v": "late"}


class PhaseTest:
    def test_they_come_in_order_and_wait_for_the_barrier(self, sandboxes: TestZygote) -> None:
        main = """const say = (word) => async () => { await 0; console.log(word) };
        service.start(say('start 1')); service.boot(say('boot 1')); service.boot(say('boot 2'));
        service.start(say('start 2')); service.shutdown(say('bye')); console.log('top')"""
        box = sandboxes.spawn(main, go=False)
        box.wait_for(Kind.BOOTED)
        assert [line for _, line in box.logs] == ["top", "boot 1", "boot 2"]
        box.send(Kind.START, {})
        box.wait_for(Kind.STARTED)
        box.stop()
        assert box.ending == ("stopped", False)
        assert [line for _, line in box.logs[3:]] == ["start 1", "start 2", "bye"]

    def test_a_host_call_at_top_level_does_not_repeat_anything(self, sandboxes: TestZygote) -> None:
        main = "console.log(service.info()); service.boot(() => { console.log(service.info()) })"
        box = sandboxes.serve(main, on_call=lambda *_: {"v": "called"})
        time.sleep(0.1)
        assert [line for _, line in box.logs] == ["called", "called"]
        assert [kind for kind, _ in box.frames] == [Kind.BOOTED, Kind.STARTED]

    @pytest.mark.parametrize(
        "main", ["await new Promise(() => {})", "service.boot(() => new Promise(() => {}))"]
    )
    def test_waiting_forever_ends_at_the_wall(self, sandboxes: TestZygote, main: str) -> None:
        started = time.monotonic()
        box = sandboxes.spawn(main, limits={"boot": 0.3})
        assert box.ending == ("limit_wall", True)
        assert time.monotonic() - started < 4
        box.wait_log("wall limit of 0.3 s exceeded")

    def test_an_error_in_shutdown_is_told(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve("service.shutdown(() => { null.x })")
        box.stop()
        assert box.ending == ("stopped", False)
        box.wait_log("shutdown failed: TypeError")

    @pytest.mark.parametrize("body", ["return new Promise(() => {})", "for (;;);"])
    def test_shutdown_has_a_deadline(self, sandboxes: TestZygote, body: str) -> None:
        box = sandboxes.serve(f"service.shutdown(() => {{ {body} }})", limits={"cpu": 0.2})
        box.stop(0.6)
        box.stop(0.6)  # told twice, run once
        started = time.monotonic()
        box.wait_exit()
        assert time.monotonic() - started < 6

    def test_stopping_while_it_boots_does_not_wait(self, sandboxes: TestZygote) -> None:
        box = sandboxes.spawn("console.log('here'); await new Promise(() => {})")
        box.wait_log("here")
        box.stop()
        assert box.ending == ("stopped", False)


class WaitTest:
    def test_a_handler_that_never_answers_gets_504_and_the_run_lives(self, sandboxes: TestZygote) -> None:
        main = "router.get('/never', () => new Promise(() => {})); router.get('/', () => 'ok')"
        box = sandboxes.serve(main, limits={"wall": 0.3})
        never = box.client.send("/never")
        assert box.request("/").text == "ok"
        answer = box.client.receive(never)
        assert answer.status == 504
        assert answer.json["error"] == {
            "code": "timeout",
            "message": "The service took too long",
            "requestId": "rq-1",
        }
        assert answer.seconds < 3
        box.wait_log("GET /never: wall limit of 0.3 s exceeded")
        assert box.request("/").text == "ok"

    def test_a_host_call_ends_at_the_wall(self, sandboxes: TestZygote) -> None:
        main = """router.get('/', () => 'ok'); router.get('/call', () => {
            try { return service.info() } catch (error) { return error.code } })"""
        box = sandboxes.serve(main, limits={"wall": 0.3}, on_call=slow_host)
        started = time.monotonic()
        answer = box.request("/call")
        assert (answer.status, answer.text) in ((200, "limit_wall"), (504, answer.text))
        assert time.monotonic() - started < 1.4
        time.sleep(1.5)  # its result comes late, to nobody
        assert box.request("/").text == "ok"

    def test_a_loop_of_host_calls_ends_at_the_wall(self, sandboxes: TestZygote) -> None:
        main = """router.get('/', () => 'ok');
        router.get('/loop', () => { for (;;) { try { service.info() } catch {} } })"""
        box = sandboxes.serve(main, limits={"wall": 0.4, "cpu": 0.4}, on_call=lambda *_: {"v": 1})
        started = time.monotonic()
        try:
            assert box.request("/loop").status == 504
            assert box.request("/").text == "ok"
        except EOFError:
            assert box.ending[0] in ("limit_wall", "limit_cpu")
        assert time.monotonic() - started < 5

    def test_frames_queue_while_a_call_waits(self, sandboxes: TestZygote) -> None:
        gate = threading.Event()

        def wait(_name: str, _arguments: list[Any]) -> dict[str, Any]:
            gate.wait(PATIENCE)
            return {"v": "released"}

        box = sandboxes.serve(
            "router.get('/', () => [service.info(), env.get('A')])", on_call=wait, env={"A": 1}
        )
        request = box.client.send("/")
        box.send(Kind.ENV, {"A": 2})
        time.sleep(0.1)
        gate.set()
        assert box.client.receive(request).json == ["released", 1]
        assert box.request("/").json == ["released", 2]


class FloodTest:
    def test_a_flood_of_lines_is_bounded_and_counted(self, sandboxes: TestZygote) -> None:
        main = """router.get('/flood', () => { for (let i = 0; i < 20000; i++) console.log('line', i); return 'done' });
        router.get('/loop', () => { for (;;) console.log('x') }); router.get('/', () => 'ok')"""
        box, other = (
            sandboxes.serve(main, limits={"cpu": 1.5}),
            sandboxes.serve("router.get('/', () => 'other')"),
        )
        assert box.request("/flood").text == "done"
        assert other.request("/").seconds < 1
        assert len(box.logs) < 1600
        time.sleep(0.1)
        # The platform's own words come through a flooded log.
        assert box.request("/loop").status == 504
        box.wait_log("CPU limit of 1.5 s exceeded")
        assert box.request("/").text == "ok"
        assert box.dropped > 18_000

    def test_a_long_line_is_cut(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve("console.log('x'.repeat(50000)); console.log('y'.repeat(10000))")
        wait_until(lambda: len(box.logs) == 2, "both lines")
        assert box.logs[0][1].startswith("x" * 9_000)
        assert len(box.logs[0][1]) <= 10_000
        assert box.logs[1][1] == "y" * 10_000

    def test_a_node_that_does_not_read_costs_lines_only(self, sandboxes: TestZygote) -> None:
        gate = threading.Event()
        main = """router.get('/', () => { for (let i = 0; i < 900; i++) console.log('z'.repeat(9000)); return 'ok' });
        service.start(() => { setTimeout(() => service.info(), 1) })"""

        def wait(*_: object) -> dict[str, Any]:
            gate.wait(PATIENCE)
            return {"v": 1}

        box = sandboxes.serve(main, on_call=wait, limits={"wall": 1.5})
        time.sleep(1.8)  # the thread that reads for the node hangs in the call, which has timed out
        assert box.request("/").text == "ok"
        gate.set()
        box.wait_log("zzz")
        assert len(box.logs) < 900


class SizeTest:
    def test_a_response_above_the_limit_is_an_error_with_a_line(self, sandboxes: TestZygote) -> None:
        main = "router.get('/', () => 'ok'); router.get('/big', () => 'x'.repeat(20 * 1024 * 1024))"
        box = sandboxes.serve(main)
        assert box.request("/big").status == 500
        box.wait_log("response above the limit of 8388608 bytes")
        assert box.request("/").text == "ok"

    def test_large_bodies_and_answers_pass(self, sandboxes: TestZygote) -> None:
        main = "router.post('/', (ctx) => ctx.json({ n: ctx.body.s.length, back: ctx.body.s.slice(0, 7000000) }))"
        box = sandboxes.serve(main)
        body = json.dumps({"s": "x" * (9 * MIB)})
        answer = box.request("/", "POST", b=body, h={"content-type": "application/json"})
        assert (answer.json["n"], len(answer.json["back"])) == (9 * MIB, 7_000_000)

    @pytest.mark.parametrize("depth", [1000, 100_000, 4_000_000])
    def test_deep_json_is_an_answer_and_no_crash(self, sandboxes: TestZygote, depth: int) -> None:
        box = sandboxes.serve("router.post('/', (ctx) => typeof ctx.body); router.get('/', () => 'ok')")
        body = "[" * depth + "]" * depth
        answer = box.request("/", "POST", b=body, h={"content-type": "application/json"})
        assert answer.status in (200, 400, 500)
        assert box.request("/").text == "ok"

    @pytest.mark.parametrize(
        "code",
        [
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)",
            "let a = []; for (let i = 0; i < 1e5; i++) a = { a }; console.log(a); structuredClone(a)",
            "new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('x')",
            "eval('['.repeat(1e5))",
            "eval('(' .repeat(1e5) + '1' + ')'.repeat(1e5))",
            "eval('-'.repeat(1e6) + '1')",
            "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(); f()",
            "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x",
            "let p = {}; for (let i = 0; i < 1e5; i++) p = Object.create(p); p.x",
            "let s = 'x'; for (let i = 0; i < 1e5; i++) s = 'a' + s + 'b'; s.length; s.indexOf('x')",
            "const e = new Error('x'); e.cause = e; for (let i = 0; i < 99; i++) console.log(e); throw e",
            "'x'.padEnd(2 ** 30 - 1).repeat(9)",
            "new Array(2 ** 32 - 1).fill(0)",
            "BigInt('9'.repeat(1e6)) ** 1000n",
        ],
        ids=range(15),
    )
    def test_deep_structures_do_not_crash_the_engine(self, sandboxes: TestZygote, code: str) -> None:
        main = f"router.get('/', () => 'ok'); router.get('/deep', () => {{ {code}; return 'done' }})"
        box = sandboxes.serve(main, limits={"cpu": 0.4}, heap=32 * MIB)
        try:
            assert box.request("/deep").status in (200, 500, 504)
            assert box.request("/").text == "ok"
        except EOFError:
            assert box.ending[0] in ("limit_cpu", "limit_memory")

"""Scripts that break the language around them: built-ins replaced, prototypes poisoned, odd text both ways."""

from __future__ import annotations

import json
import time

import pytest

from runtime.sandbox.frames import Kind, pack
from runtime.tests.client import Client
from runtime.tests.harness import TestZygote, wait_until

ROUTES = """
router.get('/text', () => 'ok');
router.get('/json', () => ({ a: [1, 'two'] }));
router.get('/later', async () => { await new Promise((r) => setTimeout(r, 1)); return { later: true } });
router.get('/boom', () => { null.x });
router.post('/echo', (ctx) => ctx.body);
"""
POISONS = {
    "JSON": "JSON.stringify = JSON.parse = () => { throw 1 }; globalThis.JSON = null",
    "Promise": "Promise.prototype.then = () => { throw 1 }; Promise.resolve = null; globalThis.Promise = null",
    "array methods": "for (const k of Object.getOwnPropertyNames(Array.prototype))"
    " if (k !== 'length') Array.prototype[k] = () => { throw 1 }",
    "iterators": "Array.prototype[Symbol.iterator] = String.prototype[Symbol.iterator] = () => { throw 1 }",
    "toJSON": "Object.prototype.toJSON = String.prototype.toJSON = () => { throw 1 }",
    "object members": "Object.prototype.s = Object.prototype.e = Object.prototype.then = Object.prototype.c = 1",
    "function methods": "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = null",
    "reflection": "for (const k of Reflect.ownKeys(Reflect)) delete Reflect[k]; Object.keys = Object.create = null",
    "errors": "Error = TypeError = RangeError = null; globalThis.Object = null",
    "stacks": "Error.prepareStackTrace = () => { console.log('ran'); for (;;); };"
    " Error.stackTraceLimit = { valueOf() { console.log('ran'); for (;;); } }",
}
TEXTS = ["", "\0", "a\0b", "\ud800", "\udc00x", "😀", "é" * 1000, "x" * 100_000, '"\\\n\u2028']


@pytest.mark.parametrize("poison", POISONS)
class PoisonTest:
    def test_requests_still_answer(self, sandboxes: TestZygote, poison: str) -> None:
        box = sandboxes.serve(f"{ROUTES}\n{POISONS[poison]}", limits={"cpu": 0.5, "wall": 2})
        own = poison == "toJSON"  # the author's own objects obey the author's own change
        assert box.request("/text").text == "ok"
        assert box.request("/json").status == (500 if own else 200)
        assert box.request("/later").status in ((500, 504) if poison in ("Promise", "toJSON") else (200,))
        assert box.request("/boom").status == 500
        assert box.request("/echo", "POST", b='{"a":1}', h={"content-type": "application/json"}).status in (
            200,
            500,
        )
        assert box.request("/text").text == "ok"
        assert not any(line == "ran" for _, line in box.logs)

    def test_boot_and_syntax_errors_are_told(self, sandboxes: TestZygote, poison: str) -> None:
        files = {"main": f"{POISONS[poison]}\n$require('broken')", "broken": "let x = ;"}
        failed = sandboxes.spawn(files, limits={"cpu": 0.5}).wait_for(Kind.FAILED)
        assert failed["reason"] == "script_error"
        assert failed["message"] == "SyntaxError: unexpected token in expression: ';'"


class TextTest:
    @pytest.mark.parametrize("text", TEXTS, ids=[str(index) for index in range(len(TEXTS))])
    def test_it_crosses_both_ways(self, sandboxes: TestZygote, text: str) -> None:
        main = (
            "router.post('/', (ctx) => { const s = ctx.body.s; console.log(s); return { s, n: s.length } })"
        )
        box = sandboxes.serve(main, env={"KEY": text})
        answer = box.request("/", "POST", b=json.dumps({"s": text}), h={"content-type": "application/json"})
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        assert answer.json == {"s": text, "n": length}
        wait_until(lambda: box.logs, "the log line")
        line = box.logs[0][1]
        assert line == text if length <= 10_000 else line.startswith(text[:9_000]) and len(line) <= 10_000

    def test_ropes_are_not_mistaken(self, sandboxes: TestZygote) -> None:
        main = """let s = ''; for (let i = 0; i < 50000; i++) s += 'ab';
        router.get('/', (ctx) => { console.log(s); return s });
        router.get('/call', () => ({ s: service.info(s).length }))"""
        box = sandboxes.serve(
            main, on_call=lambda _name, arguments: {"v": arguments[0] if arguments else "none"}
        )
        assert box.request("/").text == "ab" * 50000
        assert box.request("/call").status == 200

    def test_a_stack_may_name_half_a_surrogate_pair(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(
            "router.get('/', () => { const o = { ['\\ud800']() { null.x } }; o['\\ud800']() })"
        )
        assert box.request("/").status == 500
        box.wait_log("cannot read property")


class FrontTest:
    @pytest.mark.parametrize(
        "frame",
        [
            pack(Kind.BOOT, b"{}"),
            pack(99, b"{}"),
            b"\xff" * 64,
            pack(Kind.REQUEST, b"not json", 1),
            pack(Kind.REQUEST, b"[]", 1),
            pack(Kind.REQUEST, b'{"m":1}', 1),
            pack(Kind.REQUEST, b"[" * 100_000, 1),
            pack(Kind.REQUEST, b"\xff\xfe\x00", 1),
        ],
        ids=["boot", "unknown", "long", "text", "list", "numbers", "deep", "bytes"],
    )
    def test_a_broken_peer_harms_only_its_connection(self, sandboxes: TestZygote, frame: bytes) -> None:
        box = sandboxes.serve(ROUTES)
        broken = Client(box.path)
        broken.socket.sendall(frame)
        time.sleep(0.05)
        assert box.request("/text").text == "ok"
        assert box.exited is None

    def test_peers_that_leave_early_harm_nobody(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(ROUTES)
        for _ in range(50):
            leaver = Client(box.path)
            for _ in range(5):
                leaver.send("/later")
            leaver.close()
            assert box.request("/later").status == 200
        assert box.exited is None

    def test_more_connections_than_files_wait(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(ROUTES)
        peers = [Client(box.path) for _ in range(50)]
        assert all(peer.request("/text").text == "ok" for peer in peers)
        for peer in peers:
            peer.close()


class RandomTest:
    def test_two_services_roll_other_numbers(self, sandboxes: TestZygote) -> None:
        main = "router.get('/', () => [Math.random(), Math.random(), crypto.randomUUID()])"
        first, second = (sandboxes.serve(main).request("/").json for _ in range(2))
        assert not set(first) & set(second)

    def test_the_clock_is_right_and_utc(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(
            "router.get('/', () => [Date.now(), new Date().getTimezoneOffset(), performance.now()])"
        )
        now, offset, age = box.request("/").json
        assert abs(now / 1000 - time.time()) < 5
        assert offset == 0
        assert 0 <= age < 5000

"""The engine class: each pitfall of the binding, solved in one place."""

from __future__ import annotations

import os
import resource
import time

import pytest

from runtime.sandbox import engine as module
from runtime.sandbox.capi import LIMIT_OFFSET
from runtime.sandbox.engine import (
    MIB,
    NEVER,
    Engine,
    EngineError,
    GuestFault,
    Interrupted,
    OutOfMemory,
    self_test,
)


def run(engine: Engine, body: str) -> object:
    return engine.call(engine.take(f"f = function () {{ {body} }}"))


def soon(seconds: float = 0.05) -> int:
    return time.monotonic_ns() + int(seconds * 1e9)


class InterruptTest:
    @pytest.mark.parametrize(
        "body", ["for (;;);", "/^(a+)+$/.test('a'.repeat(40) + 'b')", "for (;;) try { for (;;); } catch {}"]
    )
    def test_the_wall_ends_it(self, body: str) -> None:
        engine = Engine()
        engine.wall_deadline = soon()
        with pytest.raises(Interrupted) as caught:
            run(engine, body)
        assert caught.value.reason == "limit_wall"

    def test_the_cpu_ends_it(self) -> None:
        engine = Engine()
        engine.cpu_deadline = time.process_time_ns() + 50_000_000
        with pytest.raises(Interrupted) as caught:
            run(engine, "for (;;);")
        assert caught.value.reason == "limit_cpu"

    @pytest.mark.parametrize(
        "body", ["(function f() { Promise.resolve().then(f) })()", "(async () => { for (;;) await 0 })()"]
    )
    def test_a_chain_of_jobs_ends(self, body: str) -> None:
        engine = Engine()
        run(engine, f"{body}; return 0")
        engine.wall_deadline = soon()
        with pytest.raises(Interrupted):
            engine.pump()

    def test_the_context_goes_on_afterwards(self) -> None:
        engine = Engine()
        engine.wall_deadline = soon()
        with pytest.raises(Interrupted):
            run(engine, "for (;;);")
        engine.wall_deadline, engine.tripped = NEVER, ""
        assert run(engine, "return 6 * 7") == 42


class FaultTest:
    def test_memory_is_told(self) -> None:
        engine = Engine(heap=8 * MIB)
        with pytest.raises(OutOfMemory):
            run(engine, "const a = []; for (;;) a.push(new Array(1000).fill(1))")
        with pytest.raises(OutOfMemory):
            run(engine, "const m = new Map(); for (let i = 0;; i++) m.set({ i }, { i })")
        assert run(engine, "return 1") == 1

    def test_null_is_no_memory_error_while_there_is_room(self) -> None:
        with pytest.raises(GuestFault):
            run(Engine(), "throw null")

    def test_recursion_is_an_error_of_the_script(self) -> None:
        with pytest.raises(GuestFault, match="Maximum call stack"):
            run(Engine(), "(function f() { f() })()")


class FileTest:
    def test_modules_load_from_the_sources_alone(self) -> None:
        engine = Engine()
        engine.sources = {
            "main": "import { x } from './lib/x.js'; globalThis.got = x",
            "lib/x": "export const x = 7",
        }
        run(engine, "import('main'); return 0")
        engine.pump()
        assert run(engine, "return globalThis.got") == 7

    def test_a_missing_module_rejects(self) -> None:
        engine = Engine()
        run(engine, "import('/etc/passwd').catch((e) => { globalThis.got = e.message }); return 0")
        engine.pump()
        assert run(engine, "return globalThis.got") == "there is no file '/etc/passwd' in this branch"

    @pytest.mark.parametrize("code", ["}); globalThis.out = 1; (function () {", "}}}", "/*", "`", "#!x"])
    def test_a_script_cannot_leave_its_function(self, code: str) -> None:
        engine = Engine()
        engine.sources = {"main": code}
        if engine.compile_script("main", "module, exports"):
            assert code == "#!x"
        assert run(engine, "return typeof globalThis.out") == "undefined"

    def test_lines_and_columns_are_the_authors(self) -> None:
        engine = Engine()
        engine.sources = {"a/b.js": "throw new Error('x')"}
        assert engine.compile_script("a/b.js", "module, exports")
        engine.run_prelude("t", "try { m3m.compiled() } catch (e) { globalThis.got = e.stack }")
        assert "(a/b.js:1:11)" in str(run(engine, "return globalThis.got"))


class ForkTest:
    def test_a_prepared_context_survives_the_fork(self) -> None:
        engine = Engine()
        engine.run_prelude("t", "globalThis.n = 41;")
        function = engine.take("f = function () { return ++globalThis.n }")
        pid = os.fork()
        if pid == 0:
            os._exit(0 if engine.call(function) == 42 else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert engine.call(function) == 42


class SoakTest:
    def test_a_hundred_thousand_calls_leak_nothing(self) -> None:
        engine = Engine()
        engine.add_native("echo", lambda text: text)
        engine.run_prelude(
            "t", "const { echo } = m3m.native; globalThis.f = (n) => echo(`x${n}`) + '\\u20ac';"
        )
        function = engine.take("g = globalThis.f")
        for _ in range(5_000):
            engine.call(function, 5)
        heap, before = engine.heap_used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(100_000):
            engine.call(function, 5)
        assert engine.heap_used - heap < 64 * 1024
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024

    def test_rejections_that_nobody_takes_are_freed(self) -> None:
        engine = Engine()
        for _ in range(200):
            run(engine, "for (let i = 0; i < 200; i++) Promise.reject(new Error('x')); return 0")
            engine.drop_rejections()
        assert engine.heap_used < 4 * MIB


class SelfTestTest:
    def test_it_passes_here(self) -> None:
        self_test()

    def test_it_refuses_another_layout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "LIMIT_OFFSET", LIMIT_OFFSET + 8)
        with pytest.raises(EngineError, match="another layout"):
            self_test()

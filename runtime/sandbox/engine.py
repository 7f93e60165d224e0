"""QuickJS behind one small class: deadlines, file names, modules, promises and errors as data.

The binding (import name `quickjs`) lacks these or gets them wrong, but its library exports the C API, which is
reached through ctypes. Two rules keep that safe. Guest code runs only inside calls made through the binding: under
ctypes the engine compiles, it never executes. And what crosses the border is one JSON string each way, for the
binding mistakes ropes, NUL and lone surrogates for something else.
"""

from __future__ import annotations

import ctypes
import resource
import time
from collections.abc import Callable, Mapping

import _quickjs  # its wrapper brings threads and executors, whose objects every fork would share pages with

from runtime.sandbox.capi import (
    CONTEXT_OFFSET,
    EVAL_COMPILE_ONLY,
    EVAL_GLOBAL,
    EVAL_MODULE,
    LIMIT_OFFSET,
    LINE_BEFORE,
    READ_BYTECODE,
    RUNTIME_OFFSET,
    TAG_EXCEPTION,
    USED_OFFSET,
    WRITE_BYTECODE,
    WRITE_STRIP_SOURCE,
    EvalOptions,
    Interrupt,
    Loader,
    Tracker,
    Value,
    library,
)
from runtime.sandbox.limits import shorten

MIB = 1024 * 1024
NEVER = 1 << 62
MAX_FAULT, MAX_NAME = 1000, 50  # the engine has room for about 250 bytes of a message
NEARLY_FULL = 5  # a fifth of the heap is left, or less than is used between two looks at it
UNSEEN = 4 * MIB
FILLED = 0.75  # of the heap, by which the process has grown


class EngineError(Exception):
    """The engine cannot be trusted on this machine; the message says why."""


class Interrupted(Exception):
    """A deadline passed inside JavaScript; `reason` is limit_cpu or limit_wall."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutOfMemory(Exception):
    """The heap limit was met and the script did not catch it."""


class GuestFault(Exception):
    """An exception of the guest that the prelude could not turn into data."""


class Engine:
    """One JavaScript context.

    `internal` (reached as `__m3m` until `seal`) is the object that the prelude's files share; guest code never
    sees it. Prepared in the zygote, it survives the fork.
    """

    def __init__(self, *, heap: int = 64 * MIB, stack: int = MIB) -> None:
        self._lib = library()
        self._context = _quickjs.Context()
        self._cx = ctypes.c_void_p.from_address(id(self._context) + CONTEXT_OFFSET).value
        self._rt = ctypes.c_void_p.from_address(id(self._context) + RUNTIME_OFFSET).value or 0
        if self._lib.JS_GetRuntime(self._cx) != self._rt:
            raise EngineError(
                "The JavaScript engine has another layout than expected; install the locked version."
            )
        self.cpu_deadline = self.wall_deadline = NEVER
        self.tripped = ""
        self.peak = 0  # the highest use of the heap that was seen; the caller sets it back
        self._used = ctypes.c_size_t.from_address(self._rt + USED_OFFSET)
        self.sources: Mapping[str, str] = {}
        self._rejected: dict[int, Value] = {}
        # Kept as attributes: C holds these pointers as long as the runtime lives.
        self._interrupt = Interrupt(self._on_interrupt)
        self._loader = Loader(self._on_load)
        self._tracker = Tracker(self._on_rejection)
        self._lib.JS_SetInterruptHandler(self._rt, self._interrupt, None)
        self._lib.JS_SetModuleLoaderFunc(self._rt, None, self._loader, None)
        self._lib.JS_SetHostPromiseRejectionTracker(self._rt, self._tracker, None)
        self.limit_heap(heap)
        self._context.set_max_stack_size(stack)
        self._internal = self._compile("globalThis.__m3m = { __proto__: null }", "m3m:engine.js")

    def limit_heap(self, size: int) -> None:
        """Bound the heap to `size` bytes."""
        self.heap = size
        self._resident = _most_resident()
        self._context.set_memory_limit(size)

    def collect(self) -> None:
        """Free what is reachable from nowhere but itself."""
        self._context.gc()

    @property
    def heap_used(self) -> int:
        """Bytes in use after a collection, so only for after a memory error."""
        self.collect()
        return self._used.value

    @property
    def was_nearly_full(self) -> bool:
        """Whether the heap was near its limit lately; with no room for an error object the engine throws null."""
        self.peak = max(self.peak, self._used.value)
        return self.peak > self.heap - max(self.heap // NEARLY_FULL, UNSEEN)

    @property
    def may_have_been_full(self) -> bool:
        """Whether a thrown null may be a memory error: the looks at the heap miss what fills it fast, the kernel does not."""
        return self.was_nearly_full or _most_resident() - self._resident > self.heap * FILLED

    # -- deadlines

    def _on_interrupt(self, _runtime: int, _opaque: int) -> int:
        self.peak = max(self.peak, self._used.value)
        return 1 if self.overdue() else 0

    def overdue(self) -> bool:
        """Whether the current entry is past a deadline; remembers which in `tripped`."""
        if time.process_time_ns() >= self.cpu_deadline:
            self.tripped = "limit_cpu"
        elif time.monotonic_ns() >= self.wall_deadline:
            self.tripped = "limit_wall"
        else:
            return False
        return True

    def fault(self, error: Exception) -> Exception:
        """What an exception of the binding means: Interrupted, OutOfMemory or GuestFault."""
        text = str(error).strip()
        if self.tripped and "interrupted" in text:
            return Interrupted(self.tripped)
        if "out of memory" in text or (text == "null" and self.may_have_been_full):
            return OutOfMemory()
        return GuestFault(shorten(text, MAX_FAULT))

    # -- prelude

    def add_native(self, name: str, function: Callable[..., object]) -> None:
        """Offer `function` as `__m3m.native.<name>`; it takes and returns str, float or bool and never raises."""
        self._context.add_callable("__m3m_native", function)
        self._context.eval(f"__m3m.native ??= {{ __proto__: null }}; __m3m.native.{name} = __m3m_native; 0")
        self._context.eval("delete globalThis.__m3m_native; 0")

    def run_prelude(self, name: str, source: str, *, strip: bool = True) -> None:
        """Evaluate one prelude file as the body of a function of the internal object; tests keep their source."""
        wrapped = f"globalThis.__m3m_file = function (m3m) {{ 'use strict';\n\n{source}\n}}"
        compiled = self._compile(wrapped, f"m3m:{name}", flags=EVAL_COMPILE_ONLY, line=LINE_BEFORE)
        code = self._without_source(compiled) if strip else compiled
        self._free(self._lib.JS_EvalFunction(self._cx, code))
        self._context.eval("__m3m_file(__m3m); delete globalThis.__m3m_file; 0")

    def _without_source(self, compiled: Value) -> Value:
        """The same bytecode without the text it came from: what a sandbox touches lies closer together then.

        A fork owns each page that it writes to, and texts between the objects would cost it more pages.
        """
        size = ctypes.c_size_t()
        flags = WRITE_BYTECODE | WRITE_STRIP_SOURCE
        written = self._lib.JS_WriteObject(self._cx, ctypes.byref(size), compiled, flags)
        self._free(compiled)
        if not written:
            raise EngineError(
                "The JavaScript engine does not compile the prelude; install the locked version."
            )
        stripped: Value = self._lib.JS_ReadObject(self._cx, written, size, READ_BYTECODE)
        self._lib.js_free(self._cx, written)
        return stripped

    def take(self, path: str) -> Callable[..., object]:
        """A prelude function `__m3m.<path>` as a Python callable; strings and numbers cross, nothing else."""
        function: Callable[..., object] = self._context.eval(f"__m3m.{path}")
        return function

    def seal(self) -> None:
        """Hide the internal object from guest code."""
        self._context.eval("delete globalThis.__m3m; 0")

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        """Call into JavaScript. Raises Interrupted, OutOfMemory or GuestFault."""
        try:
            return function(*arguments)
        except (_quickjs.JSException, TypeError, SystemError) as error:
            raise self.fault(error) from None

    def pump(self) -> None:
        """Run pending promise jobs until none is left or a deadline passes; raises as `call` does."""
        execute = self._context.execute_pending_job
        count = 0
        try:
            while execute():
                count += 1
                # The interrupt handler is polled inside long jobs only; a chain of short ones needs this.
                if not count % 64 and self.overdue():
                    raise Interrupted(self.tripped)
        except (_quickjs.JSException, TypeError, SystemError) as error:
            raise self.fault(error) from None

    # -- compiling

    def _compile(self, code: str, name: str, *, flags: int = EVAL_GLOBAL, line: int = 1) -> Value:
        """Compile, and for plain code evaluate, under a file name; the caller owns the value.

        Evaluated code must be ours: under ctypes a native function would find the binding in the wrong state.
        """
        text = code.encode("utf-8", "surrogatepass")
        options = EvalOptions(1, flags, name.encode("utf-8", "replace"), line)
        result: Value = self._lib.JS_Eval2(self._cx, text, len(text), ctypes.byref(options))
        return result

    def _free(self, value: Value) -> None:
        self._lib.JS_FreeValue(self._cx, value)

    def _hand_over(self, key: str, value: Value) -> None:
        self._lib.JS_SetPropertyStr(self._cx, self._internal, key.encode(), value)

    def is_script(self, name: str) -> bool:
        """Whether a file parses as a plain script: no import or export, no top-level await."""
        value = self._compile(self.sources[name], name, flags=EVAL_COMPILE_ONLY)
        failed = bool(value.tag == TAG_EXCEPTION)
        self._free(self._lib.JS_GetException(self._cx) if failed else value)
        return not failed

    def compile_script(self, name: str, parameters: str) -> bool:
        """Put the file, as a function of `parameters`, into `__m3m.compiled`, or its SyntaxError into `__m3m.error`.

        A text that parses as a script of its own cannot break out of the function around it.
        """
        code = self.sources[name]
        for text, flags, line in (
            (code, EVAL_COMPILE_ONLY, 1),
            (f"(function ({parameters}) {{\n\n{code}\n}})", EVAL_GLOBAL, LINE_BEFORE),
        ):
            value = self._compile(text, name, flags=flags, line=line)
            if value.tag == TAG_EXCEPTION:
                self._hand_over("error", self._lib.JS_GetException(self._cx))
                return False
            if flags == EVAL_COMPILE_ONLY:
                self._free(value)
        self._hand_over("compiled", value)
        return True

    def _on_load(self, context: int, raw_name: bytes, _opaque: int) -> int | None:
        name = raw_name.decode("utf-8", "replace")
        for candidate in (name, f"{name}.js", name.removesuffix(".js")):
            if candidate in self.sources:
                module = self._compile(
                    self.sources[candidate], candidate, flags=EVAL_MODULE | EVAL_COMPILE_ONLY
                )
                return None if module.tag == TAG_EXCEPTION else int(module.bits)
        self._lib.JS_ThrowReferenceError(
            context, b"there is no file '%s' in this branch", shorten(name, MAX_NAME).encode()
        )
        return None

    # -- promises that nobody handles

    def _on_rejection(
        self, _context: int, promise: Value, reason: Value, handled: bool, _opaque: int
    ) -> None:
        if handled:
            if earlier := self._rejected.pop(promise.bits, None):
                self._free(earlier)
        elif len(self._rejected) < 100 and promise.bits not in self._rejected:
            self._rejected[promise.bits] = self._lib.JS_DupValue(self._cx, reason)

    def take_rejection(self) -> bool:
        """Move the reason of one unhandled rejection into `__m3m.rejection`; False when there is none."""
        if not self._rejected:
            return False
        _, reason = self._rejected.popitem()
        self._hand_over("rejection", reason)
        return True

    def drop_rejections(self) -> None:
        """Forget those that nobody has taken."""
        while self._rejected:
            self._free(self._rejected.popitem()[1])


def _most_resident() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def self_test() -> None:
    """Prove what the engine class rests upon, once at start-up. Raises EngineError."""
    engine = Engine(heap=8 * MIB)
    if ctypes.c_size_t.from_address(engine._rt + LIMIT_OFFSET).value != 8 * MIB:
        raise EngineError(
            "The JavaScript engine has another layout than expected; install the locked version."
        )
    engine.sources = {"main": "export const answer = 42; globalThis.answer = answer;"}
    loop = engine.take("loop = function () { for (;;); }")
    engine.wall_deadline = time.monotonic_ns() + 5_000_000
    started = time.monotonic()
    try:
        engine.call(loop)
    except Interrupted:
        pass
    else:
        raise EngineError("The JavaScript engine cannot be interrupted; install the locked version.")
    engine.wall_deadline = NEVER
    engine.call(engine.take("load = function () { import('main'); return 0; }"))
    engine.pump()
    if engine.call(engine.take("check = function () { return globalThis.answer; }")) != 42:
        raise EngineError("The JavaScript engine does not load modules; install the locked version.")
    if time.monotonic() - started > 1:
        raise EngineError("The JavaScript engine did not stop at its deadline; install the locked version.")

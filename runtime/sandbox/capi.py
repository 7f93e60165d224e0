"""QuickJS' C API through ctypes, as far as the engine class needs it, and the layout that it counts on."""

from __future__ import annotations

import ctypes

import _quickjs

CONTEXT_OFFSET, RUNTIME_OFFSET = 24, 16
USED_OFFSET, LIMIT_OFFSET = 48, 56  # in the runtime: bytes allocated, and their limit
EVAL_GLOBAL, EVAL_MODULE, EVAL_COMPILE_ONLY = 0, 1, 1 << 5
TAG_EXCEPTION = 6
WRITE_BYTECODE, WRITE_STRIP_SOURCE, READ_BYTECODE = 1, 1 << 4, 1
# The engine takes line 0 for 1, so what is put before a text has two lines, the first of them this one.
LINE_BEFORE = -1


class Value(ctypes.Structure):
    _fields_ = [("bits", ctypes.c_uint64), ("tag", ctypes.c_int64)]


class EvalOptions(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("filename", ctypes.c_char_p),
        ("line", ctypes.c_int),
    ]


Interrupt = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
Loader = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
Tracker = ctypes.CFUNCTYPE(None, ctypes.c_void_p, Value, Value, ctypes.c_bool, ctypes.c_void_p)


def library() -> ctypes.PyDLL:
    # PyDLL keeps the interpreter lock: these calls come from the thread that runs the engine.
    lib = ctypes.PyDLL(_quickjs.__file__)
    pointer, value = ctypes.c_void_p, Value
    signatures: dict[str, tuple[object, list[object]]] = {
        "JS_GetRuntime": (pointer, [pointer]),
        "JS_SetInterruptHandler": (None, [pointer, Interrupt, pointer]),
        "JS_SetModuleLoaderFunc": (None, [pointer, pointer, Loader, pointer]),
        "JS_SetHostPromiseRejectionTracker": (None, [pointer, Tracker, pointer]),
        "JS_Eval2": (value, [pointer, ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(EvalOptions)]),
        "JS_EvalFunction": (value, [pointer, value]),
        "JS_WriteObject": (pointer, [pointer, ctypes.POINTER(ctypes.c_size_t), value, ctypes.c_int]),
        "JS_ReadObject": (value, [pointer, pointer, ctypes.c_size_t, ctypes.c_int]),
        "js_free": (None, [pointer, pointer]),
        "JS_GetException": (value, [pointer]),
        "JS_SetPropertyStr": (ctypes.c_int, [pointer, value, ctypes.c_char_p, value]),
        "JS_DupValue": (value, [pointer, value]),
        "JS_FreeValue": (None, [pointer, value]),
        "JS_ThrowReferenceError": (value, [pointer, ctypes.c_char_p, ctypes.c_char_p]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib

"""Each function is declared once; these tests hold the sandbox, the typings and the declarations together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.modules import router
from runtime.modules.declaration import DeclarationError, HostClass, HostFunction, HostModule
from runtime.registry import host_function, modules, register
from runtime.sandbox.engine import Engine
from runtime.tests.javascript import JavaScript
from runtime.typings import class_members, declarations, pages

LISTING = """
const names = [];
for (const name of Object.getOwnPropertyNames(globalThis)) names.push([name, typeof globalThis[name]]);
const members = {};
for (const name of m3m_names) {
  const value = globalThis[name];
  members[name] = value === undefined ? null : Object.getOwnPropertyNames(value).map((key) => [key, typeof value[key]]);
}
m3m.native.testResult(JSON.stringify({ names, members }));
"""


def look(names: list[str]) -> dict[str, Any]:
    script = JavaScript()
    script.run(LISTING.replace("m3m_names", json.dumps(names)))
    return script.results[0]


def bare_globals() -> set[str]:
    """Names that the engine has by itself."""
    found: list[str] = []

    def listed(text: str) -> str:
        found.append(text)
        return ""

    engine = Engine()
    engine.add_native("list", listed)
    engine.run_prelude("list.js", "m3m.native.list(JSON.stringify(Object.getOwnPropertyNames(globalThis)))")
    return set(json.loads(found[0]))


CLASSES = [item for module in modules() for item in module.classes]
EXAMPLES = [(f"{module.name}.{item.name}", item.example) for module in modules() for item in module.functions]
EXAMPLES += [(item.name, item.example) for item in CLASSES]
MEMBERS = """
const names = (value) => Object.getOwnPropertyNames(value);
m3m.native.testResult(JSON.stringify({
  own: names(KIND.prototype), parent: names(Object.getPrototypeOf(KIND.prototype)), statics: names(KIND),
}));
"""
EXAMPLE = """
(async () => {
EXAMPLE
})().then(() => m3m.native.testResult('{"error": ""}'),
  (error) => m3m.native.testResult(JSON.stringify({ error: m3m.toError(error).stack })));
"""


@pytest.fixture(scope="module")
def sandbox() -> dict[str, Any]:
    return look([name for module in modules() for name in module.names])


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_every_declared_function_exists_and_every_function_is_declared(
    module: HostModule, sandbox: dict[str, Any]
) -> None:
    declared = {function.name for function in module.functions if "." not in function.name}
    properties = {prop.name for prop in module.properties}
    for name in module.names:
        members = sandbox["members"][name]
        assert members is not None, f"the global {name} is missing"
        functions = {key for key, kind in members if kind == "function" and key not in ("constructor",)}
        assert functions == declared, f"{name}: {functions ^ declared}"
        assert properties <= {key for key, _kind in members}
    if not module.names:
        present = {name for name, kind in sandbox["names"] if kind == "function"}
        assert declared | {declared.name for declared in module.classes} <= present


def test_every_global_is_declared(sandbox: dict[str, Any]) -> None:
    ours = {name for name, _kind in sandbox["names"]} - bare_globals() - {"__m3m"}
    declared = {name for module in modules() for name in module.names}
    declared |= {function.name for module in modules() if not module.names for function in module.functions}
    declared |= {item.name for module in modules() for item in module.classes}
    assert ours <= declared, f"undeclared: {sorted(ours - declared)}"


@pytest.mark.parametrize("item", CLASSES, ids=[item.name for item in CLASSES])
def test_every_member_of_a_class_is_declared_and_every_declared_one_exists(item: HostClass) -> None:
    script = JavaScript()
    script.run(MEMBERS.replace("KIND", item.name))
    found = script.results[0]
    present = set(found["own"]) | {f"static {name}" for name in found["statics"]}
    if item.name in ("Request", "Response"):
        present |= set(found["parent"])  # the body is common to both, in a class that authors do not see
    if item.name == "AbortSignal":
        present.add("onabort")  # a field of each signal
    inherent = {"constructor", "static length", "static name", "static prototype"}
    assert class_members(item.declaration) == present - inherent


def test_every_member_of_ctx_is_declared_and_every_declared_one_exists() -> None:
    script = JavaScript()
    script.run(MEMBERS.replace("KIND", "m3m.context.Context"))
    start = router.INTERFACES.index("interface RequestContext {")
    declared = router.INTERFACES[start : router.INTERFACES.index("\n}", start)]
    assert class_members(declared) == set(script.results[0]["own"]) - {"constructor"}


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _example in EXAMPLES])
def test_every_example_runs(name: str, example: str) -> None:
    script = JavaScript()
    script.answers["service.info"] = {"slug": "demo", "release": "0.1"}
    script.run(EXAMPLE.replace("EXAMPLE", example, 1))
    turns = 0
    while script.turn() and turns < 10:
        turns += 1
    assert script.results == [{"error": ""}]


def test_wrong_declarations_are_refused() -> None:
    good: dict[str, Any] = {"name": "run", "signature": "(): void", "doc": "Runs.", "example": "run();"}
    HostFunction(**good)
    for wrong in ({"name": "Run!"}, {"signature": "run()"}, {"doc": ""}, {"example": " "}):
        with pytest.raises(DeclarationError):
            HostFunction(**{**good, **wrong})
    with pytest.raises(DeclarationError):
        HostFunction(**good, handler=print)
    with pytest.raises(DeclarationError, match="twice"):
        HostModule("tests", "Tests.", (HostFunction(**good), HostFunction(**good)))


def test_typings_know_the_variables_of_a_project() -> None:
    text = declarations(env={"PORT": "integer", "API_KEY": "secret", "OPTIONS": "json"})
    assert 'interface EnvKeys {\n  "API_KEY": string;\n  "OPTIONS": any;\n  "PORT": number;\n}' in text
    assert "interface EnvKeys {\n}" in declarations()


def test_typings_tell_errors_and_examples_without_ending_a_comment_early() -> None:
    function = HostFunction(
        "glob", "(): void", "Finds *.js", "glob('**/*.js'); /* all */", (("no_match", "there is none"),)
    )
    nested = HostFunction("tmp.read", "(path: string): string", "Reads.", "tmp.read('a');")
    text = declarations([HostModule("files2", "Files.", (function, nested), names=("files2",))])
    assert "@throws no_match: there is none" in text
    assert text.count("*/") == 3  # of the two functions and the constant
    assert "  readonly tmp: {\n" in text
    assert "    read(path: string): string;\n  };" in text


def test_host_functions_have_handlers() -> None:
    for module in modules():
        for function in module.functions:
            if function.runs == "host":
                assert function.handler is not None, f"{module.name}.{function.name}"
                assert host_function(f"{module.name}.{function.name}") is function
    assert host_function("router.get") is None
    assert host_function("nothing.at.all") is None


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(DeclarationError):
        register(
            HostModule("other", "x", (HostFunction("f", "(): void", "x", "other.f()"),), names=("router",))
        )


def test_typings_have_both_spellings_and_one_member_a_line() -> None:
    text = declarations()
    for name in ("router", "$router", "logger", "$logger", "console", "env", "$env", "service", "$service"):
        assert f"declare const {name}: " in text
    assert "declare function $require(" in text
    assert "declare class URL {" in text


def test_every_function_has_its_place_in_the_docs() -> None:
    written = pages()
    for module in modules():
        for function in module.functions:
            path = f"{module.name}.{function.name}" if module.names else function.name
            assert f"### {path}\n" in written[module.name]

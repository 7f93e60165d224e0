"""TypeScript declarations and documentation pages, generated from the declarations of the host modules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from runtime.modules.declaration import HostClass, HostFunction, HostModule, HostProperty
from runtime.registry import modules

ENV_TYPES: Mapping[str, str] = {
    "string": "string",
    "text": "string",
    "secret": "string",
    "integer": "number",
    "float": "number",
    "boolean": "boolean",
}
_MEMBER = re.compile(r"^\s+(static )?(?:readonly )?([A-Za-z]\w*)\??[(:<]", re.MULTILINE)


def _comment(text: str, indent: str = "") -> list[str]:
    """A doc comment; nothing in the text ends it early."""
    lines = text.replace("*/", "*\u200b/").split("\n")
    if len(lines) == 1:
        return [f"{indent}/** {text} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _function_comment(function: HostFunction, indent: str) -> list[str]:
    errors = [f"@throws {code}: {when}" for code, when in function.errors]
    return _comment("\n".join([str(function.doc), *errors, "@example", function.example]), indent)


def _member(function: HostFunction, indent: str) -> list[str]:
    """A function inside an interface, one overload a line."""
    name = function.name.rpartition(".")[2]
    return [
        *_function_comment(function, indent),
        *(f"{indent}{name}{overload};" for overload in function.overloads),
    ]


def _members(functions: Iterable[HostFunction]) -> list[str]:
    """The functions of a module; those named `tmp.read` become members of an object `tmp`."""
    lines: list[str] = []
    nested: dict[str, list[str]] = {}
    for function in functions:
        group, dot, _name = function.name.partition(".")
        if dot:
            nested.setdefault(group, []).extend(_member(function, "    "))
        else:
            lines += _member(function, "  ")
    for group, members in nested.items():
        lines += [f"  readonly {group}: {{", *members, "  };"]
    return lines


def _property(prop: HostProperty, indent: str) -> list[str]:
    name = prop.name.rpartition(".")[2]
    return [
        *_comment(str(prop.doc), indent),
        f"{indent}{'readonly ' if prop.readonly else ''}{name}: {prop.type};",
    ]


def interface_name(module: HostModule) -> str:
    return f"{module.name[0].upper()}{module.name[1:]}Module"


def _module(module: HostModule) -> list[str]:
    lines = [module.interfaces.rstrip()] if module.interfaces else []
    for declared in module.classes:
        lines += [*_comment(str(declared.doc)), declared.declaration]
    if not module.names:
        for function in module.functions:
            lines += _function_comment(function, "")
            lines += [f"declare function {function.name}{overload};" for overload in function.overloads]
        return lines
    lines.append(f"interface {interface_name(module)} {{")
    for prop in module.properties:
        lines += _property(prop, "  ")
    lines += _members(module.functions)
    lines.append("}")
    for name in module.names:
        lines += [*_comment(str(module.doc)), f"declare const {name}: {interface_name(module)};"]
    return lines


def declarations(chosen: Iterable[HostModule] | None = None, *, env: Mapping[str, str] | None = None) -> str:
    """The `.d.ts` of all modules, in both spellings (`router` and `$router`), one member a line.

    `env` maps a project's variables to their types (`EnvVar.type`), so that `env.get` knows them.
    """
    lines = ["// Generated from the declarations of the host modules; do not edit."]
    for module in modules() if chosen is None else chosen:
        lines += ["", *_module(module)]
    text = "\n".join(lines) + "\n"
    keys = [
        f"  {json.dumps(key)}: {ENV_TYPES.get(kind, 'any')};\n" for key, kind in sorted((env or {}).items())
    ]
    return text.replace("interface EnvKeys {\n}", f"interface EnvKeys {{\n{''.join(keys)}}}")


def class_members(declaration: str) -> set[str]:
    """Names of the members of a `declare class` or an interface, static ones as `static name`."""
    found = {f"{static}{name}" for static, name in _MEMBER.findall(declaration)}
    return found - {"constructor"}


def _example(code: str) -> list[str]:
    return ["```js", code, "```", ""]


def _document_function(module: HostModule, function: HostFunction) -> list[str]:
    path = f"{module.name}.{function.name}" if module.names else function.name
    lines = [f"### {path}", "", "```ts", *(f"{path}{overload}" for overload in function.overloads), "```", ""]
    where = "" if function.runs == "guest" else " A call to the host: the script waits for its answer."
    lines += [f"{function.doc}{where}", ""]
    if function.errors:
        lines += ["Errors:", "", *(f"- `{code}`: {when}" for code, when in function.errors), ""]
    return lines + _example(function.example)


def _document_class(declared: HostClass) -> list[str]:
    return [
        f"### {declared.name}",
        "",
        str(declared.doc),
        "",
        "```ts",
        declared.declaration,
        "```",
        "",
        *_example(declared.example),
    ]


def page(module: HostModule) -> str:
    """The documentation of one module as Markdown."""
    lines = [f"# {module.name}", "", str(module.doc), ""]
    if module.names:
        lines += ["Globals: " + ", ".join(f"`{name}`" for name in module.names), ""]
    if module.properties:
        lines += ["| property | type | |", "|---|---|---|"]
        lines += [f"| `{prop.name}` | `{prop.type}` | {prop.doc} |" for prop in module.properties]
        lines.append("")
    for function in module.functions:
        lines += _document_function(module, function)
    for declared in module.classes:
        lines += _document_class(declared)
    if module.interfaces:
        lines += ["## Types", "", "```ts", module.interfaces.rstrip(), "```", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Markdown of every module by its name."""
    return {module.name: page(module) for module in modules()}

"""TypeScript declarations and documentation pages, generated from the declarations of the host modules."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.modules.declaration import HostClass, HostFunction, HostModule, HostProperty
from runtime.registry import modules


def _comment(text: str, indent: str = "") -> str:
    return f"{indent}/** {text} */"


def _member(function: HostFunction, indent: str) -> list[str]:
    """A function inside an interface, one overload a line."""
    name = function.name.rpartition(".")[2]
    return [
        _comment(str(function.doc), indent),
        *(f"{indent}{name}{overload};" for overload in function.overloads),
    ]


def _property(prop: HostProperty, indent: str) -> list[str]:
    name = prop.name.rpartition(".")[2]
    return [
        _comment(str(prop.doc), indent),
        f"{indent}{'readonly ' if prop.readonly else ''}{name}: {prop.type};",
    ]


def interface_name(module: HostModule) -> str:
    return f"{module.name[0].upper()}{module.name[1:]}Module"


def _module(module: HostModule) -> list[str]:
    lines = [module.interfaces.rstrip()] if module.interfaces else []
    for declared in module.classes:
        lines += [_comment(str(declared.doc)), declared.declaration]
    if not module.names:
        for function in module.functions:
            lines.append(_comment(str(function.doc)))
            lines += [f"declare function {function.name}{overload};" for overload in function.overloads]
        return lines
    lines.append(f"interface {interface_name(module)} {{")
    for prop in module.properties:
        lines += _property(prop, "  ")
    for function in module.functions:
        lines += _member(function, "  ")
    lines.append("}")
    for name in module.names:
        lines += [_comment(str(module.doc)), f"declare const {name}: {interface_name(module)};"]
    return lines


def declarations(chosen: Iterable[HostModule] | None = None) -> str:
    """The `.d.ts` of all modules, in both spellings (`router` and `$router`), one member a line."""
    lines = ["// Generated from the declarations of the host modules; do not edit."]
    for module in modules() if chosen is None else chosen:
        lines += ["", *_module(module)]
    return "\n".join(lines) + "\n"


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

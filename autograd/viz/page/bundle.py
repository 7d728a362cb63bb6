"""ES modules as one script: what a page of one file needs, and no tool but Python.

The page is written as ES modules, which editors, linters and Node.js read as they are. A browser does not load them
from a file (``file://`` has no origin), nor from a notebook's frame, so they are put into one script here. Two other
ways were weighed. An import map of ``data:`` addresses keeps the modules apart, but the page's policy would have to
allow every ``data:`` script, a smuggled one included, where now the one script may run whose hash it names. A bundler
of Node.js needs Node.js, or a file in the repository that only Node.js can make.

A module becomes a function that runs once, in the order of the imports, and returns what it exports. That is true to
the standard for modules of this simple form, and anything else is refused:

* ``import { a, b } from "./other.js";``, with a relative path, at the beginning of a line;
* ``export function``, ``export async function``, ``export class`` and ``export const`` of one name, at the beginning
  of a line. What can be assigned anew (``export let``) would need a live binding; state is an object's instead;
* no template literal over several lines, so that comments and indentation can be left out:
  who reads the page's program reads the modules, and the page is to be small;
* spaces around signs are left out, too, where a line cannot hold a regular expression or a template;
* no circles, no ``import()``, no ``import.meta``; and outside of functions neither ``await`` nor ``this``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

__all__ = ["BundleError", "bundle"]

_NAME = r"[A-Za-z_$][\w$]*"
# Both begin with fixed text, which makes looking for them fast.
_IMPORT = re.compile(rf'\nimport \{{(\s*{_NAME}\s*(?:,\s*{_NAME}\s*)*,?\s*)\}} from "(\.\.?/[^"\n]+)";(?=\n)')
_EXPORT = re.compile(rf"\nexport (?=(?:async function|function|class|const) ({_NAME}))")
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*.*?\*/ *)\n", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r" +// [^\"'`\n]*$", re.MULTILINE)  # with a quote it might be the end of a text
_INDENT = re.compile(r"^ +|\n(?=\n)", re.MULTILINE)
_TEXT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
# Signs around which a space says nothing. + and − are not among them: a - -b is not a--b.
_SPACED = re.compile(r" *([=<>!&|?*]+=?>?|[:,;(){}\[\]]) *")
_ENDS = re.compile("<(?:!--|/[sS][cC][rR][iI][pP][tT])")
_OTHER = re.compile(r"^\s*(?:import|export)\b|\bimport\s*[.(]")


class BundleError(Exception):
    """A module that cannot be bundled; says which, and why."""


class _Module(NamedTuple):
    imports: dict[str, list[str]]
    """What it imports, by the path of the module it comes from."""
    exports: list[str]
    body: str


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """The modules that `entry` needs, itself the last, as one script without an import or an export.

    Args:
        modules: the source of each, by its path.
        entry: the path of the module that starts it all.

    Raises:
        BundleError: for a module that is not of the simple form above, is missing, or imports what is not exported
            or, in a circle, itself; and for a module that no other imports.

    >>> print(bundle({"half.js": "export const half = (x) => x / 2;",
    ...               "page.js": 'import { half } from "./half.js";\\nconsole.log(half(3));'}, "page.js"))
    "use strict";
    {
    const modules = {};
    modules["half.js"] = (() => {
    const half = (x) => x / 2;
    return { half };
    })();
    modules["page.js"] = (() => {
    const { half } = modules["half.js"];
    console.log(half(3));
    return {  };
    })();
    }
    """
    parsed: dict[str, _Module] = {}
    _visit(entry, (), modules, parsed)
    if unused := [path for path in modules if path not in parsed]:
        raise BundleError(f"nothing imports {', '.join(unused)}")
    lines = ['"use strict";', "{", "const modules = {};"]
    for path, module in parsed.items():
        lines.append(f'modules["{path}"] = (() => {{')
        lines += [f'const {{ {", ".join(names)} }} = modules["{other}"];' for other, names in module.imports.items()]
        lines += [module.body.strip(), f"return {{ {', '.join(module.exports)} }};", "})();"]
    return "\n".join([*lines, "}"])


def _visit(path: str, above: tuple[str, ...], modules: Mapping[str, str], parsed: dict[str, _Module]) -> None:
    """Put a module behind all that it imports."""
    if path in parsed:
        return
    if path in above:
        raise BundleError(f"modules import each other in a circle: {' → '.join([*above[above.index(path) :], path])}")
    if path not in modules:
        raise BundleError(f"{above[-1] if above else 'the page'} imports {path}, and there is no such module")
    module = _parsed(path, modules[path])
    for other, names in module.imports.items():
        _visit(other, (*above, path), modules, parsed)
        if strange := [name for name in names if name not in parsed[other].exports]:
            raise BundleError(f"{path} imports {', '.join(strange)}, which {other} does not export")
    parsed[path] = module


@lru_cache(maxsize=128)  # pages share all modules but one
def _parsed(path: str, source: str) -> _Module:
    imports: dict[str, list[str]] = {}

    def take(found: re.Match[str]) -> str:
        other = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2]))
        imports.setdefault(other, []).extend(re.findall(_NAME, found[1]))
        return ""

    body = _IMPORT.sub(take, f"\n{source}\n")
    exports = _EXPORT.findall(body)
    body = _EXPORT.sub("\n", body)
    for line in body.splitlines():
        if ("import" in line or "export" in line) and _OTHER.search(line):
            raise BundleError(f"{path} has an import or export of another form than can be bundled: {line.strip()}")
    if any(line.count("`") % 2 for line in body.splitlines() if not line.lstrip().startswith(("//", "*", "/*"))):
        raise BundleError(f"{path} has a template literal over several lines")
    body = "\n".join(map(_tight, _INDENT.sub("", _REMARK.sub("", _COMMENT.sub("", body))).split("\n")))
    if found := _ENDS.search(body):
        raise BundleError(f"{path} has {found[0]}, which would mean something to the page around it")
    return _Module(imports, exports, body)


def _tight(line: str) -> str:
    """The line without needless spaces; one with a slash or a template may hold spaces that mean something."""
    if "/" in line or "`" in line:
        return line
    return "".join(part if k % 2 else _SPACED.sub(r"\1", part) for k, part in enumerate(_TEXT.split(line)))

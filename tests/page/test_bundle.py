"""The page's modules as one script: what is refused, what runs, and how the modules stand to each other."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from autograd import Value
from autograd.viz.page import explore as page
from autograd.viz.page.bundle import BundleError, bundle

ROOMS = ["base", "model", "words", "display", "actions", "panel", "controls", ""]
"""From the lowest up; the last is that of page.js."""


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    """Those of a page."""
    return page._modules(page.explore(Value(1.0) * 2).tape["code"])


def imports(source: str) -> list[tuple[str, str]]:
    """Each name that a module imports and from where, read with another pattern than the bundler's."""
    found = re.findall(r'import\s*\{([^}]*)\}\s*from\s*"([^"]*)"', source)
    return [(name.strip(), path) for names, path in found for name in names.split(",") if name.strip()]


def resolved(path: str, here: str) -> str:
    folder = [] if "/" not in here else here.split("/")[:-1]
    for step in path.split("/"):
        folder = folder[:-1] if step == ".." else folder if step == "." else [*folder, step]
    return "/".join(folder)


@pytest.mark.parametrize(
    "statement",
    [
        'import other from "./other.js";',
        'import * as other from "./other.js";',
        'import { a as b } from "./other.js";',
        'import {} from "./other.js";',
        'import { a } from "other";',
        "import { a } from './other.js';",
        'import { a } from "./other.js"',
        'import { a } from "./other.js"; a();',
        '  import { a } from "./other.js";',
        'import "./other.js";',
        'const { a } = await import("./other.js");',
        "const here = import.meta.url;",
        "export let a = 1;",
        "export var a = 1;",
        "export default function a() {}",
        "export { a };",
        'export * from "./other.js";',
        'export { a } from "./other.js";',
        "export const { a } = {};",
        "export function* a() {}",
        "  export const a = 1;",
    ],
)
def test_any_other_form_of_import_and_export_is_refused_with_its_line(statement: str) -> None:
    modules = {"page.js": f"const x = 1;\n{statement}\n", "other.js": "export const a = 1;"}
    with pytest.raises(BundleError) as refused:
        bundle(modules, "page.js")
    assert str(refused.value) == (
        f"page.js has an import or export of another form than can be bundled: {statement.strip()}"
    )


def test_comments_and_indentation_are_left_out_and_texts_that_look_like_comments_stay() -> None:
    source = (
        "// What this is.\n//\n// More.\n\n/** One\n * @param x\n */\nexport function f(x) {\n"
        '  // why\n  return x + "// no /* comment */"; // goes\n}\nf(" // a"); f(\' // b\'); f(` // c`);\n'
    )
    script = bundle({"page.js": source}, "page.js")
    assert 'function f(x){\nreturn x + "// no /* comment */";\n}\nf(" // a"); f(\' // b\'); f(` // c`);' in script
    assert not any(words in script for words in ("What this is", "@param", "why", "More", "goes"))
    with pytest.raises(BundleError, match=r"^page\.js has a template literal over several lines$"):
        bundle({"page.js": "const x = `one\n  // two`;\n"}, "page.js")


@pytest.mark.parametrize("text", ["</script>", "</SCRIPT >", "<!-- x"])
def test_what_would_end_the_script_in_its_page_is_refused(text: str) -> None:
    with pytest.raises(BundleError, match=r"^page\.js has <"):
        bundle({"page.js": f"const x = `{text}`;"}, "page.js")


def test_spaces_around_signs_are_left_out_and_those_in_texts_and_between_signs_stay() -> None:
    lines = [
        (
            'const a = [1, 2].map((x) => x * 2), b = { c : " = ( , \' " };',
            'const a=[1,2].map((x)=>x*2),b={c:" = ( , \' "};',
        ),
        ("const c = 3 - -1 + +1 >= 3 ? 'a , \"b' : null;", "const c=3 - -1 + +1>=3?'a , \"b':null;"),
        ("const d = `a , b`;", "const d = `a , b`;"),  # a template may hold code
        ('const e = "a , b".split(/ , /);', 'const e = "a , b".split(/ , /);'),
        ('const f = "\\" = " , g = !(a < b && c) || !("x" in {});', 'const f="\\" = ",g=!(a<b&&c)||!("x" in{});'),
    ]
    script = bundle({"page.js": "\n".join(line for line, _ in lines)}, "page.js")
    assert "\n".join(tight for _, tight in lines) in script


def test_circles_and_what_is_missing_or_needless_are_refused() -> None:
    a, b = 'import { b } from "./b.js";\nexport const a = 1;', 'import { a } from "../a.js";\nexport const b = 1;'
    with pytest.raises(BundleError, match=r"in a circle: a\.js → x/b\.js → a\.js$"):
        bundle({"a.js": a.replace("./b", "./x/b"), "x/b.js": b, "page.js": 'import { a } from "./a.js";'}, "page.js")
    with pytest.raises(BundleError, match=r"^a\.js imports b\.js, and there is no such module"):
        bundle({"a.js": a}, "a.js")
    with pytest.raises(BundleError, match=r"^a\.js imports b, which b\.js does not export"):
        bundle({"a.js": a, "b.js": "const b = 1;\nexport const c = b;"}, "a.js")
    with pytest.raises(BundleError, match=r"^nothing imports b\.js, c\.js"):
        bundle({"a.js": "", "b.js": "", "c.js": ""}, "a.js")


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
def test_a_bundle_does_what_its_modules_do_as_modules(tmp_path: Path) -> None:
    """Names that clash, a long list of names, folders, state, a diamond of imports: all run once, in order."""
    modules = {
        "state.js": 'console.log("state");\nconst hidden = [];\nexport const push = (x) => hidden.push(x);\n'
        "export async function all() {\n  return hidden;\n}\n",
        "low/left.js": 'import { push } from "../state.js";\nconst hidden = "left";\nexport class Left {\n'
        "  go() {\n    push(hidden);\n  }\n}\n",
        "low/right.js": 'import { push } from "../state.js";\nimport { Left } from "./left.js";\n'
        'console.log("right", Left.name);\nexport function right() {\n  push(typeof hidden);\n  new Left().go();\n}\n',
        "page.js": 'import {\n  push,\n  all,\n} from "./state.js";\nimport { right } from "./low/right.js";\n'
        'import { Left } from "./low/left.js";\nnew Left().go();\nright();\n'
        "all().then((found) => console.log(found.join()));\n",
    }
    for path, source in modules.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(source)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "bundle.cjs").write_text(bundle(modules, "page.js"))

    def said(file: str) -> str:
        return subprocess.run(["node", tmp_path / file], capture_output=True, text=True, check=True).stdout

    assert said("page.js") == said("bundle.cjs") == "state\nright Left\nleft,undefined,left\n"


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
def test_the_script_of_a_page_can_be_read(modules: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "page.cjs").write_text(bundle(modules, "page.js"))
    subprocess.run(["node", "--check", tmp_path / "page.cjs"], check=True)


def test_the_script_keeps_its_names_to_itself(modules: dict[str, str]) -> None:
    script = bundle(modules, "page.js").splitlines()
    assert script[:2] == ['"use strict";', "{"]
    assert script[-1] == "}"


def test_modules_import_from_their_own_room_or_a_lower_one(modules: dict[str, str]) -> None:
    def room(path: str) -> int:
        return ROOMS.index(path.rpartition("/")[0])

    assert {room(path) for path in modules} == set(range(len(ROOMS)))
    upwards = [
        (path, other)
        for path, source in modules.items()
        for _, other in imports(source)
        if room(resolved(other, path)) > room(path)
    ]
    assert not upwards


def test_every_export_is_imported_somewhere(modules: dict[str, str]) -> None:
    used = {(resolved(other, path), name) for path, source in modules.items() for name, other in imports(source)}
    given = {
        (path, name)
        for path, source in modules.items()
        for name in re.findall(r"^export (?:async )?(?:function|class|const) ([\w$]+)", source, re.MULTILINE)
    }
    assert given == used


def test_every_module_says_first_what_it_is_for(modules: dict[str, str]) -> None:
    silent = [path for path, source in modules.items() if not re.match(r"// [A-Z][^\n]+(\n//[^\n]*)*\n\n", source)]
    assert silent == ["model/primitives.js"]  # which is written for each graph


def test_every_export_says_in_a_sentence_what_it_is(modules: dict[str, str]) -> None:
    silent = [
        (path, line)
        for path, source in modules.items()
        for before, line in pairwise(source.splitlines())
        if line.startswith("export ") and not before.endswith("*/") and path != "model/primitives.js"
    ]
    assert not silent


def test_the_state_is_changed_by_actions_and_by_what_shows_a_view_and_by_no_other_module(
    modules: dict[str, str],
) -> None:
    """What is assigned to, emptied or filled; the leaves, too, are given their values by actions alone."""
    change = re.compile(
        r"\b(state\.\w+(\.length|\[\w+\])? = |state\.\w+\.(add|clear|push|delete)\(|passes\.\w+(\[\w+\])? = |"
        r"engine\.value\[[^\]]*\] = )"
    )
    writers = {path for path, source in modules.items() if change.search(source)}
    assert "actions/change.js" in writers
    assert {path for path in writers if not path.startswith("actions/")} == {
        "display/stage.js",  # whether someone chose where the panel is
        "display/view.js",  # the view
        "model/state.js",  # what follows
    }

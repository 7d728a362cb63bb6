// Builds the playground into dist/: `npm ci && npm run build`, after pack.py has written dist/packed.zip.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { loadPyodide } from "pyodide";

const read = (name) => readFile(new URL(name, import.meta.url), "utf8");
const to = (name) => new URL(`dist/${name}`, import.meta.url);
const settings = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none", // licences.txt has them all
  metafile: true,
  logLevel: "warning",
  target: "es2022",
};

await mkdir(to(""), { recursive: true });
const page = await build({
  ...settings,
  entryPoints: ["page/page.js"],
  format: "iife",
  outfile: "dist/page.js",
  loader: { ".py": "text" },
});
const worker = await build({
  ...settings,
  entryPoints: ["engine/worker.js"],
  format: "iife",
  outfile: "dist/worker.js",
  external: ["node:*", "ws"], // Pyodide asks for them under Node.js alone
  define: { "import.meta.url": '"https://python.invalid/pyodide.asm.mjs"' },
  // A frame without an origin can start a classic worker only, and Pyodide wants none, as it could import no module
  // there; but all its modules are in this one script.
  banner: { js: "self.importScripts = undefined;" },
});

/** A page with its one script in it, whose hash its policy may name. */
async function inlined(name) {
  const script = await read(`engine/${name}.js`),
    digest = createHash("sha256").update(script).digest("base64"),
    parts = { script, digest };
  const page = (await read(`engine/${name}.html`)).replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]);
  await writeFile(to(`${name}.html`), page);
}
await inlined("engine");
await inlined("live");

await copyFile(new URL("page/index.html", import.meta.url), to("index.html"));
await copyFile(new URL("page/style.css", import.meta.url), to("style.css"));
await copyFile(new URL("node_modules/pyodide/pyodide.asm.wasm", import.meta.url), to("pyodide.asm.wasm"));

// Python's own library, and the project's, compiled: a browser that has to do that starts Python in twice the time.
const python = await loadPyodide();
python.runPython(await read("compiled.py"));
const compiled = python.runPython("lambda archive, place, keep: compiled(bytes(archive.to_py()), place, keep)");
for (const [from, name, place, keep] of [
  ["node_modules/pyodide/python_stdlib.zip", "python_stdlib.zip", "/lib/python_stdlib.zip", false],
  ["dist/packed.zip", "project.zip", "/lib/project", true],
]) {
  const archive = new Uint8Array(await readFile(new URL(from, import.meta.url)));
  await writeFile(to(name), compiled(archive, place, keep).toJs());
}
await rm(to("packed.zip"));

/** What of others is in the playground, by its licence. */
const packages = [page, worker].flatMap(({ metafile }) => Object.keys(metafile.inputs)),
  names = new Set(packages.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean)),
  notices = [];
for (const name of [...names].sort()) {
  const about = JSON.parse(await read(`node_modules/${name}/package.json`)),
    text = await read(`node_modules/${name}/LICENSE`).catch(() => "");
  notices.push(
    `${name} ${about.version}: ${about.license}, ${about.homepage ?? about.repository?.url ?? ""}\n\n${text}`,
  );
}
notices.push("Graphviz, in @viz-js/viz: EPL-2.0, https://graphviz.org\n");
notices.push("CPython, in pyodide: PSF-2.0, https://www.python.org\n");
notices.push("graphviz for Python: MIT, https://github.com/xflr6/graphviz\n");
await writeFile(to("licences.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));

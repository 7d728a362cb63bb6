// Python, in a worker without an origin and without a network: what it needs comes by message.
//
//   from the page  { call, id, args }: a method of session.py
//   to the page    { ready }, { id, answer }, { failed }, and what session.py says meanwhile: { say, of }

import { instance } from "@viz-js/viz";
import { loadPyodide } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";
import { info } from "pyodide/pyodide-lock.json";

const PLACE = "https://python.invalid/"; // asked for what `files` holds; there is no such place
let session = null,
  port = null;

self.addEventListener("message", ({ data, ports }) => {
  [port] = ports;
  begin(data).catch((error) => port.postMessage({ failed: String(error?.message ?? error) }));
});

async function begin({ wasm, stdlib, project }) {
  const files = {
    "pyodide.asm.wasm": [wasm, "application/wasm"],
    "python_stdlib.zip": [stdlib, "application/zip"],
  };
  self.fetch = async (address) => {
    const found = files[String(address).replace(PLACE, "")];
    if (!found) throw new TypeError("there is no network in the playground");
    return new Response(found[0], { headers: { "Content-Type": found[1] } });
  };
  const [python, viz] = await Promise.all([
    loadPyodide({
      createPyodideModule,
      indexURL: PLACE,
      packageBaseUrl: PLACE,
      lockFileContents: { info, packages: {} }, // the standard library is all that is needed
      stdin: () => null,
    }),
    instance(),
  ]);
  python.unpackArchive(project, "zip", { extractDir: "/lib/project" });
  python.registerJsModule("outside", {
    say: (kind, of) => port.postMessage({ say: kind, of }),
    lay_out(source, format, engine) {
      const made = viz.render(source, { format, engine });
      const wrong = made.errors.find(({ level }) => level === "error");
      return made.status === "success" ? ["", made.output] : [wrong?.message ?? "no message", ""];
    },
  });
  python.runPython('import sys; sys.path.insert(0, "/lib/project")');
  session = python.pyimport("playground.session").Session();
  port.addEventListener("message", hear);
  port.start();
  port.postMessage({ ready: session.version });
}

/** One thing at a time, in the order it was asked for. */
function hear({ data: { call, id, args } }) {
  try {
    port.postMessage({ id, answer: session.call(call, JSON.stringify(args)) });
  } catch (error) {
    port.postMessage({ failed: String(error?.message ?? error) });
  }
}

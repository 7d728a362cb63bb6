// The room that Python runs in: a frame without an origin, and in it the worker.
//
// A worker that is loaded from an address would have the page's origin and no policy of its own: code from a shared
// link could read what the origin keeps, and call home. This frame is sandboxed, so it has no origin, and its policy,
// which a worker made of a blob inherits, allows no connection at all. All that is needed is handed in by the page.
//
//   from the page  { files }, once, then for each worker { start } with the port that it talks to the page by
"use strict";

let files = null,
  worker = null;

window.addEventListener("message", ({ source, data, ports }) => {
  if (source !== window.parent) return;
  if (data.files) ({ files } = data);
  if (!data.start) return;
  worker?.terminate();
  const address = URL.createObjectURL(new Blob([files.program], { type: "text/javascript" }));
  const made = (worker = new Worker(address));
  made.addEventListener("error", (event) => {
    if (made !== worker) return; // one that was stopped has nothing to say
    window.parent.postMessage({ failed: event.message || "the worker could not be started" }, "*");
  });
  worker.postMessage({ wasm: files.wasm, stdlib: files.stdlib, project: files.project }, [ports[0]]);
});
window.parent.postMessage({ there: true }, "*");

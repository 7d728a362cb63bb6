// The page's end of Python: the frame it runs in (engine.html), what it is asked, and how it is stopped.

const FILES = { program: "worker.js", wasm: "pyodide.asm.wasm", stdlib: "python_stdlib.zip", project: "project.zip" };

/** Fetch what Python is made of, all at once. */
async function fetched() {
  const entries = Object.entries(FILES).map(async ([name, address]) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} could not be loaded: ${answer.status} ${answer.statusText}`);
    return [name, name === "program" ? await answer.text() : await answer.arrayBuffer()];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Resolves once the frame listens. */
function listening(frame) {
  return new Promise((resolve) => {
    window.addEventListener("message", function hear({ source, data }) {
      if (source !== frame.contentWindow || !data?.there) return;
      window.removeEventListener("message", hear);
      resolve();
    });
    frame.src = "engine.html";
  });
}

export class Python {
  #frame;
  #port = null;
  #asked = new Map();
  #count = 0;
  #messages = [];

  /**
   * `hear(kind, of)` is told what Python says: "ready" with its version, "failed" with a reason, "printed", "live",
   * "state".
   */
  constructor(frame, hear) {
    this.#frame = frame;
    this.hear = hear;
    this.ready = this.loaded = false;
    window.addEventListener("message", ({ source, data }) => {
      if (source === frame.contentWindow && typeof data?.failed === "string") this.#fail(data.failed);
    });
  }

  /** Load everything and start; `hear` is told when it is there. */
  async load() {
    try {
      const there = listening(this.#frame),
        files = await fetched();
      await there;
      this.#frame.contentWindow.postMessage({ files }, "*"); // a frame without an origin has no other name
      this.loaded = true;
      this.start();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  /** Start a new worker; one that is there ends at once, whatever it does, and leaves nothing. */
  start() {
    this.ready = false;
    this.#forget();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.addEventListener("message", ({ data }) => this.#hear(port1, data));
    port1.start();
    this.#frame.contentWindow.postMessage({ start: true }, "*", [port2]);
  }

  /** What a method of session.py answers; never, if Python is stopped meanwhile. */
  ask(call, args = {}) {
    return new Promise((resolve) => {
      const id = ++this.#count;
      this.#asked.set(id, resolve);
      this.#port.postMessage({ call, id, args });
    });
  }

  #forget() {
    this.#asked.clear();
    this.#port?.close();
    this.#messages = [];
  }

  #fail(reason) {
    this.ready = false;
    this.hear("failed", reason);
  }

  #hear(port, data) {
    if (port !== this.#port || this.#flooded()) return;
    if (data.ready) {
      this.ready = true;
      this.hear("ready", String(data.ready));
    } else if (data.failed) this.#fail(String(data.failed));
    else if (data.say) this.hear(String(data.say), data.of);
    else {
      this.#asked.get(data.id)?.(JSON.parse(data.answer));
      this.#asked.delete(data.id);
    }
  }

  /** Code that goes around session.py could keep the page busy with messages; more than can be meant end it. */
  #flooded() {
    const now = performance.now();
    this.#messages.push(now);
    if (this.#messages.length <= 2000) return false;
    if (now - this.#messages.shift() > 5000) return false;
    this.start();
    this.hear("failed", "it said more than a page can show, and was stopped");
    return true;
  }
}

// The room of the live page (live.html), and the wire between it and Python: as notebook.mjs does it in a notebook.

import { pageOf } from "./shell.js";

/** What saves and copies in the page: a frame without rights may not, and the page around does. */
const FRAMED = "#take { display: none }\n</style>";

export class Live {
  #frame;
  #there;
  #shell;
  #port = null;

  /** The page that is shown, as a document of its own; "" where there is none. */
  html = "";

  /** `said(what)` hears what the page says to Python. */
  constructor(frame, said, dark) {
    this.#frame = frame;
    this.said = said;
    this.dark = dark;
    this.#there = new Promise((resolve) => {
      window.addEventListener("message", ({ source, data }) => {
        if (source === frame.contentWindow && data?.there) resolve();
      });
    });
  }

  /** Get the page without a graph, once. */
  async load() {
    if (window.location.protocol === "file:") return;
    this.#frame.src = "live.html";
    this.#shell = fetch("shell.html").then((answer) => answer.text());
    await Promise.all([this.#shell, this.#there]);
  }

  /** Show the page of this graph, in a frame made new; false where it is none. */
  async show(graph) {
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const shell = await this.#shell;
    await this.#there;
    if (port1 !== this.#port) return true; // there is another one already
    const html = pageOf(shell, graph);
    if (!html) return false;
    this.html = html;
    port1.addEventListener("message", ({ data }) => port1 === this.#port && this.said(data));
    port1.start();
    this.dress();
    this.#frame.contentWindow.postMessage({ html: html.replace("</style>", FRAMED) }, "*", [port2]);
    return true;
  }

  /** How the numbers are in Python; the port keeps it until the page listens. */
  state(state) {
    this.#port?.postMessage({ state });
  }

  /** Python is not there any more; what it has shown stays. */
  lose() {
    this.#port?.postMessage({ lost: true });
  }

  /** Tell the page whether it is light or dark. */
  dress() {
    this.#port?.postMessage({ scheme: this.dark() });
  }
}

// The frame of the live page (live.html), and the wire between it and Python: as notebook.mjs does it in a notebook.

export class Live {
  #frame;
  #html = "";
  #port = null;
  #kept = [];

  /** `said(what)` hears what the page says to Python. */
  constructor(frame, said, dark) {
    this.#frame = frame;
    this.said = said;
    this.dark = dark;
    window.addEventListener("message", ({ source, data }) => {
      if (source !== frame.contentWindow) return;
      if (data?.waiting && this.#html) frame.contentWindow.postMessage({ html: this.#html }, "*");
      else if (data?.written) this.#wire();
    });
  }

  /** Show this page, in a frame made new. */
  show(html) {
    this.#cut();
    this.#html = html;
    this.#frame.src = "live.html";
    this.#frame.contentWindow?.location.replace("live.html"); // makes no entry in the history
  }

  /** How the numbers are in Python; kept until the page listens. */
  state(state) {
    if (this.#port) this.#port.postMessage({ state });
    else if (this.#kept.length < 1000) this.#kept.push(state);
  }

  /** Tell the page whether it is light or dark. */
  dress() {
    this.#port?.postMessage({ scheme: this.dark() });
  }

  #cut() {
    this.#port?.close();
    this.#port = null;
    this.#kept = [];
  }

  #wire() {
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) => port1 === this.#port && this.said(data));
    port1.start();
    this.#port = port1;
    this.#frame.contentWindow.postMessage("autograd", "*", [port2]);
    this.dress();
    for (const state of this.#kept.splice(0)) this.#port.postMessage({ state });
  }
}

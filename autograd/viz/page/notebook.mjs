// The page in a notebook: a frame, in the colours of what is around it, and the wire between it and Python.

/** "dark" or "light" as JupyterLab, VS Code, Colab or marimo are; "" where nothing is said: as the system is. */
function scheme() {
  const places = [document.body, document.documentElement],
    lab = document.body.dataset.jpThemeLight;
  if (lab) return lab === "false" ? "dark" : "light";
  const words = places.flatMap((place) => [...place.classList, place.getAttribute("theme"), place.dataset.theme]);
  if (words.some((word) => ["dark", "vscode-dark", "vscode-high-contrast"].includes(word))) return "dark";
  return words.some((word) => ["light", "vscode-light", "vscode-high-contrast-light"].includes(word)) ? "light" : "";
}

/** Let a page speak, and tell it the colours, now and whenever they change; the port to speak to it comes back. */
function wire(frame, hear) {
  const { port1: port, port2 } = new MessageChannel(),
    dress = () => port.postMessage({ scheme: scheme() }),
    observer = new MutationObserver(dress);
  for (const place of [document.body, document.documentElement]) observer.observe(place, { attributes: true });
  port.addEventListener("message", ({ data }) => hear(data));
  port.start();
  frame.contentWindow.postMessage("autograd", "*", [port2]);
  dress();
  return { port, cut: () => (observer.disconnect(), port.close()) };
}

/** The widget: the page of a model, alive. */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  for (const [name, value] of Object.entries(model.get("_frame_of_page"))) frame.setAttribute(name, value);
  let line = null;
  const tell = () => line?.port.postMessage({ state: model.get("_state") });
  frame.addEventListener("load", () => {
    line?.cut();
    line = wire(frame, (said) => model.send(said));
    tell();
  });
  model.on("change:_state", tell);
  el.dataset.autograd = model.get("_name");
  el.append(frame);
  return () => {
    line?.cut();
    model.off("change:_state", tell);
  };
}

export default { render };

/** A frame of an output that Python no longer speaks to. One that waits is for where no widget comes. */
export function revive(id) {
  const frame = document.querySelector(`iframe[data-autograd="${id}"]:not([data-revived])`);
  if (!frame) return;
  frame.dataset.revived = "";
  let line = null;
  const dress = () => {
    line?.cut();
    line = wire(frame, () => {});
  };
  frame.addEventListener("load", dress);
  if (frame.srcdoc) return dress();
  const begun = Date.now(),
    look = () => {
      const alive = document.querySelector(`div[data-autograd="${id}"]`) !== null;
      if (!alive && Date.now() - begun > 4000 && !frame.srcdoc) frame.srcdoc = frame.dataset.page;
      frame.hidden = alive || !frame.srcdoc;
      if (frame.srcdoc) forget(frame);
      if (!alive && frame.isConnected) setTimeout(look, 300);
    };
  look();
}

/** JupyterLab's word that a widget has no kernel any more: the frame stands in for it. */
function forget(frame) {
  const before = frame.closest(".jp-OutputArea-child")?.previousElementSibling?.querySelector(".jupyter-widgets");
  if (before?.textContent.startsWith("Error displaying widget")) before.hidden = true;
}

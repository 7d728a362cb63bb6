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

/** A frame with these attributes, of which one is the page. */
function framed(about) {
  const frame = document.createElement("iframe");
  for (const [name, value] of Object.entries(about)) frame.setAttribute(name, value);
  return frame;
}

/** The widget: the page of a model, alive. */
function render({ model, el }) {
  const frame = framed(model.get("_frame_of_page"));
  let line = null;
  const tell = () => line?.port.postMessage({ state: model.get("_state") });
  frame.addEventListener("load", () => {
    line?.cut();
    line = wire(frame, (said) => {
      try {
        model.send(said);
      } catch {
        line.port.postMessage({ lost: true }); // the kernel has been started anew, or has ended
      }
    });
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

/** Tell the colours to a frame that Python does not speak to. */
function dress(frame) {
  let line = null;
  const again = () => {
    line?.cut();
    line = wire(frame, () => {});
  };
  frame.addEventListener("load", again);
  return again;
}

/** The page in an output that Python does not speak to: there it is, or it comes where no widget does. */
export function revive(name) {
  const place = document.querySelector(`[data-page="${name}"]:not([data-revived])`);
  if (!place) return;
  place.dataset.revived = "";
  if (place.localName === "iframe") return dress(place)();
  const begun = Date.now(),
    look = () => {
      const alive = document.querySelector(`[data-autograd="${name}"]`) !== null;
      if (!alive && !place.firstChild && Date.now() - begun > 4000) {
        place.append(framed(JSON.parse(place.dataset.frame)));
        dress(place.firstChild);
        forget(place);
      }
      place.hidden = alive || !place.firstChild;
      if (!alive && place.isConnected) setTimeout(look, 300);
    };
  look();
}

/** JupyterLab's word that a widget has no kernel any more: the frame stands in for it. */
function forget(place) {
  const before = place.closest(".jp-OutputArea-child")?.previousElementSibling?.querySelector(".jupyter-widgets");
  if (before?.textContent.startsWith("Error displaying widget")) before.hidden = true;
}

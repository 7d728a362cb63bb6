// The room that the live page stands in: without an origin, without a network. It is loaded once, so that it is there
// when the network is not, and each page is a frame of its own in it, which enters nothing into the browser's history.
//
//   from the page  { html }, with the port that the live page talks to Python by
"use strict";

window.addEventListener("message", ({ source, data, ports: [port] }) => {
  if (source !== window.parent || typeof data.html !== "string") return;
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.title = "The live page";
  frame.srcdoc = data.html;
  frame.addEventListener("load", () => port && frame.contentWindow.postMessage("autograd", "*", [port]), {
    once: true,
  });
  document.querySelector("iframe")?.remove();
  document.body.append(frame);
});
window.parent.postMessage({ there: true }, "*");

// The frame that the live page stands in: without an origin, without a network. It becomes the page it is sent.
"use strict";

window.addEventListener("message", ({ source, data }) => {
  if (source !== window.parent || typeof data.html !== "string") return;
  document.open();
  document.write(data.html);
  document.close();
  window.parent.postMessage({ written: true }, "*");
});
window.parent.postMessage({ waiting: true }, "*");

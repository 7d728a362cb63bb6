// The whole drawing in small, with a frame around the part that is in sight; only where not all of it is.

import { $ } from "../base/dom.js";
import { drawing } from "./stage.js";

const MOST = { width: 168, height: 104 };
let drawn = null;

/** Show the overview as the camera is. */
export function overview() {
  const room = drawing.room(),
    { x, y, scale } = drawing.camera,
    map = $("overview");
  const whole = !drawing.overflows(room);
  $("graph").classList.toggle("whole", whole); // then a finger that moves up or down scrolls the page
  map.toggleAttribute("hidden", whole);
  if (map.hasAttribute("hidden") || !drawing.view) return;
  if (drawn !== drawing.view.boxes) {
    drawn = drawing.view.boxes;
    $("overview-boxes").setAttribute(
      "d",
      drawn
        .map(({ x, y, width, height }) => `M${x - width / 2} ${y - height / 2}h${width}v${height}h${-width}z`)
        .join(""),
    );
  }
  const small = Math.min(MOST.width / drawing.width, MOST.height / drawing.height);
  map.setAttribute("viewBox", `0 0 ${drawing.width} ${drawing.height}`);
  map.style.width = `${Math.max(24, drawing.width * small)}px`;
  map.style.height = `${Math.max(14, drawing.height * small)}px`;
  const here = { x: -x / scale, y: -y / scale, width: room.width / scale, height: room.height / scale };
  for (const [name, value] of Object.entries(here)) $("overview-here").setAttribute(name, value.toFixed(1));
}

/** The place in the drawing that a point of the overview stands for, brought to the middle. */
export function lookAt(event) {
  const { left, top, width, height } = $("overview").getBoundingClientRect(),
    room = drawing.room(),
    { scale } = drawing.camera;
  drawing.look({
    x: room.width / 2 - ((event.clientX - left) / width) * drawing.width * scale,
    y: room.height / 2 - ((event.clientY - top) / height) * drawing.height * scale,
  });
}

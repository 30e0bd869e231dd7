// A screen that many use: it forgets. When somebody is done, or nobody has touched it for a while,
// it is empty at once and the page begins anew, with another session; nothing is kept anywhere.

import { hush } from "./aloud.js";
import { words } from "./view.js";

const IDLE = 90; // seconds of nothing
const SOON = 20; // so many seconds before, it asks
const RETRY = 2000; // the net may be away
const countdown = document.getElementById("countdown");
const soon = document.getElementById("soon");
let until = null; // nobody has been here yet
let ending = false;

function stay() {
  until = Date.now() + IDLE * 1000;
  show();
}

const secondsLeft = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));

function show() {
  const left = secondsLeft();
  countdown.hidden = false;
  countdown.textContent = words.seconds_left.replace("{seconds}", left);
  const asks = left <= SOON && !ending;
  if (asks && soon.hidden) queueMicrotask(() => document.getElementById("stay").focus());
  soon.hidden = !asks;
  document.getElementById("left").textContent = left;
}

async function end() {
  if (ending) return;
  ending = true;
  hush();
  document.querySelector("main").hidden = true;
  document.getElementById("text").value = "";
  document.querySelectorAll("#log article").forEach((each) => each.remove());
  show();
  while (!(await answers())) await new Promise((wake) => setTimeout(wake, RETRY));
  location.replace("/kiosk");
}

async function answers() {
  try {
    return (await fetch("/kiosk", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

for (const touch of ["pointerdown", "keydown", "input", "wheel"]) {
  document.addEventListener(touch, stay, { passive: true });
}
document.addEventListener("heard", stay);
document.getElementById("end").addEventListener("click", end);
// Where a browser shows a page again as it was left, it is the one before's.
window.addEventListener("pageshow", ({ persisted }) => persisted && end());

setInterval(() => {
  if (until === null || ending) return;
  if (window.speechSynthesis?.speaking) stay(); // somebody listens
  else if (secondsLeft() === 0) end();
  else show();
}, 1000);

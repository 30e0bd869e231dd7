// Reading comfort: the elder view with its sizes, remembered; it follows the elder mode of the talk.

import { face, keep, kept } from "./kept.js";
import { words } from "./view.js";

const SIZES = [18, 21, 24, 27, 30]; // pixels; the usual one is 18, in the elder view 24
const HALF_A_YEAR = 15_724_800; // seconds
const page = document.documentElement;
const print = document.getElementById("print");
const smaller = document.getElementById("smaller");
const larger = document.getElementById("larger");
let changed = () => {};

/** Let the view be chosen. @param tell is called when everything has another size */
export function offerComfort(tell) {
  changed = tell;
  print?.addEventListener("click", (event) => {
    event.preventDefault();
    choose(page.dataset.print === "large" ? "normal" : "large");
  });
  smaller?.addEventListener("click", () => step(-1));
  larger?.addEventListener("click", () => step(1));
  // A frame of another site has no cookie that could have told the server.
  if (face === "embed") choose(kept("print", page.dataset.print), kept("size", ""));
  else show();
  measure();
}

/** Elder mode begins and ends in the talk; what is chosen by hand afterwards holds. */
export function followElder(elder) {
  if (elder === undefined || elder === kept("elder", false)) return;
  keep("elder", elder);
  if (face !== "kiosk") choose(elder ? "large" : "normal");
}

function choose(size, letters = "") {
  page.dataset.print = size;
  remember("print", size);
  if (letters) page.dataset.size = letters;
  else delete page.dataset.size;
  remember("size", letters);
  show();
}

function step(by) {
  const usual = page.dataset.print === "large" ? 24 : 18;
  const now = SIZES.indexOf(Number(page.dataset.size) || usual);
  const next = SIZES[Math.min(Math.max(now + by, 0), SIZES.length - 1)];
  page.dataset.size = next;
  remember("size", String(next));
  show();
}

function remember(name, value) {
  keep(name, value);
  if (face !== "page") return;
  const safe = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `xiaoli_${name}=${value}; Path=/; Max-Age=${HALF_A_YEAR}; SameSite=Strict${safe}`;
}

function show() {
  const large = page.dataset.print === "large";
  if (print) {
    const other = large ? "normal" : "large";
    print.textContent = words[other];
    print.href = `${location.pathname}?print=${other}`;
    const size = Number(page.dataset.size) || 24;
    smaller.hidden = larger.hidden = !large;
    smaller.disabled = size <= SIZES[0];
    larger.disabled = size >= SIZES[SIZES.length - 1];
  }
  document.dispatchEvent(new CustomEvent("print", { detail: { large } }));
  changed();
}

/** What is scrolled to must not lie under the bars. */
function measure() {
  const bars = [".top", ".urgent", ".bottom"].map((name) => document.querySelector(name));
  const watch = new ResizeObserver(() => {
    const [top, urgent, bottom] = bars.map((bar) => {
      return getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    });
    page.style.scrollPadding = `${Math.max(top, urgent) + 12}px 0 ${bottom + 12}px`;
  });
  bars.forEach((bar) => watch.observe(bar));
}

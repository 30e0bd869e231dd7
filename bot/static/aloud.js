// Reads replies aloud with the browser's own voice, where it has one.

import { keep, kept } from "./kept.js";
import { piece, words } from "./view.js";

const VOICES = { zh: "zh-CN", en: "en-US" };
const SENTENCES = /[^。！？!?\n]+[。！？!?\n]?/g; // a long text breaks off in some browsers
const speech = window.speechSynthesis;
const auto = document.getElementById("auto");
let reading = null; // the button of what is being read

/** Offer to read a reply aloud. */
export function offerAloud(message) {
  const text = message.querySelector(".text");
  if (!speech || !text.textContent || message.querySelector(".aloud")) return;
  const button = piece("aloud");
  button.addEventListener("click", () => (reading === button ? hush() : read(text, button)));
  message.querySelector(".bubble").after(button);
}

/** Read something new aloud, if they want to hear everything. */
export function readAloud(message) {
  const button = message.querySelector(".aloud");
  if (button && isAuto() && !document.hidden) read(message.querySelector(".text"), button, reading);
}

/** Read; after what is being read, if something is. */
function read(text, button, after = null) {
  if (after) label(after, false);
  else hush();
  reading = button;
  label(button, true);
  const parts = text.textContent.match(SENTENCES) || [];
  parts.forEach((part, index) => {
    const said = new SpeechSynthesisUtterance(part);
    said.lang = VOICES[text.lang.slice(0, 2)] || VOICES.zh;
    said.voice = speech.getVoices().find((voice) => voice.lang.replace("_", "-") === said.lang) || null;
    if (index === parts.length - 1) said.onend = said.onerror = () => reading === button && hush();
    speech.speak(said);
  });
}

export function hush() {
  if (!speech) return;
  speech.cancel();
  if (reading) label(reading, false);
  reading = null;
}

function label(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".label").textContent = on ? words.hush : words.aloud;
}

const isAuto = () => Boolean(speech) && !auto.hidden && kept("auto", false);

if (speech) {
  auto.addEventListener("click", () => {
    keep("auto", !kept("auto", false));
    if (!kept("auto", false)) hush();
    auto.setAttribute("aria-pressed", String(kept("auto", false)));
  });
  auto.setAttribute("aria-pressed", String(kept("auto", false)));
  // The switch belongs to the elder view; so does what it switches on.
  document.addEventListener("print", ({ detail }) => (auto.hidden = !detail.large));
  window.addEventListener("pagehide", hush);
}

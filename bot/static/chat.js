// The chat page with a script: the same form and buttons, without leaving the page.

import { offerAloud, readAloud } from "./aloud.js";
import { judge, photoOf, said } from "./api.js";
import "./bell.js";
import { followElder, offerComfort } from "./comfort.js";
import { face, keep, kept, random } from "./kept.js";
import { listen } from "./later.js";
import { Outgoing } from "./outgoing.js";
import { shrink } from "./photo.js";
import * as view from "./view.js";
import { offerVoice } from "./voice.js";

const { words } = view;
const form = document.getElementById("say");
const box = document.getElementById("text");
const menu = document.getElementById("menu");
const notice = document.getElementById("notice");
const THUMBS = 20; // photos this browser still shows after a reload
const PATIENCE = 700; // after so many milliseconds we say that we are at it

let status = "pending";

// Saying something.

const outgoing = new Outgoing({
  trying(item) {
    setTimeout(() => view.showWorking(outgoing.items.some((each) => each.trying)), PATIENCE);
  },
  waiting(item) {
    view.mark(shown(item), words.waiting, "waiting");
    settled();
  },
  answered(item, answer) {
    view.mark(shown(item), "");
    remember(item);
    settled();
    followElder(answer.elder);
    answer.replies.forEach((reply) => hearNew({ ...reply, author: "assistant" }, true));
    turn(answer.status);
  },
  refused(item, problem) {
    view.mark(shown(item), `${words.refused} ${problem[view.language] || ""}`, "refused");
    settled();
    if (!box.value && item.text && !item.label) type(item.text);
  },
});

function shown(item) {
  const attachments = [];
  if (item.kind) attachments.push({ kind: item.kind, thumb: item.thumb });
  if (item.place) attachments.push({ kind: "location" });
  const text = item.label || item.text;
  return view.show({ message_id: item.message_id, author: "resident", text, attachments });
}

function settled() {
  view.showWorking(false);
  tellState();
}

function say(what) {
  notice.textContent = "";
  const item = { message_id: random(), at: Date.now(), text: "", ...what };
  const message = shown(item);
  outgoing.add(item);
  return message;
}

function sayTyped() {
  const text = box.value.trim();
  if (text) {
    type("");
    say({ text });
  }
  if (!text || matchMedia("(pointer: fine)").matches) box.focus();
}

function type(text) {
  box.value = text;
  box.dispatchEvent(new Event("input"));
}

let pressed = null; // older browsers do not say which button it was
document.addEventListener("click", ({ target }) => {
  pressed = target.closest("button");
  if (menu?.open && !menu.contains(target)) menu.open = false;
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter || pressed;
  if (button?.name === "choice") {
    const label = button.querySelector(".label").textContent;
    const message = say({ text: button.value, label });
    message.tabIndex = -1; // the tapped button is spent: go on from here, without a keyboard
    message.focus({ preventScroll: true });
  } else if (button?.name === "button") {
    say({ text: button.value });
    if (menu) menu.open = false;
  } else {
    sayTyped();
  }
});

box.addEventListener("keydown", (event) => {
  const composing = event.isComposing || event.keyCode === 229; // Enter may choose a character
  if (event.key !== "Enter" || event.shiftKey || composing) return;
  event.preventDefault();
  sayTyped();
});

box.addEventListener("input", () => {
  keep("draft", box.value);
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 4}px`;
});

menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  event.preventDefault(); // the frame we may stand in stays open
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Photos and places.

const file = document.getElementById("file");
const photo = document.getElementById("photo");
const place = document.getElementById("place");
const personal = face !== "kiosk"; // such a screen takes nothing of that kind
if (personal) {
  photo.hidden = false;
  place.hidden = !(window.isSecureContext && "geolocation" in navigator);
  offerVoice({ send: say, tell: (text) => (notice.textContent = text) });
}

photo?.addEventListener("click", () => file.click());
file?.addEventListener("change", async () => {
  try {
    for (const each of file.files) say(await shrink(each));
  } catch {
    notice.textContent = words.no_photo;
  }
  file.value = "";
});

place?.addEventListener("click", () => {
  place.setAttribute("aria-busy", "true");
  const found = ({ coords }) => {
    place.removeAttribute("aria-busy");
    say({ place: { lat: coords.latitude, lon: coords.longitude } });
  };
  const lost = () => {
    place.removeAttribute("aria-busy");
    notice.textContent = words.no_place;
  };
  navigator.geolocation.getCurrentPosition(found, lost, {
    enableHighAccuracy: true,
    timeout: 15_000,
    maximumAge: 60_000,
  });
});

function remember(item) {
  if (!item.thumb || !item.upload_id) return;
  const thumbs = Object.entries({ ...kept("thumbs", {}), [item.upload_id]: item.thumb });
  keep("thumbs", Object.fromEntries(thumbs.slice(-THUMBS)));
}

// Hearing.

/** Show what was said; `asked`: the resident waits for it, and the page goes along. */
function hear(message, asked = outgoing.items.some((item) => item.trying)) {
  const thumbs = kept("thumbs", {});
  const attachments = (message.attachments || []).map((attachment) => {
    const load = attachment.kind === "photo" && (() => photoOf(attachment.upload_id));
    return { ...attachment, load, thumb: thumbs[attachment.upload_id] };
  });
  const element = view.show({ ...message, attachments }, asked);
  if (message.author === "resident") return element;
  offerAloud(element);
  if (message.author === "assistant") view.offerFeedback(element, judge);
  return element;
}

/** Something new: it may be read aloud, and whoever looks elsewhere is told. */
function hearNew(message, asked) {
  const known = message.author === "resident" || view.isShown(message.id);
  const element = hear(message, asked);
  if (known) return;
  readAloud(element);
  document.dispatchEvent(new CustomEvent("heard"));
}

function turn(now) {
  status = now;
  document.getElementById("back").hidden = status !== "open";
  tellState();
}

/** One line says who answers, or that nobody can be reached. */
function tellState() {
  const away = !navigator.onLine;
  const text = away ? words.offline : status === "open" ? words.open : words.program;
  const line = document.getElementById("state");
  if (line.textContent !== text) line.textContent = text;
}
window.addEventListener("online", tellState);
window.addEventListener("offline", tellState);

async function catchUp() {
  const log = document.getElementById("log");
  const first = log.getAttribute("aria-busy") === "true";
  const { messages, status: now, elder } = await said();
  messages.forEach((message) => (first ? hear : hearNew)(message));
  turn(now);
  followElder(elder);
  if (first) {
    if (messages.length) view.toEnd();
    log.setAttribute("aria-busy", "false"); // from here on a screen reader reads what is new
  }
  return view.lastId();
}

// Begin.

document.getElementById("log").setAttribute("aria-busy", "true");
view.clear();
type(box.value || kept("draft", ""));
offerComfort(() => box.dispatchEvent(new Event("input")));
// A QR's question is in the box now; what is typed instead must survive a reload.
if (new URLSearchParams(location.search).has("ask")) history.replaceState(null, "", location.pathname);
for (const item of outgoing.resume()) {
  view.mark(shown(item), words.waiting, "waiting");
}
listen(catchUp, (kind, content) => {
  if (kind === "message") hearNew(content);
  if (kind === "status") turn(content.status);
});

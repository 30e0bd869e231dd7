// The conversation on the screen. Everything said is put in as text, never as markup.

import { face } from "./kept.js";

const log = document.getElementById("log");
const news = document.getElementById("new");
const working = log.appendChild(document.createElement("p"));
working.className = "working";
working.hidden = true;

const HAN = /[\u3400-\u9fff\uf900-\ufaff]/;
const OUR_PAGES = /(\/b\/[\w-]{22}|\/draws\/\d{1,9}|\/news(?:\/\d{1,9})?|\/mydata\/[\w-]{43})(?![\w-])/;
const NEAR = 160; // so near its end the conversation follows what is new

export const words = JSON.parse(document.body.dataset.words);
export const language = document.documentElement.lang.slice(0, 2);

export const piece = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);
const messages = () => [...log.querySelectorAll("article.message[data-author]")];
const find = (name, value) => value && messages().find((each) => each.dataset[name] === value);

/** Take away what the server wrote for a browser without scripts. */
export function clear() {
  for (const each of messages()) if ("id" in each.dataset) each.remove();
}

export const lastId = () => Math.max(0, ...messages().map((each) => Number(each.dataset.id) || 0));

export const isShown = (id) => Boolean(find("id", id));

/**
 * Show one thing said, once: a reply is known by its id, our own message by its message_id.
 * @param said {id, author, text, choices, attachments, message_id}
 * @param asked whether somebody waits for it: then the page goes along, wherever it stands
 */
export function show(said, asked = said.author === "resident") {
  const known = find("id", said.id) || find("messageId", said.message_id);
  if (known) {
    if (said.id) known.dataset.id = said.id;
    return known;
  }
  const message = piece(`message-${said.author}`);
  message.dataset.id = said.id || "";
  message.dataset.messageId = said.message_id || "";
  write(message, said);
  const follows = asked || nearEnd();
  log.insertBefore(message, placeOf(Number(said.id)));
  settleOffers();
  if (follows) message.scrollIntoView({ block: "nearest" });
  else news.hidden = false;
  return message;
}

function write(message, said) {
  const text = message.querySelector(".text");
  text.replaceChildren(...linked(said.text));
  text.lang = HAN.test(said.text) ? "zh-Hans" : "en";
  for (const attachment of said.attachments || []) {
    const ours = attachment.kind === "photo" && said.author !== "resident";
    const shown = piece(`attachment-${ours ? "staff-photo" : attachment.kind}`);
    if (attachment.thumb || attachment.load) shown.prepend(picture(attachment));
    text.after(shown);
  }
  if (said.choices?.length) message.append(choices(said.choices));
}

/** A photo: the small one this browser has, else the one that is kept for the resident. */
function picture({ thumb, load }) {
  const image = document.createElement("img");
  image.alt = "";
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  if (thumb) image.src = thumb;
  else load().then((photo) => (image.src = URL.createObjectURL(photo)), () => image.remove());
  return image;
}

/** Only our own pages are links: what a resident or a record writes stays text. */
function linked(text) {
  return text.split(OUR_PAGES).map((part, index) => {
    if (index % 2 === 0) return part;
    if (face === "kiosk") return words.on_phone; // who leaves the screen leaves it to the next
    const link = document.createElement("a");
    link.href = part;
    link.textContent = words.open_booking;
    if (face === "embed") Object.assign(link, { target: "_blank", rel: "noopener" });
    return link;
  });
}

function choices(offered) {
  const list = piece("choices");
  offered.forEach(({ label, value }, index) => {
    const choice = piece("choice");
    choice.querySelector("button").value = value;
    choice.querySelector(".number").textContent = index + 1;
    choice.querySelector(".label").textContent = label;
    list.append(choice);
  });
  return list;
}

/** Before what was said later, and before what has not been sent yet. */
function placeOf(id) {
  return messages().find((each) => {
    return id && (Number(each.dataset.id) > id || each.classList.contains("unsent"));
  }) || working;
}

/** Only the last offer may be tapped, until the resident says something: as the gateway sees it. */
function settleOffers() {
  let over = false;
  for (const message of messages().reverse()) {
    if (message.dataset.author === "resident") over = true;
    const buttons = message.querySelectorAll(".choices button");
    for (const button of buttons) button.disabled = over;
    if (buttons.length) over = true;
  }
}

/** Say below a message of the resident how its sending goes; "" is well. */
export function mark(message, text, kind = "") {
  const line = message.querySelector(".sending") || message.appendChild(document.createElement("p"));
  line.className = `sending ${kind}`;
  line.textContent = text;
  message.classList.toggle("unsent", kind === "waiting");
  if (text && nearEnd()) afterLayout(() => message.scrollIntoView({ block: "nearest" }));
}

export function showWorking(on) {
  working.textContent = on ? words.working : "";
  working.hidden = !on;
  if (on && nearEnd()) toEnd();
}

/** Offer to say whether the reply helped; only the last one asks. */
export function offerFeedback(message, judge) {
  if (message.querySelector(".feedback, .choices")) return;
  const row = piece("feedback");
  const said = row.querySelector("[role=status]");
  row.addEventListener("click", async ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    const complaint = button.name === "complaint" ? button.value : undefined;
    try {
      await judge(message.dataset.id, { good: button.value === "good", complaint });
    } catch {
      return; // it is optional: nobody is asked to try again
    }
    row.classList.add("given");
    press(row, button);
    if (complaint) row.querySelector(".complaints").remove();
    said.textContent = complaint ? words.thanks_bad : askBack(row, button.value === "good");
    afterLayout(() => row.lastElementChild.scrollIntoView({ block: "nearest" }));
  });
  message.append(row);
  if (nearEnd()) message.scrollIntoView({ block: "nearest" });
}

function press(row, button) {
  if (button.name === "complaint") return row.querySelector("[value=bad]").focus();
  for (const each of row.querySelectorAll("button")) {
    each.setAttribute("aria-pressed", String(each === button));
  }
}

/** Whoever was not helped is asked what was wrong, and need not say. Returns what to say. */
function askBack(row, helped) {
  row.querySelector(".complaints")?.remove();
  if (helped) return words.thanks_good;
  row.append(piece("complaints"));
  return words.what_was_wrong;
}

/** Once the bars have their new height, too. */
const afterLayout = (then) => requestAnimationFrame(() => requestAnimationFrame(then));

export const toEnd = () => window.scrollTo(0, document.body.scrollHeight);

function nearEnd() {
  const page = document.documentElement;
  return page.scrollHeight - window.innerHeight - window.scrollY < NEAR;
}

news.addEventListener("click", () => toEnd());
window.addEventListener("scroll", () => {
  if (nearEnd()) news.hidden = true;
}, { passive: true });

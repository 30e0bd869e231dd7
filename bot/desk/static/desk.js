// Keeps an open page of the desk up to date, and lets it be worked with the keyboard.
// Without it everything works by loading the page again.
"use strict";

const INBOX_EVERY = 5000, TALK_EVERY = 2000, A_MINUTE = 60_000;
const announce = document.getElementById("announce");

async function part(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (answer.redirected) location.reload(); // signed out meanwhile
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

let quiet;
function say(words, stays) {
  clearTimeout(quiet);
  if (announce.textContent !== words) announce.textContent = words;
  if (!stays) quiet = setTimeout(() => (announce.textContent = ""), 8000);
}

const LOST = "连不上工作台，正在重试 · Cannot reach the desk, trying again";

// What an open page does when something has changed; without news it looks by itself, too.
const onNews = [];
let hearing = false;

function keep(refresh, every, isMine) {
  let due, timer;
  async function look() {
    clearTimeout(timer);
    due = undefined;
    try {
      await refresh();
      if (announce.textContent === LOST) say("");
    } catch {
      say(LOST, true);
    }
    again();
  }
  // With news a page looks once a minute all the same: what is late is late by itself.
  const again = () => (timer = setTimeout(look, hearing ? A_MINUTE : every));
  // Of many open desks not all ask at the same moment; news that come together are one.
  onNews.push((news) => {
    if (isMine(news)) due ??= setTimeout(look, 200 + Math.random() * 1300);
  });
  again();
}

const signedIn = document.querySelector("header form");
if (signedIn && "EventSource" in window) {
  const events = new EventSource("/desk/events");
  events.onopen = () => (hearing = true);
  events.onerror = () => (hearing = false);
  events.addEventListener("over", () => location.reload());
  events.addEventListener("changed", ({ data }) => {
    const news = JSON.parse(data);
    onNews.forEach((each) => each(news));
  });
  addEventListener("pagehide", () => events.close());
}

const inbox = document.getElementById("inbox");
if (inbox) {
  let count = inbox.querySelector("[data-count]").dataset.count;
  const title = document.title.replace(/^\(\d+\) /, "");
  keep(async () => {
    const fresh = (await part(inbox.dataset.refresh)).querySelector("[data-count]");
    const focused = inbox.contains(document.activeElement) && document.activeElement.getAttribute("href");
    inbox.replaceChildren(document.adoptNode(fresh));
    if (focused) inbox.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    if (fresh.dataset.count === count) return;
    count = fresh.dataset.count;
    document.title = count === "0" ? title : `(${count}) ${title}`;
    say(`${count} 件在等 · ${count} waiting`);
  }, INBOX_EVERY, () => true);
}

const talk = document.getElementById("talk");
if (talk) {
  const lines = document.getElementById("lines");
  let { last, state } = document.getElementById("later").dataset;
  const mine = talk.dataset.later.split("/").at(-2);
  keep(async () => {
    const fresh = (await part(`${talk.dataset.later}?after=${last}`)).getElementById("later");
    const added = [...fresh.querySelectorAll("#lines > li")];
    lines.append(...added.map((line) => document.adoptNode(line)));
    document.getElementById("unsent").replaceWith(document.adoptNode(fresh.querySelector("#unsent")));
    if (added.length) {
      say(`${added.length} 条新消息 · ${added.length} new`);
      added.at(-1).scrollIntoView({ block: "nearest" });
    }
    if (fresh.dataset.state !== state) say("这段对话的状态变了，请刷新页面 · The conversation has changed, please reload", true);
    ({ last, state } = fresh.dataset);
  }, TALK_EVERY, (news) => news.inbox || news.talks?.includes(mine));
}

// The work list follows what changes, but never under a hand that is picking.
const list = document.getElementById("bulk");
if (list) {
  keep(async () => {
    if (list.querySelector(":checked[type=checkbox]") || document.querySelector("dialog[open]")) {
      return say("列表有变化，刷新可以看到 · The list has changed; reload to see", true);
    }
    const fresh = await part(list.dataset.live);
    const at = document.activeElement?.closest("[data-row]")?.querySelector("a").getAttribute("href");
    for (const name of ["rows", "views"]) {
      const [old, now] = [document, fresh].map((page) => page.getElementById(name));
      if (old && now) old.replaceWith(document.adoptNode(now));
    }
    if (at) list.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
  }, A_MINUTE, (news) => news.requests);
}

const request = document.getElementById("request");
if (request) {
  const { request: number, seen } = request.dataset;
  onNews.push(({ requests }) => {
    if (!(requests?.[number] > Number(seen))) return;
    const typing = [...request.querySelectorAll("textarea, input[type=file]")].some((each) => each.value);
    if (!typing && !request.querySelector("details[open]")) return location.reload();
    say("刚刚有人动过这件事 · Somebody has just done something to this request", true);
  });
}

const table = document.querySelector("[data-later]#questions");
if (table) {
  const asked = document.getElementById("asked");
  let { last } = asked.dataset;
  keep(async () => {
    const fresh = (await part(`${table.dataset.later}?after=${last}`)).getElementById("asked");
    if (!fresh.children.length) return;
    say(`${fresh.children.length} 个新问题 · ${fresh.children.length} new`);
    last = fresh.dataset.last;
    asked.append(...[...fresh.children].map((one) => document.adoptNode(one)));
    table.querySelector(".count").textContent = asked.children.length;
  }, INBOX_EVERY);
}

const edit = document.getElementById("edit");
if (edit) {
  // The preview follows what is typed; leaving with something unsaved is asked about first.
  const original = new URLSearchParams(new FormData(edit)).toString();
  const unsaved = () => new URLSearchParams(new FormData(edit)).toString() !== original;
  let soon, latest = 0, leaving = false;
  async function preview() {
    const asked = ++latest;
    const answer = await fetch(edit.dataset.preview, {
      method: "POST", credentials: "same-origin", body: new URLSearchParams(new FormData(edit)),
    });
    if (!answer.ok || asked !== latest) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
    document.getElementById("preview").replaceWith(document.adoptNode(fresh));
  }
  edit.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => preview().catch(() => say(LOST)), 500);
  });
  edit.addEventListener("submit", () => (leaving = true));
  addEventListener("beforeunload", (event) => {
    if (!leaving && unsaved()) event.preventDefault();
  });
}

// A reply that is kept ready goes into the words; without a script its link brings it along.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-words]");
  if (!link) return;
  event.preventDefault();
  const box = document.getElementById("words");
  const before = box.value.trim();
  box.value = before ? `${before}\n${link.dataset.words}` : link.dataset.words;
  box.focus();
});

// A photo from a phone's camera is made smaller before it travels.
document.addEventListener("change", async ({ target }) => {
  if (target.type !== "file" || !window.DataTransfer) return;
  const small = new DataTransfer();
  try {
    for (const each of target.files) small.items.add(await shrink(each));
    target.files = small.files;
  } catch { /* as it is: the desk says what is wrong with it */ }
});

async function shrink(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, 1600 / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return new File([made], "photo.jpg", { type: "image/jpeg" });
}

// Keys, for those who go through a list: never while somebody types.
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => take(),
  t: () => unfold("pass", "owner"),
  r: () => unfold("reply", "words"),
  m: () => unfold("note", "note-words"),
  "/": () => search(),
  "?": () => document.getElementById("keys")?.showModal(),
};

const rowLinks = () => [...document.querySelectorAll("[data-row] a, .rows a")];
const rowAt = () => document.activeElement?.closest("[data-row], .rows li");
const go = (address) => location.assign(address);

function search() {
  const box = document.getElementById("search");
  if (box) box.focus();
  else go("/desk/requests#search");
}

function step(by) {
  const links = rowLinks();
  const now = links.findIndex((link) => rowAt()?.contains(link));
  const next = links[Math.min(Math.max(now + by, 0), links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Take on the request of this page, or of the row one is at. */
function take() {
  const button = document.querySelector("#reply button[value=acknowledged]");
  if (button) return button.click();
  const row = rowAt();
  if (!row || !list?.contains(row)) return;
  for (const each of list.querySelectorAll("[type=checkbox]")) each.checked = row.contains(each);
  list.querySelector("button[value=acknowledged]").click();
}

/** Go to a part of the request of this page, or of the row one is at. */
function unfold(name, field) {
  const place = document.getElementById(name);
  const href = rowAt()?.querySelector("a[href*='/requests/']")?.getAttribute("href");
  if (!place || !document.getElementById("request")) return href && go(`${href}#${name}`);
  if (place.matches("details")) place.open = true;
  document.getElementById(field).focus();
}

const FIELDS = { "#pass": "owner", "#reply": "words", "#note": "note-words", "#search": "search" };
if (location.hash in FIELDS) {
  const place = document.querySelector(location.hash);
  if (place?.matches("details")) place.open = true;
  // Once the browser has gone to the place itself, and taken the focus along.
  addEventListener("load", () => setTimeout(() => document.getElementById(FIELDS[location.hash])?.focus()));
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
  const composing = event.isComposing || event.ctrlKey || event.metaKey || event.altKey;
  if (typing || composing || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});

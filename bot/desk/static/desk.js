// Keeps an open page of the desk up to date: the inbox's lists, and what is said in a conversation.
// Without it everything works by loading the page again.
"use strict";

const INBOX_EVERY = 5000, TALK_EVERY = 2000;
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

function keep(refresh, every) {
  setTimeout(async () => {
    try {
      await refresh();
      if (announce.textContent === LOST) say("");
    } catch {
      say(LOST, true);
    }
    keep(refresh, every);
  }, every);
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
  }, INBOX_EVERY);
}

const talk = document.getElementById("talk");
if (talk) {
  const lines = document.getElementById("lines");
  let { last, state } = document.getElementById("later").dataset;
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
  }, TALK_EVERY);
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

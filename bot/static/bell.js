// Tells of new messages while the page is open behind something else; only who asks for it is told.
// A notice says that there is something, never what: others may see the screen.

import { keep, kept } from "./kept.js";
import { words } from "./view.js";

const bell = document.getElementById("bell");
const notice = document.getElementById("notice");
const can = bell && window.isSecureContext && "Notification" in window && window === window.top;
const isOn = () => can && kept("bell", false) && Notification.permission === "granted";

if (can) {
  bell.hidden = false;
  show();
  bell.addEventListener("click", async () => {
    if (isOn()) return set(false, "");
    const allowed = (await Notification.requestPermission()) === "granted";
    return set(allowed, allowed ? words.bell_rings : words.bell_denied);
  });
  document.addEventListener("heard", () => {
    if (document.hidden && isOn()) ring();
  });
}

function set(on, text) {
  keep("bell", on);
  notice.textContent = text;
  show();
}

function show() {
  bell.setAttribute("aria-pressed", String(Boolean(isOn())));
  bell.querySelector(".label").textContent = isOn() ? words.bell_off : words.bell_on;
}

function ring() {
  try {
    const told = new Notification(words.news, { tag: "xiaoli", icon: "/static/icon.svg" });
    told.addEventListener("click", () => {
      window.focus();
      told.close();
    });
  } catch { /* phones want a service worker for it: the message is there on return */ }
}

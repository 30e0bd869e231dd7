// Hears what is said later: answers of staff, reminders. EventSource could not send the
// session in a header, and it must not stand in an address, so the stream is read by hand.

import { session } from "./api.js";

const SILENCE = 45_000; // the server says something every 15 s; after this the line is dead
const LONGEST_PAUSE = 30_000;

/**
 * Listen for as long as the page is open.
 * @param before is awaited before each connection and returns the id of the last message known
 * @param hear is called with the kind of event and its content
 */
export async function listen(before, hear) {
  let pause = 1000;
  for (;;) {
    try {
      const after = await before();
      await follow(after, (...event) => {
        pause = 1000;
        hear(...event);
      });
    } catch { /* the line is down: wait and connect again */ }
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

async function follow(after, hear) {
  const stop = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), SILENCE);
  };
  try {
    alive();
    const response = await fetch("/api/chat/events", {
      headers: { "X-Session": session, "Last-Event-ID": String(after) },
      signal: stop.signal,
      cache: "no-store",
    });
    if (!response.ok) return;
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let unread = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const blocks = (unread + decoder.decode(value, { stream: true })).split("\n\n");
      unread = blocks.pop();
      blocks.forEach((block) => tell(block, hear));
    }
  } finally {
    clearTimeout(timer);
  }
}

function tell(block, hear) {
  const fields = new Map(block.split("\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  if (fields.has("data")) hear(fields.get("event"), JSON.parse(fields.get("data")));
}

/** Wait; shorter when the net, or the resident, comes back. */
function sleep(pause) {
  return new Promise((wake) => {
    setTimeout(wake, pause);
    window.addEventListener("online", wake, { once: true });
    document.addEventListener("visibilitychange", wake, { once: true });
  });
}

// Speaks to the chat API. Whatever may pass by itself is Later; what never will is Refused.

import { face, keep, kept, random } from "./kept.js";

const LONGEST_WAIT = 20_000; // the assistant answers within 6 s; the net may take its time

export class Later extends Error {
  constructor(seconds = 0) {
    super("later");
    this.seconds = seconds;
  }
}

export class Refused extends Error {
  /** @param said the sentence in both languages, {zh, en}, as the API gives it */
  constructor(said) {
    super("refused");
    this.said = said;
  }
}

const KIOSK = "kiosk."; // the server knows by it what it must not show there

export const session = kept("session", null) || (face === "kiosk" ? KIOSK : "") + random();
keep("session", session);

export const said = () => ask("/api/chat/history");

export const say = (message) => post("/api/chat", { session, ...message });

/** @param judgement {good, complaint?} */
export const judge = (reply_id, judgement) => {
  return post("/api/chat/feedback", { session, reply_id, ...judgement });
};

export async function upload(file) {
  const body = new FormData();
  body.append("file", file, "file");
  return (await ask("/api/chat/uploads", { method: "POST", body })).upload_id;
}

/** A photo of this conversation: an image cannot send the session, so it is fetched. */
export async function photoOf(upload_id) {
  const response = await fetch(`/api/chat/uploads/${encodeURIComponent(upload_id)}`, {
    headers: { "X-Session": session },
    cache: "no-store",
  });
  if (!response.ok) throw new Later();
  return response.blob();
}

const post = (path, content) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(content),
});

async function ask(path, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LONGEST_WAIT);
  const headers = { ...options.headers, "X-Session": session };
  let response, content;
  try {
    response = await fetch(path, { ...options, headers, signal: stop.signal, cache: "no-store" });
    content = await response.json();
  } catch {
    throw new Later();
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return content;
  if (response.status === 429 || response.status >= 500) {
    throw new Later(Number(response.headers.get("Retry-After")) || 0);
  }
  throw new Refused(content);
}

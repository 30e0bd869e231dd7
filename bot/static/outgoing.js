// What the resident says, until it has been taken: kept over reloads, tried again, in order.
// Each item keeps its message_id, so that trying again never says it twice.

import { Refused, say, upload } from "./api.js";
import { forget, keep, keptUnder } from "./kept.js";
import { toBlob } from "./photo.js";

const PAUSES = [1, 2, 4, 8, 15]; // seconds; the last one again and again

export class Outgoing {
  /** @param tell what to do: trying(item), waiting(item), answered(item, answer), refused(item, said) */
  constructor(tell) {
    this.tell = tell;
    this.items = [];
    this.tries = 0;
    window.addEventListener("online", () => this.tryAgain());
  }

  /** Go on with what an earlier visit left; returns it, oldest first. */
  resume() {
    this.items = keptUnder("out.").sort((a, b) => a.at - b.at);
    for (const item of this.items) Object.assign(item, { waits: true, trying: false });
    setTimeout(() => this.tryAgain());
    return this.items;
  }

  /** Say something; what waits already goes first. */
  add(item) {
    const waits = this.items.some((other) => other.waits);
    this.items.push(item);
    // A file may be too large to be kept; its words are kept in any case.
    if (!keep(name(item), item) && item.text) keep(name(item), { ...item, file: null });
    if (!waits) return this.attempt(item);
    item.waits = true;
    return this.tell.waiting(item);
  }

  tryAgain() {
    clearTimeout(this.timer);
    const next = this.items.find((item) => item.waits && !item.trying);
    if (next && !this.items.some((item) => item.waits && item.trying)) this.attempt(next);
  }

  async attempt(item) {
    item.trying = true;
    this.tell.trying(item);
    try {
      const answer = await send(item);
      this.tries = 0;
      this.done(item);
      this.tell.answered(item, answer);
    } catch (problem) {
      item.trying = false;
      if (!(problem instanceof Refused)) return this.wait(item, problem.seconds);
      this.done(item);
      this.tell.refused(item, problem.said);
    }
    return this.tryAgain();
  }

  wait(item, seconds) {
    item.waits = true;
    this.tell.waiting(item);
    const pause = seconds || PAUSES[Math.min(this.tries, PAUSES.length - 1)];
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tryAgain(), pause * 1000);
  }

  done(item) {
    this.items = this.items.filter((other) => other !== item);
    forget(name(item));
  }
}

const name = (item) => `out.${item.message_id}`;

async function send(item) {
  if (item.file && !item.upload_id) {
    item.upload_id = await upload(toBlob(item.file));
    keep(name(item), { ...item, file: null });
  }
  const attachments = [];
  if (item.upload_id) attachments.push({ kind: item.kind, upload_id: item.upload_id });
  if (item.place) attachments.push({ kind: "location", ...item.place });
  return say({ message_id: item.message_id, text: item.text, attachments });
}

// What the browser remembers for this page. One that forbids it still works until it is closed,
// and a screen that many use remembers nothing on purpose.

export const face = document.body.dataset.face; // page, embed or kiosk
const forgetful = face === "kiosk";
const memory = new Map();
const key = (name) => `xiaoli.${name}`;

export function kept(name, otherwise) {
  try {
    const text = forgetful ? null : localStorage.getItem(key(name));
    if (text !== null) return JSON.parse(text);
  } catch { /* forbidden, or written by somebody else */ }
  return memory.has(name) ? memory.get(name) : otherwise;
}

/** Remember a value; false when it will be gone once the page is closed. */
export function keep(name, value) {
  memory.set(name, value);
  if (forgetful) return false;
  try {
    localStorage.setItem(key(name), JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(key(name));
  } catch { /* forbidden */ }
}

/** The values whose names begin like this. */
export function keptUnder(beginning) {
  const names = new Set([...memory.keys()].filter((name) => name.startsWith(beginning)));
  try {
    for (const name of forgetful ? [] : Object.keys(localStorage)) {
      if (name.startsWith(key(beginning))) names.add(name.slice(key("").length));
    }
  } catch { /* forbidden */ }
  return [...names].map((name) => kept(name, null)).filter(Boolean);
}

/** Random, also where crypto.randomUUID is missing: on plain http inside a village. */
export function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Puts a round button into a page of somebody else; it opens our chat in a frame of its own.
// The chat can read nothing of that page: another origin, in a sandbox.
(() => {
  const home = new URL(document.currentScript.src).origin;
  const wanted = document.currentScript.dataset.lang || document.documentElement.lang || navigator.language;
  const lang = wanted.slice(0, 2).toLowerCase() === "en" ? "en" : "zh";
  const words = {{ words | tojson }}[lang];
  if (!{{ origins | tojson }}.includes(location.origin)) {
    console.warn(`${home}/widget.js: EMBED_ORIGINS does not name ${location.origin}`);
    return;
  }

  const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups "
    + "allow-popups-to-escape-sandbox allow-top-navigation-to-custom-protocols"; // tel:
  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    button { font: 600 18px/1.2 system-ui, sans-serif; cursor: pointer; }
    :focus-visible { outline: 3px solid #1a4fd6; outline-offset: 2px; }
    .open { position: fixed; right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
      z-index: 2147483647; width: 64px; height: 64px; padding: 0; border: 2px solid #fff; border-radius: 50%;
      background: #0b5f5a; box-shadow: 0 2px 12px rgb(0 0 0 / .35); }
    .open img { display: block; width: 60px; height: 60px; border-radius: 50%; }
    .open[data-news]::after { content: ""; position: absolute; top: -2px; right: -2px; width: 18px; height: 18px;
      border: 2px solid #fff; border-radius: 50%; background: #c2181d; }
    dialog { position: fixed; inset: auto 20px 20px auto; margin: 0; padding: 0; width: min(420px, calc(100vw - 40px));
      height: min(680px, calc(100dvh - 40px)); max-width: none; max-height: none; overflow: hidden;
      border: 1px solid #7d8682; border-radius: 16px; background: #fff; box-shadow: 0 8px 40px rgb(0 0 0 / .35); }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(0 0 0 / .2); }
    .close { flex: none; align-self: flex-end; min-width: 64px; min-height: 48px; padding: 0 16px; border: 0;
      background: none; color: #0b5f5a; }
    iframe { flex: 1; width: 100%; min-height: 0; border: 0; }
    @media (max-width: 600px), (max-height: 480px) {
      dialog { inset: 0; width: 100vw; height: 100dvh; border: 0; border-radius: 0; }
    }
    @media print { .open, dialog { display: none; } }
  `;

  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const host = make("div", { id: "xiaoli-widget" });
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet(); // no style in the page: its own policy may forbid that
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];

  const open = make("button", { type: "button", className: "open" });
  open.append(make("img", { src: `${home}/static/icon.svg`, alt: "" }));
  open.setAttribute("aria-haspopup", "dialog");
  const dialog = make("dialog");
  dialog.setAttribute("aria-label", words.ask_us);
  const close = make("button", { type: "button", className: "close", textContent: words.close });
  dialog.append(close);
  root.append(open, dialog);

  let frame = null; // made when it is wanted: nobody pays for what they do not open
  function show() {
    if (!frame) {
      frame = make("iframe", { title: words.ask_us, allow: "microphone; geolocation" });
      frame.setAttribute("sandbox", SANDBOX);
      frame.src = `${home}/embed?lang=${lang}`;
      dialog.append(frame);
    }
    tellNews(false);
    dialog.showModal(); // keeps the focus inside, and gives it back
    frame.focus();
  }

  function tellNews(some) {
    open.toggleAttribute("data-news", some);
    open.setAttribute("aria-label", some ? `${words.ask_us} (${words.news})` : words.ask_us);
    open.title = words.ask_us;
  }

  open.addEventListener("click", show);
  close.addEventListener("click", () => dialog.close());
  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== home) return;
    if (data?.xiaoli === "close") dialog.close();
    if (data?.xiaoli === "news" && !dialog.open) tellNews(true);
  });

  tellNews(false);
  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place, { once: true });
})();

// Reads an item aloud with the browser's own voice; where there is none, no button is shown.

const voice = window.speechSynthesis;
const button = document.getElementById("aloud");
const SLOWLY = 0.9; // for old ears

if (voice && window.SpeechSynthesisUtterance && button) {
  const label = button.textContent;
  const reset = () => (button.textContent = label);
  button.hidden = false;
  button.addEventListener("click", () => {
    const silent = !voice.speaking && !voice.pending;
    voice.cancel();
    if (!silent) return reset();
    const parts = [...document.querySelectorAll("[data-aloud]")].map(spoken);
    parts.at(-1).addEventListener("end", reset);
    for (const part of parts) {
      part.addEventListener("error", reset);
      voice.speak(part);
    }
    button.textContent = button.dataset.stop;
  });
  window.addEventListener("pagehide", () => voice.cancel());
}

/** What is said of one element, in the language it is written in. */
function spoken(element) {
  const part = new SpeechSynthesisUtterance(element.textContent);
  const { lang } = element.closest("[lang]");
  part.lang = lang.startsWith("zh") ? "zh-CN" : "en-GB";
  part.rate = SLOWLY;
  return part;
}

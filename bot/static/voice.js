// Records a voice message: pressed to begin, pressed to end, with a level to see; or thrown away.

import { words } from "./view.js";

const LONGEST = 60; // seconds
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS = 24_000; // a second: enough for a voice, and little enough to be kept
const button = document.getElementById("voice");
const panel = document.getElementById("recording");
const level = document.getElementById("level");
const recorded = document.getElementById("recorded");
let stop = null; // ends what is being recorded; true to send it

/** @param send what takes a message, @param tell what says that something is wrong */
export function offerVoice({ send, tell }) {
  const can = window.isSecureContext && navigator.mediaDevices && window.MediaRecorder;
  button.hidden = !can;
  button.addEventListener("click", () => (stop ? stop(true) : begin(send, tell)));
  document.getElementById("done").addEventListener("click", () => stop?.(true));
  document.getElementById("drop").addEventListener("click", () => stop?.(false));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    stop?.(false);
  });
}

async function begin(send, tell) {
  tell("");
  stop = () => {}; // pressed twice
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    record(microphone, (file) => send({ kind: "voice", file }), () => tell(words.too_long_voice));
  } catch {
    stop = null;
    tell(words.no_voice);
  }
}

function record(microphone, send, tellTooLong) {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(microphone, { mimeType, audioBitsPerSecond: BITS });
  const parts = [];
  let wanted = false;
  const watched = watch(microphone, () => {
    tellTooLong();
    stop?.(true);
  });
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", async () => {
    microphone.getTracks().forEach((track) => track.stop()); // the light goes out
    if (wanted) send(await asAddress(new Blob(parts, { type: recorder.mimeType })));
  });
  stop = (send) => {
    wanted = send;
    stop = null;
    watched();
    recorder.stop();
    showPanel(false);
    button.focus();
  };
  recorder.start();
  showPanel(true);
  document.getElementById("done").focus();
}

function showPanel(on) {
  panel.hidden = !on;
  document.querySelector(".write").hidden = on;
}

/** Show how loud it is and how long it has been; returns what ends that. */
function watch(microphone, tooLong) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(microphone).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const began = performance.now();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    level.value = Math.min(1, Math.hypot(...wave) / Math.sqrt(wave.length) * 4);
    const seconds = Math.floor((performance.now() - began) / 1000);
    recorded.textContent = seconds;
    if (seconds >= LONGEST) tooLong();
  }, 100);
  return () => {
    clearInterval(timer);
    context.close();
  };
}

function asAddress(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
}

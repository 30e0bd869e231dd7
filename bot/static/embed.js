// What the page does besides in a frame of another site: it asks to be closed, and tells of news.
// Neither says anything of the conversation, so it does not matter who else hears it.

const tell = (what) => parent.postMessage({ xiaoli: what }, "*");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) tell("close");
});
document.addEventListener("heard", () => tell("news"));

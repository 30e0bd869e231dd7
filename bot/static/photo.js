// Makes a photo small enough to travel and to be kept; where it was taken is left behind.

const TO_SEND = 1600; // pixels of the longer side
const TO_SHOW = 360;

/** Return the photo to send and a small one to show, both as data: addresses. */
export async function shrink(file) {
  const image = await open(file);
  return { kind: "photo", file: draw(image, TO_SEND, 0.82), thumb: draw(image, TO_SHOW, 0.7) };
}

export function toBlob(address) {
  const [kind, content] = address.split(",");
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: kind.slice("data:".length).split(";")[0] });
}

async function open(file) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  try {
    image.src = address;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function draw(image, longest, quality) {
  const scale = Math.min(1, longest / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // JPEG knows no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", quality);
}

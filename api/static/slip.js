// Withdrawal slips in the browser: put together, drawn as QR codes, read from pictures of codes.
//
// It decides the two forms in which a slip is kept: a file with its words, and a code without them (they are derived
// from the rest). What a slip is worth is decided in rakkan.registry.rules.slips. Codes are drawn, and read where the
// browser has no reader of its own, by the npm package qr, if the server has it: a slip never needs to leave the
// browser for it.

import { canonical } from "./statement.js";

const MAX_BYTES = 65536;
const MAX_PICTURE = 32 * 1024 * 1024;
const SIDES = [1600, 1000, 2400];

/** What is wrong with what was handed in, in a sentence. */
export class SlipProblem extends Error {}

/** A slip as a file: canonical JSON, with the words for whoever finds it. */
export function slipFile(slip) {
  return new Blob([`${canonical(slip)}\n`], { type: "application/json" });
}

/** A slip drawn on a canvas, black on white, whatever the colours around it; false if nothing here draws codes. */
async function drawSlip(slip, canvas, pixels = 6) {
  const { encodeQR } = await import("./qr/index.js").catch(() => ({}));
  canvas.hidden = !encodeQR;
  if (!encodeQR) return false;
  const { words: _, ...rest } = slip;
  const rows = encodeQR(canonical(rest), "raw", { ecc: "medium", encoding: "byte", border: 4 });
  canvas.width = canvas.height = rows.length * pixels;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  rows.forEach((row, y) => {
    row.forEach((dark, x) => dark && context.fillRect(x * pixels, y * pixels, pixels, pixels));
  });
  return true;
}

/** The code of a slip as a PNG, drawn on this canvas; null if nothing here draws codes. */
export async function codeOf(slip, canvas) {
  const shown = await drawSlip(slip, canvas);
  return shown ? new Promise((done) => canvas.toBlob(done, "image/png")) : null;
}

/** The text of a slip, from a file of it or from a picture of its code. */
export async function readSlip(file) {
  if (file.type.startsWith("image/")) return readPicture(file);
  if (file.size > MAX_BYTES) throw new SlipProblem("This file is too large for a withdrawal slip. Is it another one?");
  const text = (await file.text()).trim();
  if (!text) throw new SlipProblem("This file is empty. Is it another one?");
  return text;
}

/** The text in a QR code that a video shows now; null while it shows none. */
export async function readFrame(video, canvas) {
  if (!video.videoWidth) return null;
  const scale = Math.min(1, 1280 / Math.max(video.videoWidth, video.videoHeight));
  return readDrawn(drawn(video, canvas, video.videoWidth * scale, video.videoHeight * scale));
}

async function readPicture(file) {
  if (file.size > MAX_PICTURE) throw new SlipProblem("This picture is too large. Take a smaller one of the code alone.");
  const picture = new Image(); // unlike createImageBitmap it reads SVG, too
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture;
    const scales = SIDES.map((side) => Math.min(1, side / Math.max(width, height)));
    for (const scale of new Set(scales)) {
      const canvas = document.createElement("canvas");
      const found = await readDrawn(drawn(picture, canvas, width * scale, height * scale));
      if (found) return found;
    }
  } catch (problem) {
    if (problem instanceof SlipProblem) throw problem;
    throw new SlipProblem("This picture cannot be read. Take another one of the code.");
  } finally {
    URL.revokeObjectURL(picture.src);
  }
  throw new SlipProblem("No code was found in this picture. Take it again: the whole code, flat, in good light.");
}

function drawn(source, canvas, width, height) {
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff"; // a code on nothing is one on white
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function readDrawn(canvas) {
  const own = await ownReader();
  if (own) {
    const [found] = await own.detect(canvas).catch(() => []);
    if (found?.rawValue) return found.rawValue;
  }
  const { decodeQR } = await import("./qr/decode.js").catch(() => ({}));
  if (!decodeQR && own) return null;
  if (!decodeQR) throw new SlipProblem("Nothing here reads codes. Bring the slip's file, or paste its text.");
  try {
    return decodeQR(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return null; // none found
  }
}

async function ownReader() {
  const Detector = globalThis.BarcodeDetector;
  const formats = (await Detector?.getSupportedFormats?.().catch(() => [])) ?? [];
  return formats.includes("qr_code") ? new Detector({ formats: ["qr_code"] }) : null;
}

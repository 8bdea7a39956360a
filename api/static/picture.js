// Pictures by their digests, worked out in the browser: the picture itself goes nowhere.
//
// It decides how a file is named: by sha256 of its bytes, and if it carries a C2PA credential by sha256 of the
// active manifest's claim, too, which stays the same when other bytes of the file change. The walk is that of
// rakkan.manifests (container, boxes, jumbf), as strict where it matters: a credential that cannot be walked to its
// end gives no name, and the picture none. It leaves out whether the credential holds: the page / tells that.

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_DEPTH = 8;
const MAX_BOXES = 20_000;
const TAIL = "00110010800000aa00389b71";
const [STORE, CLAIM, MANIFEST, DERIVED, UPDATE] = ["c2pa", "c2cl", "c2ma", "c2md", "c2um"].map(
  (kind) => [...kind].map((sign) => sign.charCodeAt(0).toString(16)).join("") + TAIL,
);
const PNG = "89504e470d0a1a0a";

/** What is wrong with a picture, in a sentence. */
export class PictureProblem extends Error {}

/**
 * The names of a picture, by kind of digest.
 *
 * @param {File} file
 * @returns {Promise<{sha256: string, c2paClaim?: string}>}
 */
export async function namesOf(file) {
  if (!globalThis.crypto?.subtle) {
    throw new PictureProblem("This address is not protected (https), so your browser does not work out digests here.");
  }
  if (file.size > MAX_BYTES) throw new PictureProblem("This file is larger than 256 MB. Choose a smaller copy.");
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new PictureProblem("This file cannot be read. Choose it again.");
  }
  const store = storeOf(bytes);
  const names = { sha256: await sha256(bytes) };
  if (store) names.c2paClaim = await sha256(claimOf(store));
  return names;
}

/** sha256 of bytes, as hex. */
export async function sha256(bytes) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function broken() {
  return new PictureProblem(
    "This file carries a credential that cannot be read to its end. Get the picture from where it was made again.",
  );
}

function storeOf(bytes) {
  if (hex(bytes.subarray(0, 8)) === PNG) return fromPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return fromJpeg(bytes);
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") return fromWebp(bytes);
  throw new PictureProblem("This is no picture that can be read here. Choose a PNG, JPEG or WebP file.");
}

function only(found) {
  if (found.length > 1) throw broken();
  return found[0];
}

function fromPng(bytes) {
  const found = [];
  let at = 8;
  for (const look = view(bytes); at + 12 <= bytes.length; ) {
    const end = at + 8 + look.getUint32(at);
    if (end + 4 > bytes.length) throw damaged();
    if (text(bytes, at + 4, at + 8) === "caBX") found.push(bytes.subarray(at + 8, end));
    at = end + 4;
  }
  if (at !== bytes.length) throw damaged();
  return only(found);
}

function fromWebp(bytes) {
  const found = [];
  const look = view(bytes);
  let at = 12;
  while (at + 8 <= bytes.length) {
    const length = look.getUint32(at + 4, true);
    if (at + 8 + length > bytes.length) throw damaged();
    if (text(bytes, at, at + 4) === "C2PA") found.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  if (at !== bytes.length) throw damaged();
  return only(found);
}

function fromJpeg(bytes) {
  const runs = new Map();
  const look = view(bytes);
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw damaged();
    if (bytes[at + 1] === 0xff) {
      at += 1; // fill
      continue;
    }
    const kind = bytes[at + 1];
    const length = look.getUint16(at + 2);
    if (kind === 0xda || kind === 0xd9) break; // the pixels, or the end: the credential comes before
    if (length < 2 || at + 2 + length > bytes.length) throw damaged();
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (kind === 0xeb && body.length >= 16 && text(body, 0, 2) === "JP" && text(body, 12, 16) === "jumb") {
      const number = view(body).getUint16(2);
      runs.set(number, [...(runs.get(number) ?? []), body]);
    }
    at += 2 + length;
  }
  return only([...runs.values()].map(joined).filter((store) => hex(store.subarray(16, 32)) === STORE));
}

function joined(parts) {
  const header = view(parts[0]).getUint32(8) === 1 ? 16 : 8;
  parts.forEach((part, place) => {
    const same = hex(part.subarray(8, 8 + header)) === hex(parts[0].subarray(8, 8 + header));
    if (view(part).getUint32(4) !== place + 1 || !same) throw broken();
  });
  const bodies = parts.map((part, place) => part.subarray(place ? 8 + header : 8));
  const whole = new Uint8Array(bodies.reduce((size, body) => size + body.length, 0));
  bodies.reduce((at, body) => (whole.set(body, at), at + body.length), 0);
  return whole;
}

function damaged() {
  return new PictureProblem("This picture is damaged: it ends early, or something was put behind it. Export it again.");
}

/** The CBOR of the active manifest's claim: the manifest that stands last (C2PA §11.1). */
function claimOf(store) {
  const count = { left: MAX_BOXES };
  const [root, ...more] = boxes(store);
  if (!root || more.length || root.kind !== "jumb") throw broken();
  const top = superbox(root.body, 0, count);
  const manifests = top.children.filter((child) => child.uuid);
  if (top.uuid !== STORE || top.label !== "c2pa" || !manifests.length || manifests.length !== top.children.length) {
    throw broken();
  }
  const active = manifests.at(-1);
  if (![MANIFEST, DERIVED, UPDATE].includes(active.uuid)) throw broken();
  const claims = active.children.filter((child) => child.uuid === CLAIM);
  if (claims.length !== 1 || !["c2pa.claim", "c2pa.claim.v2"].includes(claims[0].label)) throw broken();
  const [content, ...rest] = claims[0].children;
  if (!content || rest.length || content.kind !== "cbor") throw broken();
  return content.body;
}

function superbox(bytes, depth, count) {
  if (depth > MAX_DEPTH) throw broken();
  const [first, ...others] = boxes(bytes);
  if (!first || first.kind !== "jumd" || first.body.length < 18 || (first.body[16] & 0x03) !== 0x03) throw broken();
  const end = first.body.indexOf(0, 17);
  if (end < 18) throw broken();
  const children = [];
  for (const box of others) {
    count.left -= 1;
    if (count.left < 0 || box.kind === "brob") throw broken();
    if (box.kind === "jumb") children.push(superbox(box.body, depth + 1, count));
    else if (box.kind !== "free") children.push(box);
  }
  return { uuid: hex(first.body.subarray(0, 16)), label: text(first.body, 17, end), children };
}

function boxes(bytes) {
  const found = [];
  const look = view(bytes);
  let at = 0;
  while (at < bytes.length) {
    const length = at + 8 <= bytes.length ? look.getUint32(at) : 0;
    if (length < 8 || at + length > bytes.length) throw broken();
    found.push({ kind: text(bytes, at + 4, at + 8), body: bytes.subarray(at + 8, at + length) });
    at += length;
  }
  return found;
}

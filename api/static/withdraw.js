// The page /withdraw: a slip read from a picture of its code or by the camera; or the wallet that can take back.
//
// It decides that nothing is done before it is shown: what a code says goes into the form's own field, and the form
// works without this script. What a wallet signs or sends is compared here before the wallet sees it.

import { $, ask, offer, offerFile, show } from "./page.js";
import { namesOf } from "./picture.js";
import { codeOf, readFrame, readSlip, slipFile } from "./slip.js";
import { checkWayBack } from "./statement.js";
import { Connection, findWallets, same, short } from "./wallet.js";

const LOOK_MS = 200;
const WAIT_MS = 2000;
const TRIES = 90;

if ($("slip-note")) {
  readCodes();
  findByPicture();
}
if ($("wallet-buttons")) askWallets();

/** Fill the form's field from a picture of a code, or from the camera. */
function readCodes() {
  let stream = null;
  const taken = (text) => {
    $("slip").value = "";
    $("text").value = text;
    show("slip-failed", "");
    show("slip-said", "The code was read. Press “Read it” to be told what it takes back.");
    $("read").focus();
  };

  const choose = async () => {
    const [file] = $("slip").files;
    show("slip-said", "");
    show("slip-failed", "");
    if (!file) return;
    try {
      if (file.type.startsWith("image/")) show("slip-said", "Looking for the code…");
      const text = await readSlip(file);
      if (file.type.startsWith("image/")) taken(text);
      else $("text").value = ""; // the file itself is what counts
    } catch (problem) {
      $("slip").value = "";
      show("slip-said", "");
      show("slip-failed", problem.message);
    }
  };
  $("slip").addEventListener("change", choose);
  if ($("slip").files.length) choose(); // chosen while this script was still on its way

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    $("scan").hidden = true;
    $("camera").setAttribute("aria-expanded", "false");
    $("camera").textContent = "Scan its code with the camera";
  };

  const look = async () => {
    const [mine, canvas] = [stream, document.createElement("canvas")];
    while (stream === mine) {
      const text = await readFrame($("scan-video"), canvas);
      if (stream !== mine) return;
      if (text) {
        stop();
        taken(text);
        return;
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  };

  const scan = async () => {
    show("slip-failed", "");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      show("slip-failed", "The camera cannot be used here. Take a picture of the code and choose it, or paste its text.");
      return;
    }
    $("scan-video").srcObject = stream;
    $("scan").hidden = false;
    $("camera").setAttribute("aria-expanded", "true");
    $("camera").textContent = "Stop the camera";
    show("slip-said", "Hold the code in front of the camera.");
    await $("scan-video").play().catch(() => {});
    await look();
  };

  if (navigator.mediaDevices?.getUserMedia) {
    $("camera-line").hidden = false;
    $("camera").addEventListener("click", () => (stream ? stop() : scan()));
    addEventListener("pagehide", stop);
  }
}

/** The picture's digest, put where it can be looked up by. */
function findByPicture() {
  $("find-line").hidden = false;
  $("find").addEventListener("change", async () => {
    const [file] = $("find").files;
    if (!file) return;
    show("find-said", "Reading…");
    try {
      const { c2paClaim, sha256 } = await namesOf(file);
      $("of").value = c2paClaim ? `c2paClaim:${c2paClaim}` : `sha256:${sha256}`;
      show("find-said", "Its digest is below. Press “Find”.");
    } catch (problem) {
      $("find").value = "";
      show("find-said", problem.message);
    }
  });
}

/** Take one consent back by the wallet that is its withdrawal authority. */
async function askWallets() {
  const { consent, authority, chain, contract, origin } = $("by-wallet").dataset;
  const here = { chainId: Number(chain), contract, origin };
  let [connection, busy] = [null, false];

  const once = async (step) => {
    if (busy) return;
    busy = true;
    show("failed", "");
    try {
      await step();
    } catch (problem) {
      show("said", "");
      show("failed", problem.message);
    } finally {
      busy = false;
    }
  };

  const ended = (problem) => {
    connection = null;
    $("ways").hidden = true;
    $("wallet-buttons").hidden = false;
    show("said", "");
    show("failed", problem.message);
  };

  const connect = async (wallet) => {
    show("said", "Answer in your wallet: it asks whether this page may see your account.");
    connection = await Connection.open(wallet, here.chainId, ended);
    if (!same(connection.account, authority)) {
      const other = short(connection.account);
      connection.close();
      connection = null;
      throw new Error(
        `Your wallet shows the account ${other}. Only ${short(authority)} can take this back: choose that account in ` +
          "the wallet and connect again. Nothing was recorded.",
      );
    }
    $("wallet-buttons").hidden = true;
    $("ways").hidden = false;
    show("said", `${connection.account} can take it back. Choose how.`);
    $("sign").focus();
  };

  const way = async () => {
    const found = await ask(`/v1/consents/${consent}/withdrawal`);
    if (found.recordId !== consent) throw new Error("The registry spoke of another consent. Nothing was signed.");
    checkWayBack(found, connection.account, here);
    return found;
  };

  const signed = async () => {
    const found = await way();
    show("said", "Your wallet asks for a signature. It is the withdrawal, and nothing else.");
    return { ...found.slip, signature: await connection.sign(found.typedData) };
  };

  const finish = (words) => {
    connection?.close();
    show("said", "");
    $("ways").hidden = true;
    show("done-said", words);
    $("done").hidden = false;
    $("done-title").focus();
  };

  const sign = async () => {
    const told = await ask("/v1/withdrawals", await signed());
    finish(`It counts here from now on${told.onChain ? ", and is sent to the chain next" : ""}.`);
  };

  const keep = async () => {
    const slip = await signed();
    const code = await codeOf(slip, $("slip-code"));
    offerFile($("slip-file"), slipFile(slip), `${consent}.slip.json`);
    $("slip-picture").hidden = !code;
    if (code) offerFile($("slip-picture"), code, `${consent}.slip.png`);
    $("slip").hidden = false;
    show("said", "The slip is ready, and nothing was taken back. Save it, and keep it apart from your wallet.");
  };

  const send = async () => {
    const { transaction } = await way();
    show("said", "Your wallet asks whether to send it, and names the fee.");
    const hash = await connection.send(transaction);
    show("said", "It is on its way to the chain. This can take a minute.");
    for (let tries = 0; tries < TRIES; tries += 1) {
      const fate = await connection.fate(hash);
      if (fate === "done") {
        finish(`It is on the chain, in the transaction ${hash}. This registry reads it from there within seconds.`);
        return;
      }
      if (fate === "failed") throw new Error("The chain did not take it, and nothing was taken back. Try to sign it instead.");
      await new Promise((done) => setTimeout(done, WAIT_MS));
    }
    show("said", `It was sent as ${hash}, and the chain has not taken it yet. Look in your wallet; it counts once it is there.`);
  };

  for (const [id, step] of Object.entries({ sign, send, keep })) $(id).addEventListener("click", () => once(step));
  const wallets = await findWallets();
  $("no-wallet").hidden = wallets.length > 0;
  offer($("wallet-buttons"), wallets, (wallet) => once(() => connect(wallet)));
}

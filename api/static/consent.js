// The page /consent: questions, a draft of the words, a signature, a record, a slip.
//
// It decides the order of the steps, and that nothing is sent before the wallet has signed what is on the page. Each
// step is done elsewhere: choices, picture, wallet, statement, slip.

import { follow, termsOf } from "./choices.js";
import { $, ask, fill, offer, offerFile, show } from "./page.js";
import { namesOf } from "./picture.js";
import { codeOf, slipFile } from "./slip.js";
import { checked, checkWayBack } from "./statement.js";
import { Connection, findWallets } from "./wallet.js";

const form = $("consent");
const here = {
  chainId: Number(form.dataset.chain),
  contract: form.dataset.contract,
  origin: form.dataset.origin,
};
const state = { names: null, asked: null, draft: null, connection: null, way: null, busy: false };

start();

function start() {
  const named = $("digest")?.dataset.digest.split(":");
  if (named) state.names = { [named[0]]: named[1] };
  form.addEventListener("change", () => follow(form));
  const chooser = $("picture");
  chooser?.addEventListener("change", choosePicture);
  if (chooser?.files.length) choosePicture(); // chosen while this script was still on its way
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(review);
  });
  $("sign").addEventListener("click", () => once(sign));
  $("change").addEventListener("click", backToQuestions);
  $("other").addEventListener("click", offerWallets);
  $("make-slip").addEventListener("click", () => once(makeSlip));
  $("slip-print").addEventListener("click", () => print());
  follow(form);
  $("ready").disabled = false;
}

/** One step at a time; whatever goes wrong in it is said in its own place. */
async function once(step) {
  if (state.busy) return;
  state.busy = true;
  try {
    await step();
  } catch (problem) {
    show("said", "");
    show(step === makeSlip ? "slip-failed" : "failed", problem.message);
  } finally {
    state.busy = false;
  }
}

async function choosePicture() {
  const chooser = $("picture");
  const [file] = chooser.files;
  const shown = $("picture-shown");
  if (shown.src) URL.revokeObjectURL(shown.src);
  shown.hidden = true;
  state.names = null;
  show("picture-said", file ? "Reading…" : "");
  if (!file) return;
  try {
    const names = await namesOf(file);
    if (chooser.files[0] !== file) return; // another one was chosen meanwhile
    state.names = names;
    show("picture-said", named(names));
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
  } catch (problem) {
    show("picture-said", problem.message);
    chooser.value = "";
  }
}

function named({ c2paClaim, sha256 }) {
  const file = `sha256 ${sha256.slice(0, 12)}…`;
  return c2paClaim
    ? `This picture was stamped: your words follow its credential (c2paClaim ${c2paClaim.slice(0, 12)}…) and this file (${file}).`
    : `This picture carries no credential: your words are about this very file (${file}), and not about copies that were changed.`;
}

/** From the answers to the wallet, or to what is missing. */
async function review() {
  const { terms, missing } = termsOf(form, here.chainId);
  if (!state.names) missing.unshift({ id: $("picture") ? "picture" : "q-picture", words: "Which picture?" });
  if (showMissing(missing)) return;
  state.asked = { works: [state.names], wallet: "", terms };
  showCommand(terms);
  quiet();
  $("done").hidden = true;
  if (!here.chainId) {
    $("without").scrollIntoView();
    $("without").focus();
    return;
  }
  form.hidden = true;
  $("asking").dataset.step = "sign";
  $("signing").hidden = false;
  $("signing-title").focus();
  await offerWallets();
}

function showMissing(missing) {
  const wrong = $("wrong");
  wrong.replaceChildren();
  if (!missing.length) return false;
  const list = document.createElement("ul");
  for (const { id, words } of missing) {
    const [line, link] = [document.createElement("li"), document.createElement("a")];
    link.href = `#${id}`;
    link.textContent = words;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const place = $(id);
      (place.matches("fieldset") ? place.querySelector("input") : place).focus();
    });
    line.append(link);
    list.append(line);
  }
  wrong.replaceChildren("Some answers are missing:", list);
  wrong.focus();
  return true;
}

/** The same on the command line: a terms file, and the lines that take it. */
function showCommand(terms) {
  const kind = "c2paClaim" in state.names ? "c2paClaim" : Object.keys(state.names)[0];
  const verb = terms.kind === "grant" ? "grant" : "reserve";
  const line = `rakkan consent ${verb} ${kind}:${state.names[kind]} --terms terms.json`;
  $("command").textContent = `${line} --dry-run\n${line} --publish --slips slips`;
  const file = new Blob([JSON.stringify(terms, null, 1)], { type: "application/json" });
  offerFile($("terms-file"), file, "terms.json");
  $("terms-line").hidden = false;
}

async function offerWallets() {
  drop();
  quiet();
  $("wallet-buttons").replaceChildren();
  $("wallets").hidden = false;
  const wallets = await findWallets();
  $("no-wallet").hidden = wallets.length > 0;
  offer($("wallet-buttons"), wallets, (wallet) => once(() => connect(wallet)));
}

async function connect(wallet) {
  quiet();
  show("said", "Answer in your wallet: it asks whether this page may see your account.");
  state.connection = await Connection.open(wallet, here.chainId, ended);
  await draft();
}

/** The account or the network changed: what was read is for nobody now. */
async function ended(problem) {
  state.connection = null;
  if ($("signing").hidden) return; // all is done, or the questions are open again
  await offerWallets();
  show("failed", problem.message);
}

async function draft() {
  const { connection } = state;
  state.asked = { ...state.asked, wallet: connection.account };
  const made = await ask("/v1/consents/draft", state.asked);
  const statement = await checked(made, state.asked, here);
  await connection.check();
  state.draft = { ...made, statement };
  $("account").textContent = `${connection.account}, in ${connection.name}, on the network with the number ${here.chainId}`;
  fill($("sentences"), made.sentences, "li");
  showOutlook(made);
  $("notice").textContent = made.notice.text;
  $("typed").textContent = JSON.stringify(made.typedData, null, 1);
  $("compared").textContent =
    "Your browser compared this with your answers: picture, uses, who may use it, time and withdrawal are the ones you chose.";
  const picture = $("picture-shown")?.src;
  if (picture) $("draft-picture").src = picture;
  $("draft-picture").hidden = !picture;
  $("wallets").hidden = true;
  $("draft").hidden = false;
  quiet();
  $("signing-title").focus();
}

/** What will come of it, where that is not what the words say. */
function showOutlook({ outlook, withoutToken }) {
  const doubts = outlook.filter((each) => each.answer === "undetermined").map((each) => each.words);
  if (!withoutToken) doubts.push(
    "This registry takes it only from somebody with a token of it, because others have spoken about this picture here, " +
      "or because it takes nothing from wallets alone. You can sign, and keep what you signed for somebody who has one",
  );
  const place = $("outlook");
  place.replaceChildren();
  if (!doubts.length) return;
  const [title, list] = [document.createElement("h3"), document.createElement("ul")];
  title.textContent = "What it will not do yet";
  fill(list, doubts, "li");
  place.append(title, list);
}

async function sign() {
  quiet();
  show("said", "Read the words in your wallet, and sign there.");
  const { connection, draft: made } = state;
  const signature = await connection.sign(made.typedData);
  show("said", "Signed. It is being recorded…");
  const proof = {
    suite: "eip712",
    signer: made.statement.predicate.grantor.id,
    signature,
    verifyingContract: here.contract,
  };
  const body = { statement: made.statement, proofs: [proof] };
  const taken = await ask("/v1/consents", body).catch((problem) => {
    keepSigned(body, problem);
    throw problem;
  });
  recorded(taken);
}

/** A signature that is not taken here without a token is not lost. */
function keepSigned(body, problem) {
  if (!["token-missing", "work-spoken-for", "quota-spent"].includes(problem.code)) return;
  const [line, link] = [document.createElement("p"), document.createElement("a")];
  line.id = "kept";
  link.className = "take";
  link.textContent = "Keep what you signed";
  offerFile(link, new Blob([JSON.stringify(body)], { type: "application/json" }), "signed-consent.json");
  line.append(link, " Somebody with a token of this registry can hand it in as it is.");
  $("failed").after(line);
}

function recorded(taken) {
  quiet();
  const kind = "c2paClaim" in state.names ? "c2paClaim" : Object.keys(state.names)[0];
  $("record").textContent = taken.recordId;
  $("see").href = `/v/${kind}:${state.names[kind]}`;
  $("see-record").href = `/v1/records/${taken.recordId}`;
  $("take-back").href = `/withdraw?consent=${taken.recordId}`;
  const final = state.draft.statement.predicate.withdrawal.mode === "irrevocable";
  $("slip-offer").hidden = final;
  $("no-slip").hidden = !final;
  $("slip").hidden = true;
  $("make-slip").hidden = false;
  $("signing").hidden = true;
  $("without").hidden = true;
  $("done").hidden = false;
  $("done-title").focus();
}

async function makeSlip() {
  show("slip-failed", "");
  if (!state.connection) {
    throw new Error("Your wallet has changed since. You can make the slip under “Take it back”, with the wallet that signed.");
  }
  show("slip-said", "Your wallet asks once more. This signature is the slip.");
  try {
    const way = await ask(`/v1/consents/${state.draft.recordId}/withdrawal`);
    checkWayBack(way, state.connection.account, here);
    const slip = { ...way.slip, signature: await state.connection.sign(way.typedData) };
    const code = await codeOf(slip, $("slip-code"));
    offerFile($("slip-file"), slipFile(slip), `${way.recordId}.slip.json`);
    $("slip-picture").hidden = !code;
    if (code) offerFile($("slip-picture"), code, `${way.recordId}.slip.png`);
    $("slip-words").textContent = slip.words;
    $("slip").hidden = false;
    $("make-slip").hidden = true;
    show("slip-said", "The slip is ready. Save it before you leave this page.");
  } catch (problem) {
    show("slip-said", "");
    throw problem;
  }
}

function backToQuestions() {
  $("signing").hidden = true;
  drop();
  quiet();
  form.hidden = false;
  delete $("asking").dataset.step;
  $("ready").focus();
}

/** Forget wallet and draft: what was read there counts no longer. */
function drop() {
  state.connection?.close();
  state.connection = state.draft = null;
  $("draft").hidden = true;
}

function quiet() {
  for (const id of ["said", "failed", "wrong"]) $(id).replaceChildren();
  $("kept")?.remove();
}

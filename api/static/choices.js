// The visitor's answers: read from the form, turned into terms, or told what is missing.
//
// It decides when a form is complete, and that nothing is stated that was not chosen. What the terms mean is decided
// in rakkan.registry.flows.consent.terms; the same document is a terms file of the command line.

const GRANTEE = /^(public|eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}|did:[a-z0-9]+:.{1,120})$/;
const LICENCE = /^[A-Za-z0-9.+-]{1,64}$/;
const LONGEST = 36_500;

/** Show the questions that belong to the answers given so far, and hide the others. */
export function follow(form) {
  const kind = value(form, "kind");
  for (const question of form.querySelectorAll("[data-kind]")) question.hidden = question.dataset.kind !== kind;
  for (const inner of form.querySelectorAll("[data-with]")) {
    const [name, ...values] = inner.dataset.with.split(" ");
    inner.hidden = !values.includes(value(form, name));
  }
}

/**
 * The answers as terms, and what is still missing.
 *
 * @param {HTMLFormElement} form
 * @param {number} chainId For addresses that name no chain; 0 without one.
 * @returns {{terms: object, missing: {id: string, words: string}[]}}
 */
export function termsOf(form, chainId) {
  const missing = [];
  const miss = (id, words) => missing.push({ id, words });
  const need = (name, id, words) => {
    const found = value(form, name);
    if (!found) miss(id, words);
    return found;
  };
  const kind = need("kind", "q-kind", "What do you want to say?");
  const grants = kind === "grant";
  const [claim, capacity] = need("claim", "q-claim", "What is this picture to you?").split(" ");
  const terms = {
    kind,
    scopes: grants ? chosenUses(form) : Object.fromEntries(reserved(form).map((name) => [name, "notAllowed"])),
    grantee: [grantee(form, chainId, need, miss)],
    days: days(form, need, miss),
    mode: grants ? need("mode", "q-mode", "What becomes of models trained before?") : "prospective",
    claim,
    capacity,
    coauthors: need("shares", "q-shares", "Has anybody else a share in it?"),
    persons: persons(need),
  };
  if (grants) {
    if (!Object.values(terms.scopes).includes("allowed")) miss("q-uses", "Allow at least one use");
    if (["sunset", "retrain-within"].includes(terms.mode)) terms.modeDays = withinDays(form, miss);
    const licence = licenceOf(form, need, miss);
    if (licence) terms.terms = licence;
  }
  return { terms, missing };
}

/** The value of a field; of radio buttons the chosen one's. */
function value(form, name) {
  return form.elements[name]?.value?.trim() ?? "";
}

const reserved = (form) => form.dataset.reserved.split(" ");

function chosenUses(form) {
  const chosen = [...form.querySelectorAll('input[name^="use "]:checked')].filter((each) => each.value);
  return Object.fromEntries(chosen.map((each) => [each.name.slice(4), each.value]));
}

function grantee(form, chainId, need, miss) {
  const who = need("who", "q-who", "Who may use it, or must not?");
  if (who !== "other") return who;
  const typed = value(form, "whom");
  const full = /^0x[0-9a-f]{40}$/i.test(typed) && chainId ? `eip155:${chainId}:${typed}` : typed;
  if (!GRANTEE.test(full)) miss("whom", "The address of the community or person");
  return full;
}

function days(form, need, miss) {
  const until = need("until", "q-until", "Until when?");
  if (until !== "date") return Number(until);
  const end = Date.parse(`${value(form, "day")}T23:59:59`);
  const count = Math.floor((end - Date.now()) / 86_400_000); // ends on that day, at this time of it
  if (!(count >= 1 && count <= LONGEST)) {
    miss("day", "A day after today");
    return 0;
  }
  return count;
}

function withinDays(form, miss) {
  const count = Number(value(form, "days"));
  if (Number.isInteger(count) && count >= 1 && count <= 3650) return count;
  miss("days", "Within how many days, 1 to 3650");
  return 0;
}

function licenceOf(form, need, miss) {
  const name = need("licence", "q-licence", "Under which licence?");
  if (!name || name === "none") return undefined;
  const chosen = form.querySelector('input[name="licence"]:checked').dataset;
  if (name !== "other") {
    const { attribution, alike, commercial } = chosen;
    return { licence: name, attribution, shareAlike: alike === "yes", commercial: commercial === "yes" };
  }
  const licence = value(form, "spdx");
  if (!LICENCE.test(licence)) miss("spdx", "The short name of the licence");
  const asked = { attribution: "Credit", commercial: "Commercial use", alike: "What is made from it" };
  for (const [id, words] of Object.entries(asked)) if (!value(form, id)) miss(id, words);
  return {
    licence,
    attribution: value(form, "attribution"),
    shareAlike: value(form, "alike") === "yes",
    commercial: value(form, "commercial") === "yes",
  };
}

function persons(need) {
  const depicted = need("depicted", "q-persons", "Can a person be recognised in it?");
  if (!depicted || depicted === "none") return { depicted, minors: "none" };
  return { depicted, minors: need("minors", "q-minors", "Is one of them under age?") };
}

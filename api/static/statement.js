// What was drafted, held against what was chosen, before any wallet sees it.
//
// It decides whether typed data, statement, notice and choices say the same: each is taken from the draft and
// compared here, so that nothing is signed that the page did not show. It leaves out what the words mean.

import { sha256 } from "./picture.js";
import { same } from "./wallet.js";

const DAY = 86_400;
const TYPES = {
  EIP712Domain: "string name,string version,uint256 chainId,address verifyingContract",
  Consent:
    "string notice,string audience,bytes32 recordId,bytes32 subject,string scopes,string grantee,address grantor," +
    "uint64 validFrom,uint64 validUntil,string onWithdrawal,address withdrawalAuthority",
  Withdrawal: "address authority,bytes32 key",
};
const MEMBERS = [
  "audience", "grantee", "grantor", "kind", "match", "nonce", "notice", "persons", "rightsBasis", "scopes", "terms",
  "validFrom", "validUntil", "withdrawal",
];

/** What in a draft is not as it was chosen. */
export class DraftProblem extends Error {
  constructor(what) {
    super(`What was drafted is not what you chose (${what}). Nothing was signed. Please tell whoever runs this page.`);
  }
}

/**
 * The statement of a draft, if everything about it is what was asked for.
 *
 * @param {object} draft The answer of /v1/consents/draft.
 * @param {object} asked What was sent there.
 * @param {{chainId: number, contract: string, origin: string}} here
 * @returns {Promise<object>}
 */
export async function checked(draft, asked, here) {
  const bytes = fromBase64(draft.statement);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const statement = JSON.parse(text);
  const { predicate, subject } = statement;
  const { message } = draft.typedData;
  const { terms } = asked;
  const hold = (what, holds) => {
    if (!holds) throw new DraftProblem(what);
  };
  hold("bytes", canonical(statement) === text && statement.predicateType === "urn:rakkan:consent:1");
  hold("members", Object.keys(predicate).every((name) => MEMBERS.includes(name)) && predicate.match === "exact");
  checkForm(draft.typedData, "Consent", here, hold);

  hold("work", equal(subject.map((each) => each.digest), asked.works));
  hold("registry", predicate.audience === here.origin);
  hold("kind", predicate.kind === terms.kind);
  hold("uses", equal(Object.fromEntries(predicate.scopes.map(({ name, use }) => [name, use])), terms.scopes));
  hold("uses", predicate.scopes.length === Object.keys(terms.scopes).length);
  hold("who may use it", equal(predicate.grantee, terms.grantee));
  hold("time", seconds(predicate.validUntil) - seconds(predicate.validFrom) === terms.days * DAY);
  hold("licence", equal(predicate.terms, terms.terms));
  const back = { authority: predicate.withdrawal.authority, mode: terms.mode, days: terms.modeDays };
  hold("withdrawal", equal(predicate.withdrawal, back) && same(back.authority, asked.wallet));
  const rights = { claim: terms.claim, coauthorsComplete: terms.coauthors === "complete", evidence: [] };
  hold("rights", equal(predicate.rightsBasis, rights));
  hold("people", equal(predicate.persons, { ...terms.persons, releases: [] }));
  const grantor = `did:pkh:eip155:${here.chainId}:${asked.wallet}`;
  hold("wallet", same(predicate.grantor.id, grantor) && predicate.grantor.capacity === terms.capacity);

  hold("notice", draft.notice.text === message.notice && draft.notice.sha256 === predicate.notice.sha256);
  hold("notice", (await digestOf(message.notice)) === predicate.notice.sha256);
  hold("record", message.recordId === `0x${await sha256(bytes)}`);
  hold("work", message.subject === `0x${await digestOf(canonical(subject))}`);
  const days = predicate.withdrawal.days;
  const said = {
    audience: predicate.audience,
    scopes: predicate.scopes.map(({ name, use }) => `${name}=${use}`).join(", "),
    grantee: predicate.grantee.join(", "),
    validFrom: seconds(predicate.validFrom),
    validUntil: seconds(predicate.validUntil),
    onWithdrawal: predicate.withdrawal.mode + (days === undefined ? "" : `:${days}`),
  };
  for (const [name, value] of Object.entries(said)) hold(name, message[name] === value);
  hold("wallet", same(message.grantor, asked.wallet) && same(message.withdrawalAuthority, asked.wallet));
  return statement;
}

/** Whether typed data takes back exactly one consent, in the name of this account, at this registry. */
export function checkWayBack(way, account, here) {
  const hold = (what, holds) => {
    if (!holds) throw new DraftProblem(what);
  };
  const { message } = way.typedData;
  checkForm(way.typedData, "Withdrawal", here, hold);
  hold("wallet", same(way.authority, account) && same(message.authority, account));
  hold("record", message.key === `0x${way.slip.key}` && way.slip.recordId === way.recordId);
  hold("registry", way.slip.chainId === here.chainId && same(way.slip.contract, here.contract));
  hold("transaction", way.transaction.chainId === here.chainId && same(way.transaction.to, here.contract));
  hold("transaction", way.transaction.data.endsWith(way.slip.key) && way.transaction.data.length === 2 + 8 + 64);
}

/** Canonical JSON (RFC 8785) of values without fractions. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).filter((name) => value[name] !== undefined).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function checkForm(typedData, name, here, hold) {
  const types = Object.fromEntries(["EIP712Domain", name].map((each) => [each, members(TYPES[each])]));
  const domain = { name: "Rakkan", version: "1", chainId: here.chainId, verifyingContract: here.contract };
  hold("form", equal(typedData.types, types) && typedData.primaryType === name);
  hold("form", equal(Object.keys(typedData.message).sort(), types[name].map((each) => each.name).sort()));
  hold("registry", equal(typedData.domain, domain));
}

const members = (list) =>
  list.split(",").map((each) => {
    const [type, name] = each.split(" ");
    return { type, name };
  });

const equal = (one, other) => canonical(one ?? null) === canonical(other ?? null);

const seconds = (instant) => Date.parse(instant) / 1000;

const digestOf = (words) => sha256(new TextEncoder().encode(words));

function fromBase64(words) {
  return Uint8Array.from(atob(words.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}


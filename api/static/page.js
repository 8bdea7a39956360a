// What both pages with scripts do: ask this server, offer files, show words.
//
// It decides that nothing but text is put on a page, and that every failure of the server is one sentence.

import { canonical } from "./statement.js";

export const $ = (id) => document.getElementById(id);

/** Say words at a place that is read aloud when it changes, and so is never taken off the page; no words, no place. */
export function show(id, words) {
  $(id).textContent = words;
}

/** One element for each text. */
export function fill(place, texts, tag) {
  place.replaceChildren(
    ...texts.map((words) => {
      const line = document.createElement(tag);
      line.textContent = words;
      return line;
    }),
  );
}

/** Let a link save a file that was made here. */
export function offerFile(link, blob, name) {
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = name;
}

/** Why this server did not do something; ``code`` is the problem's. */
export class ServerProblem extends Error {
  constructor(problem) {
    super(`${problem.detail ?? "This registry did not take it."} ${problem.hint ?? ""}`.trim());
    this.code = problem.code ?? "";
  }
}

/** Ask this server; with a body, tell it something. */
export async function ask(address, body) {
  let answer;
  try {
    answer = await fetch(address, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && canonical(body),
      credentials: "omit",
    });
  } catch {
    throw new ServerProblem({ detail: "This registry does not answer. Nothing was recorded.", hint: "Try again soon." });
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ServerProblem(value);
  return value;
}

/** A button for each wallet that is found. */
export function offer(place, wallets, choose) {
  place.replaceChildren(
    ...wallets.map((wallet) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `Connect ${wallet.name}`;
      button.addEventListener("click", () => choose(wallet));
      return button;
    }),
  );
}

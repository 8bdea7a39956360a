// Wallets that live in the browser: found, connected, asked (EIP-6963, EIP-1193, EIP-712).
//
// It decides when an answer of a wallet counts: only while the account and the chain are those that it was asked
// with. Whatever else happens ends in a WalletProblem with one plain sentence, and in nothing being sent. It leaves
// out what is signed.

const REFUSED = 4001;
const UNKNOWN_CHAIN = 4902;
const PENDING = -32002;
const PATIENCE_MS = 250;

/** Why a wallet gave no answer that counts. */
export class WalletProblem extends Error {
  /** @param {string} code One of: refused, pending, chain, account, changed, gone, form, failed. */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * The wallets that announce themselves, and the one that was always there.
 *
 * @returns {Promise<{name: string, provider: object}[]>}
 */
export async function findWallets() {
  const found = new Map();
  const hear = ({ detail }) => {
    if (typeof detail?.provider?.request === "function") {
      found.set(detail.provider, { name: readable(detail.info?.name), provider: detail.provider });
    }
  };
  window.addEventListener("eip6963:announceProvider", hear);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  await new Promise((done) => setTimeout(done, PATIENCE_MS)); // some announce themselves a little late
  window.removeEventListener("eip6963:announceProvider", hear);
  const old = window.ethereum;
  if (!found.size && typeof old?.request === "function") {
    found.set(old, { name: "the wallet in this browser", provider: old });
  }
  return [...found.values()];
}

/** A name as a wallet gives it: letters only, and not many. */
function readable(name) {
  const clean = String(name ?? "").replace(/[^\p{L}\p{N} .,'()+&-]/gu, "").trim().slice(0, 40);
  return clean || "a wallet without a name";
}

/** One account of one wallet on one chain; ends by itself when either changes. */
export class Connection {
  #provider;
  #broken;
  #alarm = () => {};
  #events = [];

  /**
   * Ask a wallet for its account, and to be on a chain.
   *
   * @param {{name: string, provider: object}} wallet
   * @param {number} chainId
   * @param {(problem: WalletProblem) => void} onEnd Told once, if account or chain change later.
   */
  static async open(wallet, chainId, onEnd) {
    const connection = new Connection();
    connection.#provider = wallet.provider;
    connection.name = wallet.name;
    connection.chainId = chainId;
    const accounts = await connection.#ask("eth_requestAccounts");
    connection.account = firstOf(accounts);
    if (!connection.account) {
      throw new WalletProblem("account", "Your wallet has no account that this page may see. Make or unlock one in it.");
    }
    await connection.#switch();
    connection.#listen(onEnd);
    await connection.check();
    return connection;
  }

  /** Have the account sign typed data: 65 bytes as hex, without 0x. */
  async sign(typedData) {
    const answer = await this.#guarded("eth_signTypedData_v4", [this.account, JSON.stringify(typedData)]);
    return normalised(answer);
  }

  /** Have the account send a transaction; its hash. */
  async send({ to, data }) {
    await this.check();
    const answer = await this.#ask("eth_sendTransaction", [{ from: this.account, to, data }]);
    if (!/^0x[0-9a-f]{64}$/i.test(answer)) throw new WalletProblem("form", "Your wallet did not say what it sent.");
    return answer;
  }

  /** What became of a transaction: "waiting", "done" or "failed". */
  async fate(hash) {
    const receipt = await this.#ask("eth_getTransactionReceipt", [hash]);
    if (!receipt) return "waiting";
    return Number(receipt.status) === 1 ? "done" : "failed";
  }

  /** Whether account and chain are still the same; a WalletProblem if not. */
  async check() {
    if (this.#broken) throw this.#broken;
    const account = firstOf(await this.#ask("eth_accounts"));
    if (!same(account, this.account)) throw this.#end(this.#changed(account));
    const chain = Number(await this.#ask("eth_chainId"));
    if (chain !== this.chainId) throw this.#end(otherChain(this.chainId));
  }

  /** Let go: what the wallet answers from now on does not count. */
  close() {
    this.onEnd = undefined;
    this.#end(new WalletProblem("gone", "You left this step. Nothing was recorded."));
  }

  /** An answer given before account or chain change, or a WalletProblem. */
  async #guarded(method, parameters) {
    await this.check();
    const alarm = new Promise((_, reject) => {
      this.#alarm = reject;
    });
    alarm.catch(() => {});
    const answer = await Promise.race([this.#ask(method, parameters), alarm]);
    await this.check(); // what was signed while it changed does not count
    return answer;
  }

  async #switch() {
    if (Number(await this.#ask("eth_chainId")) === this.chainId) return;
    try {
      await this.#ask("wallet_switchEthereumChain", [{ chainId: `0x${this.chainId.toString(16)}` }]);
    } catch (problem) {
      if (problem.code === "refused") throw problem;
      throw otherChain(this.chainId);
    }
    if (Number(await this.#ask("eth_chainId")) !== this.chainId) throw otherChain(this.chainId);
  }

  #listen(onEnd) {
    this.onEnd = onEnd;
    const on = (name, listener) => {
      this.#provider.on?.(name, listener);
      this.#events.push([name, listener]);
    };
    on("accountsChanged", (accounts) => {
      const account = firstOf(accounts);
      if (!same(account, this.account)) this.#end(this.#changed(account));
    });
    on("chainChanged", (chain) => {
      if (Number(chain) !== this.chainId) this.#end(otherChain(this.chainId));
    });
    on("disconnect", () => this.#end(new WalletProblem("gone", "The wallet was disconnected. Nothing was recorded.")));
  }

  #changed(account) {
    const now = account ? `it is ${short(account)} now` : "it shows none now";
    return new WalletProblem(
      "changed",
      `The account in your wallet changed: this was for ${short(this.account)}, and ${now}. Nothing was recorded.`,
    );
  }

  #end(problem) {
    if (!this.#broken) {
      this.#broken = problem;
      for (const [name, listener] of this.#events) this.#provider.removeListener?.(name, listener);
      this.#alarm(problem);
      this.onEnd?.(problem);
    }
    return this.#broken;
  }

  async #ask(method, params) {
    try {
      return await this.#provider.request(params ? { method, params } : { method });
    } catch (error) {
      throw told(error, this.chainId);
    }
  }
}

/** An address or a digest, short enough to compare by eye. */
export const short = (name) => `${name.slice(0, 6)}…${name.slice(-4)}`;

export const same = (one, other) => String(one).toLowerCase() === String(other).toLowerCase();

function firstOf(accounts) {
  const account = Array.isArray(accounts) ? accounts[0] : undefined;
  return /^0x[0-9a-f]{40}$/i.test(account) ? account : "";
}

function otherChain(chainId) {
  return new WalletProblem(
    "chain",
    `Your wallet is on another network. Switch it to the network with the number ${chainId}, or add that one in the ` +
      "wallet's settings first, and try again. Nothing was recorded.",
  );
}

/** Some wallets number the two forms of a signature 0 and 1, where chains say 27 and 28. */
function normalised(answer) {
  const found = /^0x([0-9a-f]{128})([0-9a-f]{2})$/i.exec(answer);
  const last = found ? parseInt(found[2], 16) : -1;
  if (![0, 1, 27, 28].includes(last)) {
    throw new WalletProblem(
      "form",
      "Your wallet answered with a signature of another form, as wallets that are contracts do. Those cannot be used " +
        "here yet. Nothing was recorded.",
    );
  }
  return found[1].toLowerCase() + (last < 27 ? last + 27 : last).toString(16);
}

function told(error, chainId) {
  if (error instanceof WalletProblem) return error;
  const code = Number(error?.code ?? error?.data?.originalError?.code);
  if (code === REFUSED) return new WalletProblem("refused", "You refused it in your wallet. Nothing was recorded.");
  if (code === PENDING) {
    return new WalletProblem("pending", "Your wallet is waiting for you already: open its window and answer there.");
  }
  if (code === UNKNOWN_CHAIN || Number(error?.data?.originalError?.code) === UNKNOWN_CHAIN) return otherChain(chainId);
  const said = String(error?.message ?? "").replace(/\s+/g, " ").slice(0, 160);
  return new WalletProblem("failed", `Your wallet did not do it${said ? ` and says: “${said}”` : ""}. Nothing was recorded.`);
}

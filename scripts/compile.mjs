#!/usr/bin/env node
// Compiles the Solidity contracts with the pinned npm solc and writes contracts/artifacts/<Name>.json.
// Decides the compiler settings and the artifacts' form; the same sources always give the same bytes.
//
//   node scripts/compile.mjs           write the artifacts
//   node scripts/compile.mjs --check   rebuild in memory; exit 1 and name what differs from the committed ones

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const CONTRACTS = join(PROJECT, "contracts");
const ARTIFACTS = join(CONTRACTS, "artifacts");
const NAMES = ["ApprovalBook", "ConsentGate", "ConsentRegistry", "ProvenanceLog", "WalletQuestion"];

// No metadata hash in the bytecode: a comment or a path must not change what is deployed.
// OpenZeppelin 5.7 needs mcopy, hence Cancun.
const SETTINGS = {
  evmVersion: "cancun",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  optimizer: { enabled: true, runs: 200 },
  viaIR: true,
};

/** Text of a source by its relative name: ours under src/, packages by their npm name. */
function readSource(name) {
  const file = name.startsWith("@") ? join(PROJECT, "node_modules", name) : join(CONTRACTS, name);
  return readFileSync(file, "utf8");
}

function resolveImport(name) {
  try {
    return { contents: readSource(name) };
  } catch (error) {
    return { error: `${name}: ${error.code ?? error.message}` };
  }
}

/** solc's output for all our sources; ends the process on an error or a warning. */
function compile(solc) {
  const own = readdirSync(join(CONTRACTS, "src")).filter((file) => file.endsWith(".sol")).sort();
  const outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences", "metadata"];
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(own.map((file) => [`src/${file}`, { content: readSource(`src/${file}`) }])),
    settings: { ...SETTINGS, outputSelection: { "*": { "*": outputs } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolveImport }));
  if (output.errors?.length) {
    for (const fault of output.errors) process.stderr.write(`${fault.formattedMessage}\n`);
    process.exit(1);
  }
  return output.contracts;
}

/** JSON with sorted keys, so that equal content is equal bytes. */
function stable(value) {
  if (Array.isArray(value)) return value.map(stable);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, stable(value[key])]));
}

function artifactOf(name, contract, compiler) {
  const { bytecode, deployedBytecode } = contract.evm;
  const sources = Object.keys(JSON.parse(contract.metadata).sources);
  const immutables = Object.values(deployedBytecode.immutableReferences ?? {}).flat();
  const document = {
    abi: contract.abi,
    bytecode: `0x${bytecode.object}`,
    compiler,
    contractName: name,
    deployedBytecode: `0x${deployedBytecode.object}`,
    // Byte ranges of the deployed code that the constructor fills in; zero in `deployedBytecode`.
    immutables: immutables.map(({ start, length }) => [start, length]).sort((a, b) => a[0] - b[0]),
    settings: SETTINGS,
    sources: Object.fromEntries(
      sources.map((source) => [source, createHash("sha256").update(readSource(source)).digest("hex")]),
    ),
  };
  return `${JSON.stringify(stable(document), null, 1)}\n`;
}

if (!existsSync(join(PROJECT, "node_modules", "solc"))) {
  process.stderr.write("solc is not installed; run: npm ci --ignore-scripts\n");
  process.exit(127);
}
const solc = createRequire(import.meta.url)("solc");
const compiler = `solc ${solc.version().replace(/\.Emscripten.*$/, "")}`;
const built = compile(solc);
const check = process.argv.includes("--check");
const differing = [];
mkdirSync(ARTIFACTS, { recursive: true });
for (const name of NAMES) {
  const path = join(ARTIFACTS, `${name}.json`);
  const text = artifactOf(name, built[`src/${name}.sol`][name], compiler);
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, "utf8") !== text) differing.push(name);
}
if (differing.length) {
  process.stderr.write(`Artifacts differ from their sources: ${differing.join(", ")}. Run node scripts/compile.mjs.\n`);
  process.exit(1);
}

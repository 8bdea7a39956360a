#!/usr/bin/env node
// Stands in for native solc, so that forge compiles with the pinned npm solc and downloads nothing.
// Answers the two questions that forge asks: --version, and --standard-json on standard input.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) {
  // forge only reads versions that look native.
  const version = solc.version().replace(/\.Emscripten.*$/, ".Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (process.argv.includes("--standard-json")) {
  // forge resolves imports itself and sends every source along.
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc-wrap: only --version and --standard-json\n");
  process.exitCode = 1;
}

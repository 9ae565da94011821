/**
 * Tokens among 10,000: what the check of a call costs, and what a change costs that is on disk when it is answered.
 * `deno run -A tests/bench/tokens_bench.ts`
 *
 * @module
 */
import { join } from "node:path";
import { FileStateStore } from "#adapters/storage/files/mod.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { AdminApi } from "../support/admin_api.ts";
import { TestVault } from "../support/test_vault.ts";

const TOKENS = 10_000;
const VALIDATIONS = 200_000;
const ISSUES = 200;
const UNLIMITED = "1000000000/1s";
const LIMITS = { validationMicroseconds: 20, issueMilliseconds: 20 };

type Print = (line: string) => void;

/** The times of many runs, in the unit that the caller measures in. */
class Times {
  readonly #sorted: readonly number[];

  constructor(times: readonly number[], readonly unit: string) {
    this.#sorted = times.toSorted((a, b) => a - b);
  }

  at(share: number): number {
    return this.#sorted[Math.min(this.#sorted.length - 1, Math.floor(this.#sorted.length * share))];
  }

  text(): string {
    const value = (share: number) => `${this.at(share).toFixed(2)} ${this.unit}`;
    return `median ${value(0.5)}, 99 % ${value(0.99)}, slowest ${value(1)}`;
  }
}

function tokenOf(user: number): string {
  return `evt_${user.toString(16).padStart(32, "0")}`;
}

async function writeState(configs: string): Promise<void> {
  const role = (name: string) => `  ${name}: {scope: [decrypt_metadata], top_k: 5, rate_limit: ${UNLIMITED}}\n`;
  await Deno.writeTextFile(join(configs, "roles.yml"), `roles:\n${role("admin")}${role("member")}`);
  const entries = Array.from({ length: TOKENS }, (_, i) => {
    return `- user: user${i}\n  token: ${
      tokenOf(i)
    }\n  role: member\n  issued_at: '2026-11-22'\n  expires: '2099-01-01'\n`;
  });
  await Deno.writeTextFile(join(configs, "tokens.yml"), `tokens:\n${entries.join("")}`);
}

/** Steps 3 to 7 of a call. */
function benchValidation(service: TokenService): Times {
  const batch = 100, times: number[] = [];
  for (let run = 0; run < VALIDATIONS / batch; run++) {
    const started = performance.now();
    for (let i = 0; i < batch; i++) {
      service.authorize(service.find(tokenOf((run * 7919 + i * 31) % TOKENS)), "decrypt_metadata");
    }
    times.push((performance.now() - started) * 1000 / batch);
  }
  return new Times(times, "µs");
}

async function benchIssue(issue: (user: string) => Promise<unknown>): Promise<Times> {
  const times: number[] = [];
  for (let i = 0; i < ISSUES; i++) {
    const started = performance.now();
    await issue(`newcomer ${i}`);
    times.push(performance.now() - started);
  }
  return new Times(times, "ms");
}

export async function benchTokens(print: Print): Promise<void> {
  await using vault = await TestVault.create();
  const configs = join(vault.dir, "configs");
  await writeState(configs);
  const store = new FileStateStore({
    rolesFile: join(configs, "roles.yml"),
    tokensFile: join(configs, "tokens.yml"),
  });
  const loading = performance.now();
  const service = await TokenService.open({ store, clock: systemClock, log: () => {} });
  print(`loading ${TOKENS} tokens: ${(performance.now() - loading).toFixed(0)} ms`);
  benchValidation(service); // warm up
  const validation = benchValidation(service);
  print(`validation of a call: ${validation.text()} (limit ${LIMITS.validationMicroseconds} µs)`);
  const inProcess = await benchIssue((user) => service.issue({ user, role: "member" }));
  print(`issue, durable, in process: ${inProcess.text()} (limit ${LIMITS.issueMilliseconds} ms)`);

  await writeState(configs);
  const starting = performance.now();
  await vault.start();
  print(`start of the daemon with ${TOKENS} tokens: ${(performance.now() - starting).toFixed(0)} ms`);
  const api = new AdminApi(vault.socket);
  const overSocket = await benchIssue((user) => api.issue(user, "member"));
  print(`issue, durable, over the admin socket: ${overSocket.text()} (limit ${LIMITS.issueMilliseconds} ms)`);
  const isWithin = validation.at(0.99) < LIMITS.validationMicroseconds &&
    overSocket.at(0.5) < LIMITS.issueMilliseconds;
  print(isWithin ? "within the limits" : "OVER THE LIMITS");
}

if (import.meta.main) await benchTokens((line) => console.log(line));

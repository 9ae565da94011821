/**
 * A process that writes secrets until it is killed: `secret_writer.ts DATABASE SEED`. It opens the store once its input
 * tells it to, and tells on its output, a JSON line each, what it is about to do (`try`), and how that ended (`ok`, or
 * `failed` with the reason); `unread` is a name whose version it could not learn.
 *
 * @module
 */
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { parseAddress, type SecretEngine } from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { SeededRandom } from "./random.ts";
import { bytes, TestEngine } from "./secret_engine.ts";
import { type Line, type Move, NAMES_PER_CLIENT, valueOf, WRITER_CLIENTS } from "./secret_writer_lines.ts";

function tell(line: Line): void {
  const data = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < data.length;) written += Deno.stdout.writeSync(data.subarray(written));
}

/** 0 when there is none of that name. */
async function versionOf(engine: SecretEngine, name: string): Promise<number> {
  try {
    return (await engine.describe(parseAddress(name))).currentVersion;
  } catch (reason) {
    if (reason instanceof VaultError && reason.code === "NOT_FOUND") return 0;
    throw reason;
  }
}

async function make(engine: SecretEngine, { name, version, nonce }: Move): Promise<void> {
  const address = parseAddress(name);
  if (version === 0) return await engine.delete(address);
  const value = bytes(valueOf(name, version, nonce));
  if (version > 1) return void await engine.update(address, { value, expectedVersion: version - 1 }, "writer");
  using _ = await engine.create(address, { kind: "manual", value, graceSeconds: 3600 }, "writer");
}

async function nextMove(engine: SecretEngine, name: string, random: SeededRandom): Promise<Move> {
  const from = await versionOf(engine, name);
  const version = from > 0 && random.below(6) === 0 ? 0 : from + 1;
  return { name, from, version, nonce: Math.floor(random.next() * 2 ** 32) };
}

/** Goes on until the process ends; the version that each name is at comes from the store. */
async function run(engine: SecretEngine, client: number, random: SeededRandom): Promise<never> {
  for (;;) {
    const name = `client${client}/n${random.below(NAMES_PER_CLIENT)}`;
    const move = await nextMove(engine, name, random).catch(async (reason) => {
      tell({ kind: "unread", client, name, from: 0, version: 0, nonce: 0, reason: String(reason) });
      await new Promise((resolve) => setTimeout(resolve, 1)); // else nothing but this would run
    });
    if (!move) continue;
    tell({ kind: "try", client, ...move });
    try {
      await make(engine, move);
      tell({ kind: "ok", client, ...move });
    } catch (reason) {
      tell({ kind: "failed", client, ...move, reason: String(reason) });
    }
  }
}

const [path, seed] = Deno.args;
await Deno.stdin.read(new Uint8Array(1));
const { engine } = new TestEngine({ store: new SqliteSecretStore(path) });
await Promise.all(
  Array.from({ length: WRITER_CLIENTS }, (_, i) => run(engine, i, new SeededRandom(Number(seed) + i))),
);

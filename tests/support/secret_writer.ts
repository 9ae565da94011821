/**
 * A process that writes secrets until it is killed: `secret_writer.ts DATABASE SEED`. It opens the store once its input
 * tells it to, and tells on its output, a JSON line each, what it is about to do (`try`), and how that ended (`ok`, or
 * `failed` with the reason).
 *
 * @module
 */
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { parseAddress, type SecretEngine } from "#domain/secrets/mod.ts";
import { SeededRandom } from "./random.ts";
import { bytes, TestEngine } from "./secret_engine.ts";
import { type Line, type Move, NAMES_PER_CLIENT, valueOf, WRITER_CLIENTS } from "./secret_writer_lines.ts";

function tell(line: Line): void {
  const data = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < data.length;) written += Deno.stdout.writeSync(data.subarray(written));
}

async function make(engine: SecretEngine, { name, version, nonce }: Move): Promise<void> {
  const address = parseAddress(name);
  if (version === 0) return await engine.delete(address);
  const value = bytes(valueOf(name, version, nonce));
  if (version > 1) return void await engine.update(address, { value, expectedVersion: version - 1 }, "writer");
  using _ = await engine.create(address, { kind: "manual", value, graceSeconds: 3600 }, "writer");
}

/** Goes on until the process ends; the version that each name is at comes from the store. */
async function run(engine: SecretEngine, client: number, random: SeededRandom): Promise<never> {
  for (;;) {
    const name = `client${client}/n${random.below(NAMES_PER_CLIENT)}`;
    const current = await engine.describe(parseAddress(name)).then((secret) => secret.currentVersion, () => 0);
    const version = current > 0 && random.below(6) === 0 ? 0 : current + 1;
    const move = { name, version, nonce: Math.floor(random.next() * 2 ** 32) };
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

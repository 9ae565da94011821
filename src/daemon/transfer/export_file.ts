import { type AgeKey, checkAgeLock } from "#adapters/archive/mod.ts";
import type { SecretsClient } from "#edge/admin/secrets_client.ts";
import { PayloadError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { openSealedFile, type SealedFile, type SealedFileOptions, writeSealedFile } from "../backup/mod.ts";
import { linesOf } from "./lines.ts";
import { objectIn, type PortableJson } from "./portable.ts";

const FORMAT = "runevault-export";
const VERSION = 1;

export interface ExportOptions extends SealedFileOptions {
  readonly project: string;
  /** Of this release. */
  readonly version: string;
  readonly clock: Clock;
}

export interface Exported extends SealedFile {
  readonly secrets: number;
  readonly versions: number;
}

/** What an export file holds, before its secrets. */
export interface ExportHead {
  readonly created: string;
  readonly project: { readonly name: string; readonly description: string | null };
}

/**
 * Writes one project as an age file of JSON lines: a head, a line for each secret with its history, a foot that counts
 * them. The lines go from the socket through age to the disk; in clear, they are nowhere.
 *
 * @throws When something is wrong; then there is no file.
 */
export async function writeExport(client: SecretsClient, options: ExportOptions): Promise<Exported> {
  checkAgeLock(options.lock);
  const count = { secrets: 0, versions: 0 };
  const plain = ReadableStream.from(linesFrom(client, options, count));
  const reopen = async (path: string) => {
    const { secrets } = await readExport(path, options.lock as AgeKey);
    let found = 0;
    for await (const _ of secrets) found++;
    if (found !== count.secrets) throw new PayloadError(`${path} does not hold what was written`);
  };
  const written = await writeSealedFile(plain, options, reopen);
  return { ...written, ...count };
}

async function* linesFrom(
  client: SecretsClient,
  { project: name, version, clock }: ExportOptions,
  count: { secrets: number; versions: number },
): AsyncGenerator<Uint8Array, void> {
  let page = await client.exportPage(name);
  const { description } = page.project, created = new Date(clock.now()).toISOString();
  yield line({ format: FORMAT, version: VERSION, runevault: version, created, project: { name, description } });
  for (;;) {
    for (const secret of page.secrets) {
      count.secrets++;
      count.versions += Array.isArray(secret.versions) ? secret.versions.length : 0;
      yield line({ secret });
    }
    if (page.next === null) break;
    page = await client.exportPage(name, page.next);
  }
  yield line({ end: true, ...count });
}

/** @throws {PayloadError} now or while the secrets are read; quotes nothing of the file. */
export async function readExport(
  path: string,
  key: AgeKey,
): Promise<ExportHead & { readonly secrets: AsyncGenerator<PortableJson, void> }> {
  const lines = linesOf(await openSealedFile(path, key));
  const { value } = await lines.next();
  const head = objectIn(value, `${path}: its head`);
  if (head.format !== FORMAT) throw new PayloadError(`${path} is no export of runevault`);
  if (head.version !== VERSION) throw new PayloadError(`${path} was made by a later release of runevault`);
  const project = objectIn(head.project, `${path}: its project`);
  const { name, description } = project;
  if (typeof name !== "string" || !(description === null || typeof description === "string")) {
    throw new PayloadError(`${path}: its project has no name`);
  }
  const created = typeof head.created === "string" ? head.created : "";
  return { created, project: { name, description }, secrets: secretsIn(path, lines) };
}

async function* secretsIn(path: string, lines: AsyncGenerator<unknown, void>): AsyncGenerator<PortableJson, void> {
  let count = 0, isWhole = false;
  for await (const item of lines) {
    const record = objectIn(item, `${path}: line ${count + 2}`);
    if (isWhole) throw new PayloadError(`${path} goes on after its end`);
    if (record.end === true) {
      if (record.secrets !== count) throw new PayloadError(`${path} holds another number of secrets than it says`);
      isWhole = true;
    } else {
      count++;
      yield objectIn(record.secret, `${path}: line ${count + 1}`);
    }
  }
  if (!isWhole) throw new PayloadError(`${path} is cut off`);
}

/** The same secrets in a project of that name. */
export async function* renamed(
  secrets: AsyncIterable<PortableJson>,
  project: string,
): AsyncGenerator<PortableJson, void> {
  for await (const secret of secrets) yield { ...secret, project };
}

function line(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

import { messageOf, PayloadError } from "#errors/mod.ts";
import type { EvalKeyParts } from "#ports/cloud.ts";
import type { KeyStore, OpenKeyFile } from "#ports/key_store.ts";
import { EvalKey, sha256OfParts } from "./eval_key.ts";
import { checkEvalKeyStart } from "./key_payload.ts";

const ENVELOPE = "EvalKey.json";
/** The legacy form: the raw key and nothing else. */
const RAW = "EvalKey.bin";

/**
 * Opens a legacy `EvalKey.bin` that stands for a missing `EvalKey.json`, for openEvalKey(): once the daemon is sealed it may
 * open no such file any more.
 *
 * @returns Undefined when there is none, or no need for it.
 */
export async function holdLegacyEvalKey(store: KeyStore): Promise<OpenKeyFile | undefined> {
  return await store.version(ENVELOPE) === undefined ? await store.open(RAW) : undefined;
}

/**
 * Opens and checks the evaluation key: `EvalKey.json`, else the legacy file that is held, which stays open.
 *
 * @throws {PayloadError} when it is missing or not valid; quotes nothing of it.
 */
export async function openEvalKey(store: KeyStore, held?: OpenKeyFile): Promise<EvalKeyParts & Disposable> {
  if (held === undefined || await store.version(ENVELOPE) !== undefined) return await EvalKey.open(store);
  try {
    return await openRaw(held);
  } catch (reason) {
    throw new PayloadError(`${store.pathOf(RAW)}: ${messageOf(reason)}`);
  }
}

async function openRaw(file: OpenKeyFile): Promise<EvalKeyParts & Disposable> {
  const { size } = file;
  const read = async (offset: number, length: number) => {
    const bytes = await file.read(offset, length);
    if (bytes.length !== length) throw new PayloadError("the evaluation key's file has become shorter");
    return bytes;
  };
  const [first] = await file.read(0, 1);
  checkEvalKeyStart(size, first);
  return { size, sha256: (await sha256OfParts({ size, read })).toString("hex"), read, [Symbol.dispose]() {} };
}

import { isUtf8 } from "node:buffer";
import { PayloadError } from "#errors/mod.ts";

/** How an agent's metadata travels: `{"a":…,"c":…}`, with `"v":2` for the authenticated form. */
export interface MetadataEnvelope {
  /** The agent whose key encrypted it; any text. */
  readonly agentId: string;
  /** 1: AES-256-CTR, 2: AES-256-GCM. */
  readonly version: 1 | 2;
  /** Base64 as UTF-8 bytes. */
  readonly ciphertext: Uint8Array;
}

const LONG_BYTES = 64 << 10;
const [QUOTE, BACKSLASH] = new TextEncoder().encode(`"\\`);
/** Stands for a text that was cut out; it cannot come from a document without escapes. */
const CUT = "\u0000";

/**
 * @param text UTF-8 JSON; keys other than a, c and v are ignored.
 * @throws {PayloadError} with the original vault's text; quotes nothing of the envelope.
 */
export function parseEnvelope(text: Uint8Array): MetadataEnvelope {
  if (!isUtf8(text)) throw new PayloadError("the envelope is not UTF-8");
  const { json, cut } = cutLongText(text);
  const { a, c, v } = parseObject(json);
  if (a === undefined) throw new PayloadError("'a'");
  if (c === undefined) throw new PayloadError("'c'");
  if (typeof a !== "string") throw new PayloadError("'a' is not a string");
  if (typeof c !== "string") throw new PayloadError("'c' is not a string");
  if (v !== undefined && v !== 1 && v !== 2) throw new PayloadError("'v' is not a known envelope version");
  const agentId = a === CUT && cut ? new TextDecoder().decode(cut) : a;
  return { agentId, version: v ?? 1, ciphertext: c === CUT && cut ? cut : new TextEncoder().encode(c) };
}

/**
 * Takes a long text, the ciphertext as a rule, out of the JSON as a view: parsed with the rest it would be in memory
 * three times over, and it may have 250 MiB.
 */
function cutLongText(text: Uint8Array): { json: string; cut?: Uint8Array } {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (text.length >= LONG_BYTES && !text.includes(BACKSLASH)) {
    for (let open = text.indexOf(QUOTE); open >= 0;) {
      const close = text.indexOf(QUOTE, open + 1);
      if (close < 0) break;
      if (close - open > LONG_BYTES) {
        const json = `${decode(text.subarray(0, open))}"\\u0000"${decode(text.subarray(close + 1))}`;
        return { json, cut: text.subarray(open + 1, close) };
      }
      open = text.indexOf(QUOTE, close + 1);
    }
  }
  return { json: decode(text) };
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own text quotes what it read.
    throw new PayloadError("Expecting value: line 1 column 1 (char 0)");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new PayloadError("the envelope is not a JSON object");
}

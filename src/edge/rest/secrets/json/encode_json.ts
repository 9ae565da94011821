import { escapedLength, writeEscaped } from "./json_escapes.ts";

/** What a reply is made of: JSON values, and UTF-8 bytes that become strings. */
export type Encodable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [member: string]: Encodable | undefined };

const ENCODER = new TextEncoder();
/** UTF-8 has no more bytes for a UTF-16 unit. */
const MAX_UNIT_BYTES = 3;

/** Compact JSON of a reply. Bytes are copied into it and nowhere else; members that are undefined are left out. */
export function encodeJson(value: Encodable): Uint8Array {
  const parts: (string | Uint8Array)[] = [];
  let pending = "";
  collect(value, (piece) => {
    if (typeof piece === "string") pending += piece;
    else {
      parts.push(pending, piece);
      pending = "";
    }
  });
  parts.push(pending);
  return joined(parts);
}

function collect(value: Encodable, emit: (piece: string | Uint8Array) => void): void {
  if (value instanceof Uint8Array) {
    emit('"');
    emit(value);
    emit('"');
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => {
      emit(i === 0 ? "[" : ",");
      collect(item, emit);
    });
    emit(value.length === 0 ? "[]" : "]");
  } else if (typeof value === "object" && value !== null) {
    let separator = "{";
    for (const [member, item] of Object.entries(value)) {
      if (item === undefined) continue;
      emit(`${separator}${JSON.stringify(member)}:`);
      collect(item, emit);
      separator = ",";
    }
    emit(separator === "{" ? "{}" : "}");
  } else emit(JSON.stringify(value));
}

/** @param parts JSON text, and bytes that stand in its strings. */
function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const roomFor = (part: string | Uint8Array) =>
    typeof part === "string" ? part.length * MAX_UNIT_BYTES : escapedLength(part);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + roomFor(part), 0));
  let at = 0;
  for (const part of parts) {
    at += typeof part === "string" ? ENCODER.encodeInto(part, all.subarray(at)).written : writeEscaped(part, all, at);
  }
  return all.subarray(0, at);
}

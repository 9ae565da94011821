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

/** Compact JSON of a reply. Bytes are copied into it and nowhere else; members that are undefined are left out. */
export function encodeJson(value: Encodable): Uint8Array {
  const parts: (Uint8Array | { readonly text: Uint8Array })[] = [];
  const encoder = new TextEncoder();
  let pending = "";
  const flush = () => {
    if (pending !== "") parts.push(encoder.encode(pending));
    pending = "";
  };
  collect(value, (piece) => {
    if (typeof piece === "string") pending += piece;
    else {
      flush();
      parts.push({ text: piece });
    }
  });
  flush();
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

function joined(parts: readonly (Uint8Array | { readonly text: Uint8Array })[]): Uint8Array {
  const sizeOf = (part: Uint8Array | { readonly text: Uint8Array }) =>
    part instanceof Uint8Array ? part.length : escapedLength(part.text);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + sizeOf(part), 0));
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      all.set(part, at);
      at += part.length;
    } else at += writeEscaped(part.text, all, at);
  }
  return all;
}

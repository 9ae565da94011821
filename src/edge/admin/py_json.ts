/**
 * JSON as Python's json.dumps writes it, byte for byte: `, ` and `: ` between, everything outside ASCII as `\uXXXX`.
 *
 * @param value Made of null, booleans, numbers, strings, arrays and plain objects; undefined members are left out.
 */
export function pyJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pyJson).join(", ")}]`;
  if (typeof value === "string") return asciiJson(value);
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${asciiJson(key)}: ${pyJson(member)}`).join(", ")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

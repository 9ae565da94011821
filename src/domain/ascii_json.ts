/** JSON text in ASCII, as Python's `json.dumps` writes it. @param json Valid JSON text. */
export function escapeNonAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

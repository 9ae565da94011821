/** Control characters as `\n`, `\x1b` and the like: in what others wrote they must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, escapeControl);
}

function escapeControl(char: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
  return short ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

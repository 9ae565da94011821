/** Pads to so many characters on the right; a longer text is not cut. */
export function left(value: string | number, width: number): string {
  return pad(String(value), width, (text, blanks) => text + blanks);
}

/** Pads on the left. */
export function right(value: string | number, width: number): string {
  return pad(String(value), width, (text, blanks) => blanks + text);
}

/** Counts code points, as Python's formatting does, not UTF-16 units. */
function pad(text: string, width: number, join: (text: string, blanks: string) => string): string {
  return join(text, " ".repeat(Math.max(0, width - [...text].length)));
}

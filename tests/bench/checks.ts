/** Says of each text whether what it states is what was wanted. */
export function printChecks(checks: Readonly<Record<string, boolean>>, print: (line: string) => void): void {
  for (const [text, isMet] of Object.entries(checks)) print(`${isMet ? "met" : "MISSED"}: ${text}`);
}

/** The parts of a `--scope` list, trimmed; empty ones are dropped (contract runevault.md 4.5). */
export function parseScopeList(text: string): string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

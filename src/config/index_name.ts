const MAX_LENGTH = 128;

/** What is wrong with the name of an index, in the original's words (contract runevault.md 1.5), or undefined. */
export function indexNameProblem(name: string): string | undefined {
  const length = [...name].length;
  if (length === 0) return "index_name: must not be empty";
  if (length > MAX_LENGTH) return `index_name: length ${length} exceeds maximum ${MAX_LENGTH}`;
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return undefined;
  return "index_name: must contain only alphanumeric characters, underscores, or hyphens";
}

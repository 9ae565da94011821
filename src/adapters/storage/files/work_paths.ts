/**
 * Names of what is being made beside the thing that it becomes: known in advance, so that a permission can be for them.
 *
 * @module
 */

/** A backup that is being written, until it is whole and verified. */
export function partialPathOf(backup: string): string {
  return `${backup}.partial`;
}

/** A consistent copy of the secrets' store, while a backup takes it. */
export function copyPathOf(database: string): string {
  return `${database}.copy`;
}

/** Where an install directory is restored before it gets its name, and the folder of those that it replaced. */
export function restorePathsOf(dir: string): { readonly work: string; readonly before: string } {
  return { work: `${dir}.restoring`, before: `${dir}.before` };
}

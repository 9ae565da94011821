/**
 * Names in request targets. A target is read as it was sent and decoded once; nothing folds `..` or `//`, so that no
 * two routes meet by way of a path that was "cleaned up".
 *
 * @module
 */

/** What stands after `prefix`, percent-decoded; undefined when the path is another's or its encoding is malformed. */
export function decodedAfter(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  try {
    return decodeURIComponent(path.slice(prefix.length)); // overlong UTF-8 and surrogates are refused here
  } catch {
    return undefined;
  }
}

/** Splits a text at its last `/`: `a/b/rotate` is `a/b` and `rotate`. Without one, all of it is the first part. */
export function splitLast(text: string): [head: string, tail: string | undefined] {
  const at = text.lastIndexOf("/");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Splits a text at its first `/`. */
export function splitFirst(text: string): [head: string, rest: string | undefined] {
  const at = text.indexOf("/");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Longer texts are no addresses, and would make the memory large. */
const MAX_LENGTH = 64;
const MAX_TEXTS = 1024;

/** A function of a text alone that knows its results of late: calls come from the same few addresses again and again. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known!;
    const result = compute(text);
    if (text.length > MAX_LENGTH) return result;
    if (results.size >= MAX_TEXTS) results.clear();
    results.set(text, result);
    return result;
  };
}

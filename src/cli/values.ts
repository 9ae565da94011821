/** The values of a command's flags, by flag. */
export class Values {
  readonly #values = new Map<string, string | number | true>();
  readonly #lists = new Map<string, string[]>();
  /** What is no flag, of a command that takes free words. */
  readonly words: string[] = [];

  set(flag: string, value: string | number | true): void {
    this.#values.set(flag, value);
  }

  /** Of a flag that may be given several times. */
  add(flag: string, value: string): void {
    this.#values.set(flag, value);
    this.#lists.set(flag, [...this.texts(flag), value]);
  }

  /** All values of a flag that may be given several times. */
  texts(flag: string): readonly string[] {
    return this.#lists.get(flag) ?? [];
  }

  /** Whether it was given, be it as an empty string or 0. */
  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  /** Undefined when not given. */
  text(flag: string): string | undefined {
    return this.#values.get(flag) as string | undefined;
  }

  /** Undefined when not given. */
  integer(flag: string): number | undefined {
    return this.#values.get(flag) as number | undefined;
  }

  /** Of a flag that the table marks as required. */
  required(flag: string): string {
    const value = this.text(flag);
    if (value === undefined) throw new Error(`${flag} is not marked as required in the command table`);
    return value;
  }
}

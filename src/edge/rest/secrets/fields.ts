import { JsonText, type JsonValue } from "./json/mod.ts";

/** One thing that is wrong with a request's fields, in the terms of FastAPI's validation errors; it quotes nothing. */
export interface Problem {
  readonly type: string;
  /** Where: `body` or `query`, then member names and positions. */
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, string | number>>;
}

/** The body is JSON, or the query text, but not what the route takes. */
export class FieldErrors extends Error {
  override readonly name = "FieldErrors";

  constructor(readonly problems: readonly [Problem, ...Problem[]]) {
    super(`${problems[0].loc.slice(1).join(".")}: ${problems[0].msg}`);
  }
}

const UNFIT = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  integer: { type: "int_type", msg: "Input should be a valid integer" },
  list: { type: "list_type", msg: "Input should be a valid list" },
} as const;

/**
 * The members of a request's JSON object. Each reader notes what is wrong and goes on, so that a caller learns of all at
 * once; `check()` throws. A member that is null is as good as absent, and others than those asked for are ignored.
 */
export class Fields {
  readonly #members: ReadonlyMap<string, JsonValue>;
  readonly #problems: Problem[] = [];

  /** @throws {FieldErrors} when the body is no object. */
  constructor(body: JsonValue) {
    if (!(body instanceof Map)) {
      const msg = "Input should be a valid dictionary or object to extract fields from";
      throw new FieldErrors([{ type: "model_attributes_type", loc: ["body"], msg }]);
    }
    this.#members = body;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** Empty when it is missing; check() throws then. */
  text(name: string): string {
    return this.bytes(name).toString();
  }

  optionalText(name: string): string | undefined {
    return this.optionalBytes(name)?.toString();
  }

  /** A text that stays bytes. */
  bytes(name: string): JsonText {
    if (!this.has(name)) this.#missing(name);
    return this.optionalBytes(name) ?? new JsonText(new Uint8Array());
  }

  /** As bytes(), and not empty. */
  nonEmptyBytes(name: string): JsonText {
    const text = this.bytes(name);
    if (text.bytes.length === 0 && this.#value(name) instanceof JsonText) {
      const msg = "String should have at least 1 character";
      this.add({ type: "string_too_short", loc: ["body", name], msg, ctx: { min_length: 1 } });
    }
    return text;
  }

  optionalBytes(name: string): JsonText | undefined {
    const value = this.#value(name);
    if (value === undefined || value instanceof JsonText) return value;
    this.note("string", name);
    return undefined;
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
    this.note("integer", name);
    return undefined;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#value(name);
    const choice = value instanceof JsonText ? choices.find((known) => known === value.toString()) : undefined;
    if (value === undefined) this.#missing(name);
    else if (choice === undefined) {
      const msg = `Input should be ${choices.map((known) => `'${known}'`).join(" or ")}`;
      this.add({ type: "enum", loc: ["body", name], msg });
    }
    return choice ?? choices[0];
  }

  texts(name: string): string[] {
    const value = this.#value(name);
    if (value === undefined) this.#missing(name);
    else if (!Array.isArray(value)) this.note("list", name);
    else {
      value.forEach((item, i) => {
        if (!(item instanceof JsonText)) this.add({ ...UNFIT.string, loc: ["body", name, i] });
      });
      return value.filter((item) => item instanceof JsonText).map(String);
    }
    return [];
  }

  note(wanted: keyof typeof UNFIT, name: string): void {
    this.add({ ...UNFIT[wanted], loc: ["body", name] });
  }

  add(problem: Problem): void {
    this.#problems.push(problem);
  }

  /** @throws {FieldErrors} what the readers noted, in their order. */
  check(): void {
    const [first, ...others] = this.#problems;
    if (first) throw new FieldErrors([first, ...others]);
  }

  #value(name: string): Exclude<JsonValue, null> | undefined {
    return this.#members.get(name) ?? undefined;
  }

  #missing(name: string): void {
    this.add({ type: "missing", loc: ["body", name], msg: "Field required" });
  }
}

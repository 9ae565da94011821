import assert from "node:assert/strict";
import { problemsOf } from "./json_schema.ts";
import type { Reply, SecretsClient } from "./secrets_client.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

interface Described {
  readonly template: string;
  readonly pattern: RegExp;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Holds replies against openapi.json: every one must have a documented status and a body of the documented schema. */
export class OpenApiCheck {
  /** `operationId status` of what was seen. */
  readonly seen = new Set<string>();
  readonly #paths: Described[];

  constructor(readonly document: { paths: Record<string, Record<string, Operation>> }) {
    this.#paths = Object.entries(document.paths).map(([template, operations]) => ({
      template,
      operations,
      pattern: new RegExp(`^${template.replaceAll("{project}", "[^/]+").replaceAll(/\{\w+\}/g, ".+")}$`, "s"),
    })).sort((a, b) => literals(b.template) - literals(a.template));
  }

  /** The document of a running vault; from now on the client's replies are held against it. */
  static async of(client: SecretsClient): Promise<OpenApiCheck> {
    const check = new OpenApiCheck((await client.get("/openapi.json")).body);
    client.onReply = (method, path, reply) => check.check(method, path, reply);
    return check;
  }

  /** `operationId status` of everything that the document promises. */
  get promised(): string[] {
    return this.#paths.flatMap(({ operations }) =>
      Object.values(operations).flatMap(({ operationId, responses }) =>
        Object.keys(responses).map((status) => `${operationId} ${status}`)
      )
    );
  }

  check(method: string, path: string, { status, headers, text, body }: Reply): void {
    const operation = this.#find(method.toLowerCase(), path);
    if (!operation) {
      assert.ok(status === 404 || status === 405, `${method} ${path} is not documented and answers ${status}`);
      return;
    }
    const { operationId, responses } = operation, response = responses[status];
    assert.ok(response, `${operationId} does not document ${status}: ${text}`);
    this.seen.add(`${operationId} ${status}`);
    const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
    if (!type) return assert.equal(text, "");
    assert.ok(headers["content-type"]?.includes(type), `${operationId} ${status} is no ${type}`);
    const value = type === "application/json" ? body : text;
    const problems = problemsOf(value, { ...content!.schema }, "body", this.document);
    assert.deepEqual(problems, [], `${operationId} ${status}: ${text}`);
  }

  #find(method: string, path: string): Operation | undefined {
    const decoded = decodable(path.split("?")[0]);
    return this.#paths.find(({ pattern, operations }) => pattern.test(decoded) && operations[method])
      ?.operations[method];
  }
}

function literals(template: string): number {
  return template.replaceAll(/\{\w+\}/g, "").length;
}

function decodable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

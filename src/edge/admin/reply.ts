import { pyJson } from "./py_json.ts";

/** What a route answers; `body` is made of JSON values alone. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A refusal that is the admin API's own: of the HTTP request, not of the change it asks for. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function toResponse({ status, body }: Reply): Response {
  return new Response(pyJson(body), { status, headers: { "content-type": "application/json" } });
}

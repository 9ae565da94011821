import { pyJson } from "./py_json.ts";

/** What a route answers; `body` is made of JSON values alone, or it is the bytes of JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Called once the answer has gone, or never will. */
  readonly onSent?: () => void;
}

/** A refusal that is the admin API's own: of the HTTP request, not of the change it asks for. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function toResponse({ status, body }: Reply): Response {
  const text = body instanceof Uint8Array ? body as Uint8Array<ArrayBuffer> : pyJson(body);
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

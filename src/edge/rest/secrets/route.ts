import type { HttpReply } from "../surface.ts";
import type { SecretsCall } from "./secrets_call.ts";

/** One operation of a surface. */
export interface Route {
  /** Upper case. */
  readonly method: string;
  /** As in openapi.json; also what metrics call it. */
  readonly template: string;
  /** In the audit log. */
  readonly operation: string;
  /** @param target What the path names, decoded; empty where it names nothing, or nothing that can be decoded. */
  readonly handle: (call: SecretsCall, target: string) => Promise<HttpReply>;
}

/** What a path leads to: the routes that differ by method alone, and what it names. */
export interface Match {
  readonly routes: readonly Route[];
  readonly target: string;
}

/** What is a surface's own: its paths, its routes and how it says no. */
export interface Dialect {
  owns(path: string): boolean;
  /** @param path Undecoded. @returns Undefined for a path of no route. */
  match(path: string, method: string): Match | undefined;
  /** The answer to a path without route, or without this method: `allowed` then names the others. */
  noRoute(allowed: readonly string[]): HttpReply;
  /** The answer to what a call threw. @param call Undefined when the caller was not let in. */
  failure(reason: unknown, call: SecretsCall | undefined, request: { hasCredentials: boolean }): HttpReply;
}

import type { Operation } from "./operation.ts";

/** What needs no token. */
export const OPEN_OPERATIONS: readonly Operation[] = [
  {
    id: "live",
    method: "get",
    path: "/healthz",
    summary: "Whether the process answers",
    surface: "open",
    answers: { 200: { text: "ok" } },
  },
  {
    id: "ready",
    method: "get",
    path: "/readyz",
    summary: "Whether the store can be read",
    surface: "open",
    answers: { 200: { text: "ready" }, 500: { schema: "Error" } },
  },
  {
    id: "describe",
    method: "get",
    path: "/openapi.json",
    summary: "This document",
    surface: "open",
    answers: { 200: { schema: "Document" } },
  },
];

import { AdminClientError, type AdminRequest, adminRequest } from "./admin_request.ts";

/**
 * One request to the daemon and the object that it answers.
 *
 * @throws {AdminClientError} with the text that the operator reads.
 */
export async function sendAdmin<Answer>(socketPath: string, request: AdminRequest): Promise<Answer> {
  const { status, text } = await adminRequest(socketPath, request);
  const answer = parseObject(text);
  if (status >= 400) throw new AdminClientError(typeof answer?.error === "string" ? answer.error : "Unknown error");
  if (answer === undefined) throw unexpectedAnswer(socketPath);
  return answer as Answer;
}

/** Something else than the daemon listens there. */
export function unexpectedAnswer(socketPath: string): AdminClientError {
  return new AdminClientError(`admin: unexpected answer (socket: ${socketPath})`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

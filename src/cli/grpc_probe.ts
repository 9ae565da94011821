import { type ClientHttp2Session, connect, constants } from "node:http2";
import { addressText, type Config, probeHost } from "#config/mod.ts";
import { messageOf } from "#errors/mod.ts";
import { PROBE_TIMEOUT_MS, type ProbeResult } from "./probe.ts";

type GrpcConfig = Config["server"]["grpc"];

/** grpc.health.v1.HealthCheckRequest { service: "" } is empty; a flag byte and a 4-byte length come before every message. */
const REQUEST = new Uint8Array(5);
const MAX_ANSWER_BYTES = 1024;

/**
 * Calls `grpc.health.v1.Health/Check` of `""` on HTTP/2 itself: the gRPC library takes half a second to load. SERVING is
 * ok. Never rejects.
 */
export async function probeGrpc({ host, port, tls }: GrpcConfig): Promise<ProbeResult> {
  const address = `${tls.disable ? "http" : "https"}://${addressText({ host: probeHost(host), port })}`;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let session: ClientHttp2Session | undefined;
  try {
    // Nothing secret is sent and the answer is believed no more than a port that is open, so no certificate is checked:
    // the server's names need not cover the address that it is probed at.
    session = connect(address, { rejectUnauthorized: false });
    const answer = check(session);
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT_MS / 1000} s`)), PROBE_TIMEOUT_MS);
    });
    return statusOf(await Promise.race([answer, tooLate]));
  } catch (reason) {
    // A refused connection shows up at the session and, wrapped, at its stream; whichever comes first.
    const cause = reason instanceof Error && reason.cause ? reason.cause : reason;
    return { ok: false, cause: messageOf(cause) };
  } finally {
    clearTimeout(timer);
    session?.destroy();
  }
}

function check(session: ClientHttp2Session): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/grpc.health.v1.Health/Check",
      [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [constants.HTTP2_HEADER_TE]: "trailers",
    });
    const chunks: Uint8Array[] = [];
    let length = 0;
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("the connection was closed"))); // without effect after an answer
    stream.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) reject(new Error("the answer is not a health status"));
      else chunks.push(chunk);
    });
    stream.on("end", () => resolve(new Uint8Array(chunks.flatMap((chunk) => [...chunk]))));
    stream.end(REQUEST);
  });
}

/** grpc.health.v1.HealthCheckResponse { status: 1 (SERVING) } is the field tag 0x08 and a 1. */
function statusOf(answer: Uint8Array): ProbeResult {
  const message = answer.subarray(5);
  if (message[0] === 0x08 && message[1] === 1) return { ok: true };
  return { ok: false, cause: message[0] === 0x08 && message[1] === 2 ? "NOT_SERVING" : "no health status" };
}

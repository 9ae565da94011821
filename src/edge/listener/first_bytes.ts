import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** How HTTP/2 begins (RFC 9113, section 3.4); no method of HTTP/1.1 does. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n");

export type Spoken = "http1" | "http2";

/** @returns Undefined while the bytes could still become either. */
export function protocolOf(bytes: Uint8Array): Spoken | undefined {
  const length = Math.min(bytes.length, PREFACE.length);
  if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) return "http1";
  return length === PREFACE.length ? "http2" : undefined;
}

/** Reads until the protocol is clear and puts the bytes back; not called when the connection ends before. */
export function listenForProtocol(socket: Socket, decided: (spoken: Spoken) => void): void {
  let start: Buffer = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    const spoken = protocolOf(start);
    if (spoken === undefined) return;
    socket.off("data", read);
    socket.pause();
    socket.unshift(start);
    decided(spoken);
    socket.resume(); // node:http takes a pause for its own
  };
  socket.on("data", read);
}

import type { TLSSocket } from "node:tls";

/** The parts of Deno's handles that are used here. */
interface ReadHandle {
  readStart(): number;
  readStop(): number;
}

/**
 * Makes a pause of the socket reach the kernel. A paused TLS socket of Deno (2.9.3) goes on to take, to decrypt and to
 * keep whatever its client sends: a stranger would fill our memory.
 */
export function pauseAtKernel(socket: TLSSocket): void {
  const { _handle: tls } = socket as unknown as {
    _handle: ReadHandle & { _nativeTcpHandle?: ReadHandle | null } | null;
  };
  if (!tls?._nativeTcpHandle) return;
  const start = tls.readStart.bind(tls), stop = tls.readStop.bind(tls);
  tls.readStart = () => {
    tls._nativeTcpHandle?.readStart(); // none once the socket is closed
    return start();
  };
  tls.readStop = () => {
    tls._nativeTcpHandle?.readStop();
    return stop();
  };
}

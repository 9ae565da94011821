/**
 * The caller's address as the audit log names it (contract runevault.md 6.3).
 *
 * @param peer As grpc-js tells it: `<address>:<port>`, an address alone, or `unknown`.
 */
export function sourceIp(peer: string): string {
  if (peer === "unknown" || peer === "" || peer.startsWith("unix:")) return peer || "unknown";
  const colon = peer.lastIndexOf(":");
  const address = colon < 0 ? peer : peer.slice(0, colon);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]; // an IPv4 caller of a dual-stack listener
  return address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
}

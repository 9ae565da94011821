import { isIP } from "node:net";

/** An address as `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

/** The address to listen on. Names are not looked up: permissions are for addresses, and given before anything runs. */
export function listenHost(host: string): string {
  if (host === "") return "0.0.0.0";
  return host === "localhost" ? "127.0.0.1" : host;
}

export function isListenHost(host: string): boolean {
  return isIP(listenHost(host).replace(/^\[(.*)\]$/, "$1")) !== 0;
}

/** Where a listener on that host can be reached from its own machine. */
export function probeHost(host: string): string {
  const address = listenHost(host);
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" || address === "[::]" ? "::1" : address;
}

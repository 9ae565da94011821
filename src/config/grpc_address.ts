/** An address as `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

/** Where a listener on that host can be reached from its own machine. */
export function probeHost(host: string): string {
  if (host === "" || host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

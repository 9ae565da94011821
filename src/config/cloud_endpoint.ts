import { isIP } from "node:net";
import type { Config } from "./config.ts";

const HTTPS_PORT = 443;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Where the cluster is: a name or an address, in lower case and without brackets, and its port. */
export interface CloudEndpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host`, `host:port`, `https://host` or `https://host:port`, an IPv6 address in brackets; without a port it is 443.
 *
 * @returns Undefined for anything else.
 */
export function parseCloudEndpoint(text: string): CloudEndpoint | undefined {
  const parts = /^(?:https:\/\/)?(?:\[([^\]]+)\]|([^:\[\]]+))(?::([1-9]\d{0,4}))?$/i.exec(text);
  if (!parts) return undefined;
  const [, bracketed, plain, digits] = parts, port = digits === undefined ? HTTPS_PORT : Number(digits);
  const isHost = bracketed === undefined ? isIP(plain) === 4 || isName(plain) : isIP(bracketed) === 6;
  return isHost && port <= 65535 && !text.includes("%")
    ? { host: (bracketed ?? plain).toLowerCase(), port }
    : undefined;
}

/** Where the daemon connects to; undefined when endpoint or API key is not configured, or the endpoint is no address. */
export function cloudEndpointOf({ envector: { endpoint, hasApiKey } }: Config): CloudEndpoint | undefined {
  return endpoint !== "" && hasApiKey ? parseCloudEndpoint(endpoint) : undefined;
}

/** What looks like an address but is none, e.g. 10.0.0.256, is no name either. */
function isName(text: string): boolean {
  const labels = text.split(".");
  return text.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!);
}

import assert from "node:assert/strict";
import { cloudEndpointOf, parseCloudEndpoint } from "./cloud_endpoint.ts";
import { loadConfig } from "./load_config.ts";
import { MINIMAL, TempDir } from "./testing.ts";
import { validateForStart } from "./validate.ts";

for (
  const { text, want } of [
    { text: "cluster-id.clusters.envector.io", want: ["cluster-id.clusters.envector.io", 443] },
    { text: "host:8443", want: ["host", 8443] },
    { text: "https://host", want: ["host", 443] },
    { text: "HTTPS://Host:65535", want: ["host", 65535] },
    { text: "10.0.0.7", want: ["10.0.0.7", 443] },
    { text: "10.0.0.7:1", want: ["10.0.0.7", 1] },
    { text: "[::1]", want: ["::1", 443] },
    { text: "https://[2001:db8::7]:9", want: ["2001:db8::7", 9] },
    { text: "with_underscore.example", want: ["with_underscore.example", 443] },
  ]
) {
  Deno.test(`parseCloudEndpoint() reads ${text}`, () => {
    const { host, port } = parseCloudEndpoint(text)!;
    assert.deepEqual([host, port], want);
  });
}

for (
  const text of [
    "",
    "https://",
    "http://host",
    "grpc://host",
    "dns:host",
    "unix:/run/x",
    "https://host/",
    "host/path",
    "host?x",
    "user@host",
    "user:secret@host",
    "host:",
    "host:0",
    "host:080",
    "host:65536",
    "host:99999999",
    "host:1:2",
    "ho st",
    " host",
    "host\n",
    "-host",
    "host-",
    "a..b",
    "host.",
    "10.0.0.256",
    "10.0.0",
    "1234",
    "::1",
    "[::1",
    "[host]",
    "[10.0.0.7]",
    "[fe80::1%eth0]",
    "a,b",
    "*",
    "*.example",
    "hóst",
    "x".repeat(64),
    `${"a.".repeat(127)}a`,
  ]
) {
  Deno.test(`parseCloudEndpoint() refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.equal(parseCloudEndpoint(text), undefined);
  });
}

for (
  const { name, envector, isConnected } of [
    { name: "no key", envector: "{endpoint: host}", isConnected: false },
    { name: "an empty key", envector: '{endpoint: host, api_key: ""}', isConnected: false },
    { name: "no endpoint", envector: "{api_key: k}", isConnected: false },
    { name: "both", envector: "{endpoint: host, api_key: k}", isConnected: true },
    { name: "a key file", envector: "{endpoint: host, api_key_file: key}", isConnected: true },
  ]
) {
  Deno.test(`cloudEndpointOf() of ${name}, with and without the secrets read`, async () => {
    using dir = new TempDir();
    dir.write("key", "k\n");
    const path = dir.write("runevault.conf", `${MINIMAL}envector: ${envector}\n`);
    for (const secrets of [true, false]) {
      const { config } = await loadConfig({ path, secrets });
      assert.deepEqual(cloudEndpointOf(config), isConnected ? { host: "host", port: 443 } : undefined);
    }
  });
}

Deno.test("cloudEndpointOf() knows that a key file is empty once the secrets are read", async () => {
  using dir = new TempDir();
  dir.write("key", "\n");
  const path = dir.write("runevault.conf", `${MINIMAL}envector: {endpoint: host, api_key_file: key}\n`);
  assert.notEqual(cloudEndpointOf((await loadConfig({ path, secrets: false })).config), undefined);
  assert.equal(cloudEndpointOf((await loadConfig({ path })).config), undefined);
});

Deno.test("validateForStart() names a bad endpoint and a bad API key and quotes neither", async () => {
  using dir = new TempDir();
  const envector = 'envector: {endpoint: "https://s3cret@host", api_key: "s3cret\\nkey"}\n';
  const { config } = await loadConfig({ path: dir.write("runevault.conf", MINIMAL + envector) });
  assert.throws(() => validateForStart(config), {
    message: "config invalid:\n" +
      "  - envector.endpoint must be host, host:port, https://host or https://host:port (IPv6 in brackets)\n" +
      "  - envector.api_key must be printable ASCII without blanks",
  });
});

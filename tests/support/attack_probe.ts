/**
 * Preloaded into the daemon by seal_test.ts: what an attacker would try who runs code inside the vault. Waits until the
 * daemon is sealed, tries, and prints what came of it as one line of JSON. It is no part of anything that is shipped.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const config = Deno.args[Deno.args.indexOf("--config") + 1];
const install = config.replace("/configs/runevault.conf", "");
const secretKey = `${install}/vault-keys/vault-key/SecKey.json`;
const library = /library: ([^ }]+)/.exec(Deno.readTextFileSync(config))![1];
const port = Number(/port: (\d+)/.exec(Deno.readTextFileSync(config))![1]);

const ATTACKS: Readonly<Record<string, () => unknown>> = {
  "connect to the vault's own port": () => Deno.connect({ hostname: "127.0.0.1", port }),
  "connect to another host": () => Deno.connect({ hostname: "192.0.2.1", port: 443 }),
  "connect by node:net": () =>
    new Promise((resolve, reject) => connect(port, "127.0.0.1").on("connect", resolve).on("error", reject)),
  "connect to the admin socket": () => Deno.connect({ transport: "unix", path: `${install}/admin.sock` }),
  "fetch": () => fetch(`https://127.0.0.1:${port}/`),
  "look up a name": () => Deno.resolveDns("example.com", "A"),
  "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  "read the configuration": () => Deno.readTextFile(config),
  "read the configuration by node:fs": () => readFileSync(config),
  "read the secret key": () => Deno.readFile(secretKey),
  "read the CA's key": () => Deno.readFile(`${install}/certs/ca.key`),
  "read the passwd file": () => Deno.readFile("/etc/passwd"),
  "read its own memory": () => Deno.open("/proc/self/mem"),
  "list the keys": () => [...Deno.readDirSync(`${install}/vault-keys/vault-key`)],
  "open the library again": () => Deno.dlopen(library, {}),
  "open libc": () => Deno.dlopen("libc.so.6", {}),
  "spawn": () => new Deno.Command("true").outputSync(),
  "spawn by node:child_process": () => execFileSync("true"),
  "read the environment": () => Deno.env.get("HOME"),
  "read all of the environment": () => {
    const variables = Object.keys(Deno.env.toObject()); // those that are permitted: none
    if (variables.length === 0) throw new Deno.errors.NotCapable();
  },
  "write outside": () => Deno.writeTextFile("/tmp/runevault-attack", "x"),
  "write the configuration": () => Deno.writeTextFile(config, "x", { append: true }),
  "write beside the keys": () => Deno.writeTextFile(`${install}/vault-keys/x`, "x"),
  "replace the TLS key": () => Deno.writeTextFile(`${install}/certs/server.key`, "x"),
  "replace the library": () => Deno.writeTextFile(library, "x"),
  "import from the network": () => import(String(`https://127.0.0.1:${port}/x.js`)),
  "ask for it all back": async () => {
    for (const name of ["net", "read", "write", "ffi", "run", "env", "sys", "import"] as const) {
      const { state } = await Deno.permissions.request({ name });
      if (state === "granted") return;
    }
    throw new Deno.errors.NotCapable();
  },
  "read the configuration in a worker": () => inWorker(`Deno.readTextFileSync(${JSON.stringify(config)})`),
  "open the library in a worker": () => inWorker(`Deno.dlopen(${JSON.stringify(library)}, {})`),
};

function inWorker(attack: string): Promise<void> {
  const code = `try { ${attack}; postMessage("succeeded"); } catch (reason) { postMessage(reason.name); }`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => data === "NotCapable" ? reject(new Deno.errors.NotCapable()) : resolve();
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}

const timer = setInterval(async () => {
  if (Deno.permissions.querySync({ name: "ffi", path: library }).state === "granted") return;
  clearInterval(timer);
  const outcomes: Record<string, string> = {};
  for (const [name, attack] of Object.entries(ATTACKS)) {
    try {
      await attack();
      outcomes[name] = "succeeded";
    } catch (reason) {
      const isRefusal = reason instanceof Deno.errors.NotCapable ||
        /^Requires \w+ access/.test((reason as Error).message);
      outcomes[name] = isRefusal ? "refused" : String(reason);
    }
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(outcomes)}\n`));
}, 20);
Deno.unrefTimer(timer);

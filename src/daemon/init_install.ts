import { join } from "node:path";
import { EnvectorLibrary } from "#adapters/native/mod.ts";
import { FileStateStore, writeFileAtomic } from "#adapters/storage/files/mod.ts";
import { KeyFiles } from "#adapters/storage/keys/mod.ts";
import { KeyBundle } from "#domain/fhe/mod.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { createCertificates } from "./certificates.ts";
import { installLibrary } from "./install_library.ts";
import { exists } from "./exists.ts";

/** Embedding dimension of a new install's keys. */
const DIM = 1024;

type Print = (line: string) => void;

/**
 * Makes an install directory in which the daemon can start: config, certificates, library, keys, roles, no tokens.
 * What is there already stays as it is.
 *
 * @param options.dir Absolute path; made with mode 0700 when missing.
 */
export async function initInstall({ dir, print }: { dir: string; print: Print }): Promise<void> {
  for (const folder of ["", "configs", "certs", "lib", "logs"]) {
    await Deno.mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
  }
  const config = join(dir, "configs", "runevault.conf");
  await keepOr(config, print, () => writeFileAtomic(config, configText()));
  const library = join(dir, "lib", "libenvector.so");
  await keepOr(library, print, () => installLibrary(library));
  await initCertificates(join(dir, "certs"), print);
  await initState(join(dir, "configs"), print);
  const keys = new KeyFiles(join(dir, "vault-keys"));
  const bundle = new KeyBundle({ store: keys, library: new EnvectorLibrary(library), clock: systemClock });
  const hadKeys = (await keys.list()).length > 0;
  await bundle.ensure(DIM, print);
  if (hadKeys) print(`kept     ${keys.directory}`);
  nextSteps(dir, config).forEach(print);
}

async function keepOr(path: string, print: Print, make: () => Promise<void>): Promise<void> {
  if (await exists(path)) return print(`kept     ${path}`);
  await make();
  print(`created  ${path}`);
}

/** All four or none: a certificate of an old CA beside a new CA would only confuse clients. */
async function initCertificates(folder: string, print: Print): Promise<void> {
  const names = ["ca.pem", "ca.key", "server.pem", "server.key"] as const;
  const present = await Promise.all(names.map((name) => exists(join(folder, name))));
  if (present.includes(true)) return print(`kept     ${folder}`);
  print("generating a CA (RSA 4096) and a server certificate ...");
  const files = await createCertificates(systemClock.now());
  for (const name of names) {
    await writeFileAtomic(join(folder, name), files[name], name.endsWith(".pem") ? 0o644 : 0o600);
  }
  print(`created  ${folder}`);
}

async function initState(folder: string, print: Print): Promise<void> {
  const rolesFile = join(folder, "roles.yml"), tokensFile = join(folder, "tokens.yml");
  if (await exists(rolesFile) || await exists(tokensFile)) return print(`kept     ${rolesFile}, ${tokensFile}`);
  const store = new FileStateStore({ rolesFile, tokensFile });
  const service = await TokenService.open({ store, clock: systemClock, log: (_level, message) => print(message) });
  await service.flush();
  print(`created  ${rolesFile}, ${tokensFile}`);
}

function configText(): string {
  const teamSecret = crypto.getRandomValues(new Uint8Array(32)).toHex();
  return `# runevault.conf: relative paths start at the install directory (the parent of configs/).
# Every key is explained in runevault.conf.example.
server:
  grpc:
    host: 0.0.0.0
    port: 50051
    tls:
      cert: certs/server.pem
      key: certs/server.key
keys:
  path: vault-keys
  embedding_dim: ${DIM}
  # index_name: my-team
# envector:
#   endpoint: cluster-id.clusters.envector.io
#   api_key_file: configs/api_key
tokens:
  # Every agent's metadata key comes from this: keep a copy in a safe place, it cannot be regenerated.
  team_secret: ${teamSecret}
  roles_file: configs/roles.yml
  tokens_file: configs/tokens.yml
audit:
  mode: file
  path: logs/audit.log
`;
}

function nextSteps(dir: string, config: string): string[] {
  return [
    "",
    "Next:",
    `  1. Save copies of ${
      join(dir, "vault-keys")
    } and of tokens.team_secret in ${config}: neither can be regenerated.`,
    `  2. Start the vault:     deno task runevault --config ${config} daemon start`,
    `  3. Issue a token:       deno task runevault --config ${config} token issue --user alice --role member --expires 90d`,
    `  4. Give clients the token and ${join(dir, "certs", "ca.pem")}.`,
  ];
}

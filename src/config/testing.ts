/** Temporary configurations for tests; this file is part of no program. */

/** A directory that removes itself, with the files given by relative path. */
export class TempDir implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "runevault-" });

  /** Writes a file with a mode, default 0600, making its directory; returns its absolute path. */
  write(name: string, text: string, mode = 0o600): string {
    const path = this.join(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
    Deno.chmodSync(path, mode); // writeTextFile's own mode is subject to the umask
    return path;
  }

  join(name: string): string {
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** The least that starts. */
export const MINIMAL = `
server: {grpc: {tls: {disable: true}}}
keys: {path: vault-keys, embedding_dim: 1024}
tokens: {team_secret: inline-secret, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}
`;

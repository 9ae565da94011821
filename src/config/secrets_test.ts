import assert from "node:assert/strict";
import { loadConfig } from "./load_config.ts";
import { redact, redactRaw } from "./redact.ts";
import { TempDir } from "./testing.ts";

const BOTH = `
envector: {api_key: inline-key, api_key_file: secrets/api_key}
tokens: {team_secret: inline-secret, team_secret_file: secrets/team}
`;

for (
  const { name, content, want } of [
    { name: "drops trailing newlines", content: "s3cret\n\n", want: "s3cret" },
    { name: "drops trailing CRLF", content: "s3cret\r\n", want: "s3cret" },
    { name: "keeps blanks and inner newlines", content: " s3\ncret \n", want: " s3\ncret " },
    { name: "takes an empty file as an empty secret", content: "\n", want: "" },
  ]
) {
  Deno.test(`a secret file ${name} and wins over the inline value`, async () => {
    using dir = new TempDir();
    dir.write("secrets/api_key", content);
    dir.write("secrets/team", "team");
    const { config } = await loadConfig({ path: dir.write("configs/runevault.conf", BOTH) });
    assert.equal(config.envector.apiKey, want);
    assert.equal(config.tokens.teamSecret, "team");
  });
}

Deno.test("loadConfig({ secrets: false }) opens no secret file and holds no secret", async () => {
  using dir = new TempDir();
  const { config } = await loadConfig({ path: dir.write("runevault.conf", BOTH), secrets: false });
  assert.equal(config.envector.apiKey + config.tokens.teamSecret, "");
});

for (
  const { mode, warns } of [
    { mode: 0o600, warns: false },
    { mode: 0o400, warns: false },
    { mode: 0o640, warns: true },
    { mode: 0o644, warns: true },
    { mode: 0o700, warns: true },
  ]
) {
  const octal = mode.toString(8).padStart(4, "0");
  Deno.test(`secret files of mode ${octal} ${warns ? "warn and are used" : "are fine"}`, async () => {
    using dir = new TempDir();
    const key = dir.write("secrets/api_key", "k", mode);
    const team = dir.write("secrets/team", "t", mode);
    const path = dir.write("runevault.conf", BOTH, mode);
    const { config } = await loadConfig({ path });
    assert.equal(config.tokens.teamSecret, "t");
    const want = [`runevault.conf ${path}`, `envector.api_key_file ${key}`, `tokens.team_secret_file ${team}`]
      .map((subject) => `config: secret file mode is too permissive: ${subject} mode ${octal}, expected 0600`);
    assert.deepEqual(config.warnings, warns ? want : []);
  });
}

Deno.test("redact() hides secrets that are set, shows that others are empty and leaves the original alone", async () => {
  using dir = new TempDir();
  dir.write("secrets/team", "");
  dir.write("secrets/api_key", "k");
  const { config, raw } = await loadConfig({ path: dir.write("runevault.conf", BOTH) });
  assert.equal(redact(config).envector.apiKey, "[REDACTED]");
  assert.equal(redact(config).tokens.teamSecret, "");
  assert.equal(config.envector.apiKey, "k");
  assert.deepEqual(redactRaw(raw), {
    "envector.api_key": "[REDACTED]",
    "envector.api_key_file": "[REDACTED]",
    "tokens.team_secret": "[REDACTED]",
    "tokens.team_secret_file": "[REDACTED]",
  });
  assert.equal(raw["envector.api_key"], "inline-key");
  assert.deepEqual(redactRaw({}), {});
});

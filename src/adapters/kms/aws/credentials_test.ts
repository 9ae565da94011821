import assert from "node:assert/strict";
import { openCredentials } from "./mod.ts";

const KEYS = { accessKeyId: "AKIA1", secretAccessKey: "canary-secret" };

/** A metadata service that answers as told; disposing of it stops it. */
function metadata(handle: (request: Request) => Response) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function fromFile(text: string, profile?: string) {
  const file = await Deno.makeTempFile({ prefix: "rv-aws-" });
  try {
    await Deno.writeTextFile(file, text);
    return await openCredentials({ source: "file", env: () => undefined, file, profile })();
  } finally {
    await Deno.remove(file);
  }
}

for (
  const { name, env, want } of [
    {
      name: "a key",
      env: { AWS_ACCESS_KEY_ID: "AKIA1", AWS_SECRET_ACCESS_KEY: "canary-secret" },
      want: KEYS,
    },
    {
      name: "a session",
      env: { AWS_ACCESS_KEY_ID: "AKIA1", AWS_SECRET_ACCESS_KEY: "canary-secret", AWS_SESSION_TOKEN: "session" },
      want: { ...KEYS, sessionToken: "session" },
    },
  ] as { name: string; env: Record<string, string>; want: object }[]
) {
  Deno.test(`openCredentials() reads ${name} from the environment once, at the start`, async () => {
    const asked: string[] = [];
    const credentials = openCredentials({ source: "environment", env: (name) => (asked.push(name), env[name]) });
    const before = asked.length;
    assert.deepEqual(await credentials(), want);
    assert.deepEqual(await credentials(), want);
    assert.equal(asked.length, before);
  });
}

for (
  const env of [{}, { AWS_ACCESS_KEY_ID: "AKIA1" }, { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "canary-secret" }]
) {
  Deno.test(`openCredentials() refuses an environment with ${Object.keys(env).join(" and ") || "nothing"}`, () => {
    const read = (name: string) => (env as Record<string, string>)[name];
    assert.throws(() => openCredentials({ source: "environment", env: read }), {
      code: "INVALID_ARGUMENT",
      message: /^no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, /,
    });
  });
}

Deno.test("openCredentials() reads one profile of a shared file, to be read again later", async () => {
  const text = "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = canary-secret\n" +
    "[ other ]\r\nAWS_ACCESS_KEY_ID=AKIA2\r\n# aws_secret_access_key = x\r\naws_secret_access_key = a=b\r\n" +
    "aws_session_token = session\r\n";
  const before = Date.now(), { expiration, ...first } = await fromFile(text);
  assert.deepEqual(first, KEYS);
  assert.ok(expiration!.getTime() > before);
  const { accessKeyId, secretAccessKey, sessionToken } = await fromFile(text, "other");
  assert.deepEqual([accessKeyId, secretAccessKey, sessionToken], ["AKIA2", "a=b", "session"]);
});

for (
  const text of [
    "",
    "[other]\naws_access_key_id=a\naws_secret_access_key=canary-secret",
    "[default]\naws_access_key_id=a",
  ]
) {
  Deno.test(`openCredentials() refuses a shared file without the profile's keys: ${JSON.stringify(text)}`, async () => {
    await assert.rejects(fromFile(text), (reason: Error) => {
      assert.match(reason.message, /^no AWS credentials of profile 'default' in /);
      return !reason.message.includes("canary");
    });
  });
}

for (
  const { name, handle } of [
    { name: "knows no role", handle: () => new Response("", { status: 404 }) },
    { name: "answers what is no JSON", handle: () => new Response("canary-secret") },
    {
      name: "leaves out the secret",
      handle: () => Response.json({ AccessKeyId: "a", Token: "t", Expiration: "2030-01-01" }),
    },
    {
      name: "gives no date",
      handle: () =>
        Response.json({ AccessKeyId: "a", SecretAccessKey: "canary-secret", Token: "t", Expiration: "soon" }),
    },
    { name: "sends elsewhere", handle: () => Response.redirect("http://127.0.0.2/", 302) },
  ]
) {
  Deno.test(`openCredentials() refuses a metadata service that ${name}, quoting none of it`, async () => {
    await using service = metadata(handle);
    for (const source of ["instance", "container"] as const) {
      const credentials = openCredentials({ source, env: () => "/role", metadataUrl: service.url });
      await assert.rejects(credentials(), (reason: Error) => !Deno.inspect(reason).includes("canary"));
    }
  });
}

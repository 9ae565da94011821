import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { readRows } from "./read_rows.ts";

const COLUMNS = ["user", "role", "expires"];
const read = async (name: string, text: string) => {
  using dir = new TempDir();
  return (await readRows(dir.write(name, text), COLUMNS)).map(({ line, values }) => [line, Object.fromEntries(values)]);
};

for (
  const { name, file = "l.csv", text, want } of [
    {
      name: "plain CSV, in any order of columns and with blanks around",
      text: "role,user\nmember, alice \n,bob\n",
      want: [[2, { role: "member", user: "alice" }], [3, { user: "bob" }]],
    },
    {
      name: "CSV with CRLF, a byte order mark, empty lines and no newline at the end",
      text: "\ufeffuser,expires\r\n\r\nalice,90d\r\nbob,",
      want: [[3, { user: "alice", expires: "90d" }], [4, { user: "bob" }]],
    },
    {
      name: "CSV with quotation marks around commas, newlines and themselves",
      text: 'user,role\n"a,b","x\ny"\n"say ""hi""",z\n',
      want: [[2, { user: "a,b", role: "x\ny" }], [4, { user: 'say "hi"', role: "z" }]],
    },
    { name: "one column", text: "user\nalice\n", want: [[2, { user: "alice" }]] },
    {
      name: "YAML, every scalar as it is written",
      file: "l.yml",
      text: "- {user: 007, role: yes}\n- user: alice\n  expires:\n  role: ~\n",
      want: [[1, { user: "007", role: "yes" }], [2, { user: "alice" }]],
    },
  ]
) {
  Deno.test(`readRows() reads ${name}`, async () => assert.deepEqual(await read(file, text), want));
}

const CANARY = "canary-91d0";
for (
  const { name, file = "l.csv", text, want } of [
    { name: "an empty file", text: "", want: /line 1: expected the header user,role,expires/ },
    { name: "a header alone", text: "user,role\n", want: /lists nobody/ },
    { name: "an unknown column", text: `user,${CANARY}\na,b\n`, want: /line 1: column 2 of the header is not one of/ },
    { name: "a column twice", text: "user,user\na,b\n", want: /column 2 of the header/ },
    { name: "no header", text: `${CANARY},member\n`, want: /column 1 of the header/ },
    { name: "a field too few", text: `user,role\na,b\n${CANARY}\n`, want: /line 3: 1 fields, the header has 2/ },
    { name: "a quotation mark that never ends", text: `user,role\n"${CANARY},b\n`, want: /line 2: a quotation mark/ },
    { name: "something behind a quoted field", text: `user\n"a"${CANARY}\n`, want: /line 2: a quotation mark/ },
    { name: "too many entries", text: `user\n${"a\n".repeat(10_001)}`, want: /more than 10000 entries/ },
    { name: "too large a file", text: "x".repeat(1024 * 1024 + 1), want: /more than 1048576 bytes/ },
    { name: "another kind of file", file: "l.txt", text: "user\na\n", want: /must end in \.csv, \.yml or \.yaml/ },
    { name: "YAML that is no list", file: "l.yml", text: `user: ${CANARY}\n`, want: /line 1: must be a list/ },
    { name: "an unknown key", file: "l.yaml", text: `- user: a\n  ${CANARY}: b\n`, want: /line 2: .*expected one of/ },
    { name: "a key twice", file: "l.yml", text: "- {user: a, user: b}\n", want: /user is there twice/ },
    { name: "a value that is a list", file: "l.yml", text: "- user: [a]\n", want: /must be a string/ },
    {
      name: "aliases that multiply",
      file: "l.yml",
      text: `- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a]\n- user: *b\n`,
      want: /line 1: .*must be a mapping/,
    },
    { name: "deep YAML", file: "l.yml", text: "[".repeat(100_000), want: /line 1: / },
    { name: "broken YAML", file: "l.yml", text: `- {user: ${CANARY}\n`, want: /not valid YAML/ },
  ]
) {
  Deno.test(`readRows() refuses ${name} and quotes nothing`, async () => {
    await assert.rejects(read(file, text), (reason: Error) => {
      assert.match(reason.message, want);
      assert.ok(!reason.message.includes(CANARY), reason.message);
      return true;
    });
  });
}

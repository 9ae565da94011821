import { messageOf } from "#errors/mod.ts";
import type { Lined, PermissionEntry, PolicyEntry, PolicyFile, PolicySource, RoleEntry } from "#ports/policy_source.ts";
import { parseYaml, type YamlNode } from "./yaml_file.ts";

/** Deep nesting costs the parser seconds a megabyte, and the daemon waits. */
const MAX_BYTES = 256 * 1024;
/** Of policies, roles, and of the permissions, actions, resources or policies of one. */
const MAX_ITEMS = 1000;
const MAX_TEXT = 1024;
/** Of all resources in the file: each becomes tables of a few kilobytes. */
const MAX_RESOURCES = 10_000;

/** policies.yml (decisions.md section 3), read anew with each load. */
export class PoliciesFile implements PolicySource {
  readonly label: string;

  constructor(readonly path: string) {
    this.label = `policies file ${path}`;
  }

  async load(): Promise<PolicyFile | undefined> {
    const text = await this.#read();
    return text === undefined ? undefined : parsePolicies(text, this.path);
  }

  async #read(): Promise<string | undefined> {
    try {
      using file = await Deno.open(this.path);
      return await textOf(file);
    } catch (reason) {
      if (reason instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`read ${this.label}: ${messageOf(reason)}`);
    }
  }
}

/**
 * Reads the text of a policies.yml: mappings and lists are checked, also for unknown fields, and what the words mean is
 * not.
 *
 * @throws {Error} naming file, line and field; nothing of the content is quoted.
 */
export function parsePolicies(text: string, path: string): PolicyFile {
  const root = parseYaml(text, `policies file ${path}`);
  if (!root) return { policies: [], roles: [] };
  const { policies, roles } = fieldsOf(root, ["policies", "roles"]);
  const file = { policies: itemsOf(policies).map(policyOf), roles: pairsOf(roles).map(roleOf) };
  const resources = file.policies.flatMap(({ permissions }) => permissions.flatMap((one) => one.resources));
  if (resources.length > MAX_RESOURCES) throw root.fail(`has more than ${MAX_RESOURCES} resources`);
  return file;
}

/** At most MAX_BYTES, so that a device or a wrong path cannot fill the memory. */
async function textOf(file: Deno.FsFile): Promise<string> {
  const bytes = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length <= MAX_BYTES) {
    const n = await file.read(bytes.subarray(length));
    if (n === null) break;
    length += n;
  }
  if (length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw new TypeError("not valid UTF-8");
  }
}

function policyOf(node: YamlNode): PolicyEntry {
  const { name, description, permissions } = fieldsOf(node, ["name", "description", "permissions"]);
  return {
    name: linedOf(required(node, "name", name)),
    description: description && !description.isNull ? boundedText(description, MAX_TEXT * 4) : "",
    permissions: itemsOf(permissions).map(permissionOf),
  };
}

function permissionOf(node: YamlNode): PermissionEntry {
  const { effect, actions, resources } = fieldsOf(node, ["effect", "actions", "resources"]);
  const list = (field: string, given: YamlNode | undefined) => {
    const items = itemsOf(required(node, field, given));
    // A deny of nothing would be a hole that nobody sees.
    if (items.length === 0) throw given!.fail("must not be empty");
    return items.map(linedOf);
  };
  return {
    line: node.line,
    effect: linedOf(required(node, "effect", effect)),
    actions: list("actions", actions),
    resources: list("resources", resources),
  };
}

function roleOf([role, policies]: [YamlNode, YamlNode]): RoleEntry {
  return { role: linedOf(role), policies: itemsOf(policies).map(linedOf) };
}

function linedOf(node: YamlNode): Lined {
  const text = boundedText(node, MAX_TEXT);
  if (text === "") throw node.fail("must not be empty");
  return { text, line: node.line };
}

function boundedText(node: YamlNode, most: number): string {
  const text = node.text();
  if (text.length > most) throw node.fail(`is longer than ${most} characters`);
  return text;
}

function required(parent: YamlNode, field: string, node: YamlNode | undefined): YamlNode {
  if (!node || node.isNull) throw parent.fail(`${field} is missing`);
  return node;
}

/** What a mapping has, and no other fields: a misspelt `effect` must not go unnoticed. */
function fieldsOf<F extends string>(node: YamlNode, names: readonly F[]): { readonly [Field in F]?: YamlNode } {
  const fields = node.fields(names, { only: true });
  return Object.fromEntries(fields) as { [Field in F]?: YamlNode };
}

/** An absent or null list has nothing in it. */
function itemsOf(node: YamlNode | undefined): YamlNode[] {
  return bounded(node, node && !node.isNull ? node.items() : []);
}

function pairsOf(node: YamlNode | undefined): [YamlNode, YamlNode][] {
  return bounded(node, node && !node.isNull ? node.pairs() : []);
}

function bounded<T>(node: YamlNode | undefined, items: T[]): T[] {
  if (items.length > MAX_ITEMS) throw node!.fail(`has more than ${MAX_ITEMS} items`);
  return items;
}

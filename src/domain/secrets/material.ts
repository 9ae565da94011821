import type { RandomBytes } from "#ports/random.ts";
import { generatedValue } from "./generated_value.ts";
import type { OpenedMaterial } from "./opened_secret.ts";
import type { Material } from "./requests.ts";
import { isUserPass } from "./validate.ts";

/** The first value of a secret: a copy of what was given, with what was not given generated. */
export function firstMaterial(given: Material, random: RandomBytes): OpenedMaterial {
  const { value, username, password } = given;
  if (!isUserPass(given)) return { format: "opaque", value: value?.slice() ?? generatedValue(random) };
  return { format: "userpass", username: username!.slice(), password: password?.slice() ?? generatedValue(random) };
}

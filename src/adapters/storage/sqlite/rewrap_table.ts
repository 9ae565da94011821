import type { RewrapState } from "#ports/secret_store.ts";
import type { Database } from "./database.ts";
import { checkedFields, columnsOf, insertInto, type Table, withChecksum } from "./record.ts";
import { numberOrNull } from "./secret_table.ts";

export const REWRAP: Table = {
  name: "rewrap_state",
  columns: ["id", "last_completed_rotation_at", "last_swept_at", "updated_at"],
};

/** One row at most. Commands run in the writer's transaction. */
export class RewrapTable {
  constructor(readonly db: Database) {}

  read(): RewrapState | undefined {
    const row = this.db.get(`SELECT ${columnsOf(REWRAP)} FROM rewrap_state WHERE id = 1`);
    if (!row) return undefined;
    const [, completed, swept, updated] = checkedFields(REWRAP, row, () => "the state of re-wrapping");
    return {
      lastCompletedRotationAt: numberOrNull(completed),
      lastSweptAt: numberOrNull(swept),
      updatedAt: Number(updated),
    };
  }

  save({ lastCompletedRotationAt, lastSweptAt, updatedAt }: RewrapState): void {
    this.db.run("DELETE FROM rewrap_state");
    this.db.run(insertInto(REWRAP), ...withChecksum(REWRAP, [1, lastCompletedRotationAt, lastSweptAt, updatedAt]));
  }
}

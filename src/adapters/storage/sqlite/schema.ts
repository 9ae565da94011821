import { LOCKOUT_SCHEMA } from "./lockout_table.ts";

/**
 * One step of the schema. Steps are only ever added: a file of any older version is brought forward through those it
 * lacks, in one transaction.
 */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * Integers are unix seconds where they schedule and milliseconds where they tell, as in the port. `checksum` covers every
 * other column of its row but `surplus`, which only finds the row. A secret's project is the first part of its name.
 */
const FIRST = `
CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT,
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX projects_by_name ON projects (name);

CREATE TABLE secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('manual', 'automatic')),
  format TEXT NOT NULL CHECK (format IN ('opaque', 'userpass')),
  description TEXT,
  rotation_interval INTEGER,
  grace INTEGER NOT NULL CHECK (grace >= 0),
  current_version INTEGER NOT NULL CHECK (current_version >= 1),
  next_rotation_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  revision INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX secrets_by_name ON secrets (name);
CREATE INDEX secrets_due ON secrets (next_rotation_at, id) WHERE next_rotation_at IS NOT NULL;

CREATE TABLE versions (
  secret_id INTEGER NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  version INTEGER NOT NULL CHECK (version >= 1),
  algorithm TEXT NOT NULL CHECK (algorithm IN ('xchacha20-poly1305', 'aes-256-gcm')),
  key_id TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  nonce BLOB NOT NULL,
  ciphertext BLOB NOT NULL,
  aad BLOB NOT NULL,
  wrapped_rotation_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  checksum INTEGER NOT NULL,
  surplus INTEGER NOT NULL DEFAULT 0 CHECK (surplus IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX versions_of_secret ON versions (secret_id, version);
CREATE INDEX versions_surplus ON versions (expires_at) WHERE surplus = 1;
CREATE INDEX versions_wrapping ON versions (key_id, wrapped_rotation_at);

CREATE TABLE rewrap_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_completed_rotation_at INTEGER,
  last_swept_at INTEGER,
  updated_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: FIRST },
  { version: 2, sql: LOCKOUT_SCHEMA },
];

/**
 * The control records of the metadata log: by them the quorum governs itself (KIP-595, 630, 853).
 * They stand in control batches, in the log and in snapshots.
 *
 *     key    | version int16 = 0 | type int16: 2 LEADER_CHANGE, 3 SNAPSHOT_HEADER,
 *            |                   |   4 SNAPSHOT_FOOTER, 5 KRAFT_VERSION, 6 KRAFT_VOTERS |
 *     value  | version int16 | fields |
 *
 * Not here: the ends of transactions (`control-record.ts`, types 0 and 1).
 * Source: `org.apache.kafka.common.record.ControlRecordType`, `ControlRecordUtils`.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { compile, type Plan } from './plan.ts';
import type { BatchRecord, RecordDraft } from './record.ts';
import { array, int16, int32, int64, object, string, struct, uint16, uuid } from './schema.ts';
import type { DataOf, Struct } from './schema.ts';

const replicas = array({ voterId: int32(), voterDirectoryId: uuid({ since: 1 }) });

/** The first record of a leader's epoch. */
const leaderChange = struct('LeaderChangeMessage', {
  version: int16(),
  leaderId: int32(),
  voters: replicas,
  grantingVoters: replicas,
});

const snapshotHeader = struct('SnapshotHeaderRecord', {
  version: int16(),
  lastContainedLogTimestamp: int64(),
});

const snapshotFooter = struct('SnapshotFooterRecord', { version: int16() });

/** 1: voters stand in the log, with directory ids; 0: they stand in `controller.quorum.voters`. */
const kraftVersion = struct('KRaftVersionRecord', { version: int16(), kRaftVersion: int16() });

/** The whole set of voters, in force from this record on. */
const voters = struct('VotersRecord', {
  version: int16(),
  voters: array({
    voterId: int32(),
    voterDirectoryId: uuid(),
    endpoints: array({ name: string(), host: string(), port: uint16() }),
    kRaftVersionFeature: object('KRaftVersionFeature', {
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  }),
});

const definitions = {
  LeaderChange: { key: 2, versionMax: 1, schema: leaderChange },
  SnapshotHeader: { key: 3, versionMax: 0, schema: snapshotHeader },
  SnapshotFooter: { key: 4, versionMax: 0, schema: snapshotFooter },
  KRaftVersion: { key: 5, versionMax: 0, schema: kraftVersion },
  KRaftVoters: { key: 6, versionMax: 0, schema: voters },
} as const;

type Definitions = typeof definitions;
type QuorumRecordType = keyof Definitions;

/** A control record; `data.version` is the version of its value. */
export type QuorumRecord = {
  [T in QuorumRecordType]: {
    readonly type: T;
    readonly data: DataOf<Definitions[T]['schema']>;
  };
}[QuorumRecordType];

export type VotersRecord = DataOf<typeof voters>;

const KEY_VERSION = 0;
const KEY_BYTES = 4;
const types = Object.keys(definitions) as QuorumRecordType[];
const plans = new Map<string, Plan<unknown>>();

function planOf(type: QuorumRecordType, version: number): Plan<unknown> {
  const key = `${type} ${version}`;
  let made = plans.get(key);
  if (made === undefined) {
    const schema: Struct = definitions[type].schema;
    made = compile(schema, version, true) as Plan<unknown>;
    plans.set(key, made);
  }
  return made;
}

/** The record as one of a control batch. */
export function encodeQuorumRecord(record: QuorumRecord, timestamp: number): RecordDraft {
  const { type, data } = record;
  const { version } = data;
  assert(version >= 0 && version <= definitions[type].versionMax, 'a version', { type, version });
  const key = new Writer(KEY_BYTES);
  key.int16(KEY_VERSION);
  key.int16(definitions[type].key);
  const plan = planOf(type, version);
  const value = new Writer(plan.size(data));
  plan.write(value, data);
  assert(key.length === KEY_BYTES, 'a key of version and type', { type });
  return { timestamp, key: key.finish(), value: value.finish() };
}

/** The record in a control batch, or null for another type or bytes that are none. */
export function decodeQuorumRecord(record: BatchRecord): QuorumRecord | null {
  if (record.key === null || record.value === null) return null;
  try {
    const key = new Reader(record.key);
    if (key.int16() < KEY_VERSION) return null;
    const number = key.int16();
    const type = types.find((one) => definitions[one].key === number);
    const version = new Reader(record.value).int16();
    if (type === undefined || version < 0 || version > definitions[type].versionMax) return null;
    const data = planOf(type, version).read(new Reader(record.value));
    return { type, data } as QuorumRecord;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/**
 * The records of `__transaction_state`: what a transaction coordinator knows of a transactional id,
 * with the id as the key; a record without a value means that the id has expired.
 *
 *     key    | version int16 = 0 | transactionalId string |
 *     value  | version int16 = 0 or 1 | ... | with 1, in compact form, and tagged fields |
 *
 * Source: `TransactionLogKey.json`, `TransactionLogValue.json`, `TransactionLog.scala`; version 1
 * since transaction.version=1 (KIP-890).
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { compile, type Plan } from './plan.ts';
import { array, int16, int32, int64, int8, string, struct, type DataOf } from './schema.ts';

const transactionLogKey = struct('TransactionLogKey', { transactionalId: string() });

const transactionLogValue = struct('TransactionLogValue', {
  producerId: int64(),
  previousProducerId: int64({ since: 1, tag: 0, default: -1 }),
  nextProducerId: int64({
    since: 1,
    tag: 1,
    default: -1,
    about: 'The id that the producer was told to go on with, when the epochs of the old ran out.',
  }),
  producerEpoch: int16(),
  transactionTimeoutMs: int32(),
  transactionStatus: int8({ about: 'The number of the state, as in `2` for PrepareCommit.' }),
  transactionPartitions: array(
    { topic: string(), partitionIds: array(int32()) },
    { nullable: true, about: 'Null in the state Empty.' },
  ),
  transactionLastUpdateTimestampMs: int64(),
  transactionStartTimestampMs: int64(),
  clientTransactionVersion: int16({ since: 1, tag: 2 }),
});
export type TransactionLogValue = DataOf<typeof transactionLogValue>;

const KEY_VERSION = 0;
const VALUE_VERSION_MAX = 1;

/** The one type of record, for those who read any topic of a coordinator. */
export const transactionRecordTypes = {
  TransactionLog: {
    number: KEY_VERSION,
    versionMax: VALUE_VERSION_MAX,
    flexible: 1,
    key: transactionLogKey,
    value: transactionLogValue,
  },
} as const;

const keyPlan = compile(transactionLogKey, KEY_VERSION, false);
const valuePlans: readonly Plan<TransactionLogValue>[] = [
  compile(transactionLogValue, 0, false),
  compile(transactionLogValue, 1, true),
];

/** The key of a transactional id's records. */
export function encodeTransactionLogKey(transactionalId: string): Uint8Array {
  assert(transactionalId.length > 0, 'a transactional id');
  return encode(keyPlan, KEY_VERSION, { transactionalId });
}

/** The value of a record; version 0 has neither the previous id nor the client's version. */
export function encodeTransactionLogValue(value: TransactionLogValue, version: 0 | 1): Uint8Array {
  const plan = valuePlans[version];
  assert(plan !== undefined, 'a version', { version });
  return encode(plan, version, value);
}

function encode<D>(plan: Plan<D>, version: number, data: D): Uint8Array {
  const size = 2 + plan.size(data);
  const writer = new Writer(size);
  writer.int16(version);
  plan.write(writer, data);
  assert(writer.length === size, 'size and bytes differ', { size, bytes: writer.length });
  return writer.finish();
}

/** The transactional id in a key; null if the bytes are none. */
export function decodeTransactionLogKey(bytes: Uint8Array): string | null {
  return (
    decode(bytes, (version) => (version === KEY_VERSION ? keyPlan : null))?.transactionalId ?? null
  );
}

/** The value of a record; null if the bytes are none. */
export function decodeTransactionLogValue(bytes: Uint8Array): TransactionLogValue | null {
  return decode(bytes, (version) =>
    version >= 0 && version <= VALUE_VERSION_MAX ? (valuePlans[version] ?? null) : null,
  );
}

function decode<D>(bytes: Uint8Array, planOf: (version: number) => Plan<D> | null): D | null {
  try {
    const reader = new Reader(bytes);
    const plan = planOf(reader.int16());
    if (plan === null) return null;
    const data = plan.read(reader);
    return reader.remaining === 0 ? data : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

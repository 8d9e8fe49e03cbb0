/**
 * How `kafka-dump-log.sh` prints the records of Kafka's own topics, and keys and values by a class.
 * Since 3.8 the records of groups are JSON, since 4.1 those of transactions, too; before they were
 * a text of their own.
 *
 * Source: `DumpLogSegments` (`OffsetsMessageParser`, `TransactionLogMessageParser`,
 * `ClusterMetadataLogMessageParser`, `ShareGroupStateMessageParser`), the decoders of
 * `org.apache.kafka.tools.api` (before 3.8 `kafka.serializer`), `formatRecordKeyAndValue` of
 * `GroupMetadataManager` and `TransactionLog`.
 * Not here: the lines around them (`kafka/partition/dump-log.ts`). Differences: why bytes are no
 * record is told in fewer words; `DefaultDecoder`, which prints where bytes are in memory, and the
 * records of tiered storage are missing.
 */
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { assert, present } from '../../kernel/assert.ts';
import type { DumpedMessage } from '../../kafka/partition/dump-log.ts';
import { type Release, releases } from '../../kafka/profiles/releases.ts';
import { stateOfNumber } from '../../kafka/transaction/transaction-state.ts';
import { consumerGroupRecordTypes } from '../../wire/kafka/consumer-group-records.ts';
import {
  CONSUMER_PROTOCOL_TYPE,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeAssignment,
  decodeSubscription,
} from '../../wire/kafka/consumer-protocol.ts';
import {
  coordinatorRecords,
  type CoordinatorRecordTypes,
} from '../../wire/kafka/coordinator-record.ts';
import { type GroupMetadataValue, groupRecordTypes } from '../../wire/kafka/group-records.ts';
import { type Json, messageJson } from '../../wire/kafka/message-json.ts';
import { decodeMetadataRecord } from '../../wire/kafka/metadata-records.ts';
import { metadataSchemas } from '../../wire/kafka/metadata-schemas.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import type { Struct } from '../../wire/kafka/schema.ts';
import {
  shareGroupRecordTypes,
  shareStateRecordTypes,
} from '../../wire/kafka/share-group-records.ts';
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  transactionRecordTypes,
} from '../../wire/kafka/transaction-log.ts';
import { toText } from './java-exception.ts';

/** A record as text; a string is the exception that ends the tool. */
export type DumpDecoder = (record: BatchRecord) => DumpedMessage | string;

const allGroupTypes: CoordinatorRecordTypes = {
  ...groupRecordTypes,
  ...consumerGroupRecordTypes,
  ...shareGroupRecordTypes,
};

/** Options that choose a decoder, the first of them that is given. */
export const decoderOptions = [
  'offsets-decoder',
  'transaction-log-decoder',
  'cluster-metadata-decoder',
  'share-group-state-decoder',
] as const;

/** What an option of a release does. */
export function decoderOf(option: (typeof decoderOptions)[number], release: Release): DumpDecoder {
  const has = (since: Release): boolean => releases.indexOf(release) >= releases.indexOf(since);
  if (option === 'cluster-metadata-decoder') return metadataRecord;
  if (option === 'share-group-state-decoder') return jsonRecords(shareStateRecordTypes);
  if (option === 'offsets-decoder') return has('3.8') ? jsonRecords(allGroupTypes) : groupText;
  return has('4.1') ? jsonRecords(transactionRecordTypes) : transactionText;
}

// ------------------------------------------------------------------------------------------ JSON

function jsonRecords(types: CoordinatorRecordTypes): DumpDecoder {
  const codec = coordinatorRecords(types);
  const byNumber = new Map(Object.entries(types).map(([name, of]) => [of.number, { name, of }]));
  return ({ offset, key, value }) => {
    if (key === null) return withoutKey(offset);
    const skipped = (why: string) => ({ key: why, payload: null });
    const problem = (what: string) => skipped(`Error at offset ${offset}, skipping. ${what}`);
    const number = prefixOf(key);
    if (number === null) return problem("Could not read version from key's buffer.");
    const type = byNumber.get(number);
    if (type === undefined) {
      return skipped(`Unknown record type ${number} at offset ${offset}, skipping.`);
    }
    const record = codec.decode(key, value);
    if (record === null) return problem(`Could not read record with version ${number}.`);
    const data = messageJson(type.of.key, 0, record.key);
    const told = { key: JSON.stringify({ type: String(number), data }) };
    if (value === null || record.value === null) return { ...told, payload: '<DELETE>' };
    const version = present(prefixOf(value), 'a value that was decoded');
    const fields =
      type.name === 'GroupMetadata'
        ? groupMetadata(record.value as GroupMetadataValue, version)
        : messageJson(type.of.value, version, record.value);
    return { ...told, payload: JSON.stringify({ version: String(version), data: fields }) };
  };
}

/** With what members of the consumer protocol told each other, where it can be read. */
function groupMetadata(value: GroupMetadataValue, version: number): Json {
  const schema: Struct = groupRecordTypes.GroupMetadata.value;
  const json = messageJson(schema, version, value);
  if (value.protocolType !== CONSUMER_PROTOCOL_TYPE) return json;
  const written = json['members'] as readonly { readonly [name: string]: Json }[];
  assert(written.length === value.members.length, 'each member', { count: written.length });
  const members = value.members.map(({ subscription, assignment }, place) => ({
    ...written[place]!,
    ...told('subscription', consumerProtocolSubscription, subscription, decodeSubscription),
    ...told('assignment', consumerProtocolAssignment, assignment, decodeAssignment),
  }));
  return { ...json, members };
}

function told(
  name: string,
  schema: Struct,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => object | null,
): Record<string, Json> {
  const data = decode(bytes);
  if (data === null) return {};
  const version = present(prefixOf(bytes), 'bytes that were decoded');
  return { [name]: messageJson(schema, version, data as never) };
}

/** The number that bytes begin with; null where they are too few. */
function prefixOf(bytes: Uint8Array): number | null {
  return bytes.length < 2 ? null : ((bytes[0]! << 24) | (bytes[1]! << 16)) >> 16;
}

function withoutKey(offset: number): string {
  const message =
    `Failed to decode message at offset ${offset} using the specified decoder ` +
    '(message had a missing key)';
  return toText({ exception: 'java.lang.RuntimeException', message });
}

const metadataRecord: DumpDecoder = ({ offset, value }) => {
  const record = value === null ? null : decodeMetadataRecord(value);
  if (record === null) return { key: null, payload: `Error at ${offset}, skipping. null` };
  const { type, version, data } = record;
  const name = type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  const schema: Struct = metadataSchemas[type].schema;
  const fields = messageJson(schema, version, data);
  return { key: null, payload: JSON.stringify({ type: name, version, data: fields }) };
};

// ------------------------------------------------------------------- text of the earlier releases

const groupCodec = coordinatorRecords(groupRecordTypes);

const groupText: DumpDecoder = ({ offset, key, value }) => {
  if (key === null) return withoutKey(offset);
  const record = groupCodec.decode(key, value);
  if (record === null) return { key: `unknown::version=${prefixOf(key) ?? -1}`, payload: null };
  if (record.type === 'GroupMetadata') {
    const payload = record.value === null ? '<DELETE>' : groupSummary(record.value);
    return { key: `group_metadata::group=${record.key.group}`, payload };
  }
  const { group, topic, partition } = record.key;
  const told = { key: `offset_commit::group=${group},partition=${topic}-${partition}` };
  if (record.value === null) return { ...told, payload: '<DELETE>' };
  const { offset: committed, metadata } = record.value;
  const beside = metadata === '' ? '' : `,metadata=${metadata}`;
  return { ...told, payload: `offset=${committed}${beside}` };
};

function groupSummary({ protocolType, protocol, generation, members }: GroupMetadataValue): string {
  const assigned = members.map(({ memberId, assignment }) => {
    const told = protocolType === CONSUMER_PROTOCOL_TYPE ? decodeAssignment(assignment) : null;
    const has = (told?.assignedPartitions ?? []).flatMap(({ topic, partitions }) =>
      partitions.map((partition) => `${topic}-${partition}`),
    );
    return `${memberId}=${told === null ? hex(assignment) : `[${has.join(', ')}]`}`;
  });
  const assignment = `{${assigned.join(',')}}`;
  return JSON.stringify({ protocolType, protocol, generationId: generation, assignment });
}

function hex(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^0+(?=.)/, '').toUpperCase();
}

const transactionText: DumpDecoder = ({ offset, key, value }) => {
  if (key === null) return withoutKey(offset);
  const id = decodeTransactionLogKey(key);
  if (id === null) return { key: `unknown::version=${prefixOf(key) ?? -1}`, payload: null };
  const told = { key: `transaction_metadata::transactionalId=${id}` };
  const data = value === null ? null : decodeTransactionLogValue(value);
  if (data === null) return { ...told, payload: '<DELETE>' };
  const partitions = (data.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => `${topic}-${partition}`),
  );
  const payload = [
    `producerId:${data.producerId}`,
    `producerEpoch:${data.producerEpoch}`,
    `state=${stateOfNumber(data.transactionStatus) ?? data.transactionStatus}`,
    `partitions=[${partitions.join(',')}]`,
    `txnLastUpdateTimestamp=${data.transactionLastUpdateTimestampMs}`,
    `txnTimeoutMs=${data.transactionTimeoutMs}`,
  ].join(',');
  return { ...told, payload };
};

// ----------------------------------------------------------------- keys and values by a class

type BytesDecoder = (bytes: Uint8Array) => string | null;

const numbered =
  (size: 4 | 8): BytesDecoder =>
  (bytes) => {
    if (bytes.length < size) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return String(size === 4 ? view.getInt32(0) : view.getBigInt64(0));
  };

const classes: Readonly<Record<string, BytesDecoder>> = {
  StringDecoder: decodeUtf8,
  IntegerDecoder: numbered(4),
  LongDecoder: numbered(8),
};

/** The decoder by the names of two classes, or the exception that there is none of a name. */
export function decoderByClass(
  keyClass: string,
  valueClass: string,
): { readonly decoder: DumpDecoder } | { readonly thrown: string } {
  const found: BytesDecoder[] = [];
  for (const name of [valueClass, keyClass]) {
    const parts = /^(?:org\.apache\.kafka\.tools\.api|kafka\.serializer)\.(\w+)$/.exec(name);
    const decode = classes[parts?.[1] ?? ''];
    if (decode === undefined) {
      return { thrown: toText({ exception: 'java.lang.ClassNotFoundException', message: name }) };
    }
    found.push(decode);
  }
  const [ofValue, ofKey] = found as [BytesDecoder, BytesDecoder];
  const text = (decode: BytesDecoder, bytes: Uint8Array | null): string | null | undefined =>
    bytes === null ? null : (decode(bytes) ?? undefined);
  return {
    decoder: (record) => {
      const [key, payload] = [text(ofKey, record.key), text(ofValue, record.value)];
      if (key === undefined || payload === undefined) return 'java.nio.BufferUnderflowException';
      return { key, payload };
    },
  };
}

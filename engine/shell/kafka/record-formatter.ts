/**
 * A record as a line: what `kafka-console-consumer.sh` prints of it by its formatter's properties.
 *
 * Source: `org.apache.kafka.tools.consumer.DefaultMessageFormatter`. Difference: keys, values and
 * headers are text; a timestamp that a broker set is called CreateTime, too.
 */
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';

type Properties = Readonly<Record<string, string>>;

/** The text of a record, with the separator that ends it. */
export function formattedRecord(record: ConsumerRecord, properties: Properties): string {
  const isOn = (name: string, otherwise = false): boolean =>
    (properties[name] ?? String(otherwise)).toLowerCase() === 'true';
  const nullText = properties['null.literal'] ?? 'null';
  const parts: string[] = [];
  if (isOn('print.timestamp')) {
    parts.push(record.timestamp < 0 ? 'NO_TIMESTAMP' : `CreateTime:${record.timestamp}`);
  }
  if (isOn('print.partition')) parts.push(`Partition:${record.partition}`);
  if (isOn('print.offset')) parts.push(`Offset:${record.offset}`);
  if (isOn('print.epoch')) parts.push(`Epoch:${record.leaderEpoch}`);
  if (isOn('print.headers')) parts.push(headersOf(record, properties, nullText));
  if (isOn('print.key')) parts.push(textOf(record.key, nullText));
  if (isOn('print.value', true)) parts.push(textOf(record.value, nullText));
  assert(record.offset >= 0, 'a record has an offset', { offset: record.offset });
  const separator = separatorOf(properties, 'key.separator', '\t');
  return `${parts.join(separator)}${separatorOf(properties, 'line.separator', '\n')}`;
}

function headersOf({ headers }: ConsumerRecord, properties: Properties, nullText: string): string {
  if (headers.length === 0) return 'NO_HEADERS';
  const separator = separatorOf(properties, 'headers.separator', ',');
  return headers.map(({ key, value }) => `${key}:${textOf(value, nullText)}`).join(separator);
}

function separatorOf(properties: Properties, name: string, otherwise: string): string {
  return (properties[name] ?? otherwise).replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

function textOf(bytes: Uint8Array | null, nullText: string): string {
  return bytes === null ? nullText : decodeUtf8(bytes);
}

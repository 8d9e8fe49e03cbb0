/**
 * What the broker says of itself in connection.start. Clients look at the capabilities, and some
 * at the product. Source: `rabbit_reader:server_properties`.
 */
import { assert } from '../../kernel/assert.ts';
import { fieldTable, type FieldTable, type FieldValue } from '../../wire/amqp/field-table.ts';
import type { ConnectionSettings } from './connection-settings.ts';

const CAPABILITIES = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
] as const;

const text = (value: string): FieldValue => ({ type: 'longstr', value });

export function serverProperties(settings: ConnectionSettings): FieldTable {
  const { version, clusterName } = settings;
  assert(version !== '', 'a version', { version });
  const isTrue = { type: 'bool', value: true } as const;
  const capabilities = CAPABILITIES.map((name) => ({ name, value: isTrue }));
  return fieldTable({
    capabilities: { type: 'table', value: capabilities },
    cluster_name: text(clusterName),
    information: text('Highwater, a simulation of RabbitMQ'),
    platform: text('Highwater'),
    product: text('RabbitMQ'),
    version: text(version),
  });
}

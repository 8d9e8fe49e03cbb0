/**
 * A message as the broker keeps it: where it was published, its properties, its body.
 *
 * Not here: its place in a queue (`queue/queued-message.ts`). A message is never changed; a dead
 * letter is a new one (`queue/dead-letter.ts`). Sources: `rabbit_basic`, AMQP 0-9-1 section 1.8.3.
 */
import { assert } from '../kernel/assert.ts';
import { preconditionFailed } from './amqp-error.ts';
import type { AmqpError } from '../wire/amqp/reply-code.ts';
import { without } from './field-table.ts';
import { type FieldTable, tableLookup } from '../wire/amqp/field-table.ts';
import type { Death } from './queue/death.ts';

/** What the broker reads of a message's properties; the others pass through unread. */
export interface MessageProperties {
  readonly headers?: FieldTable;
  /** 2: persistent. */
  readonly deliveryMode?: number;
  readonly priority?: number;
  /** Milliseconds, as text. */
  readonly expiration?: string;
  readonly userId?: string;
  readonly replyTo?: string;
}

export interface Message {
  readonly exchange: string;
  /** The first is that of basic.publish; the others are those of the headers CC and BCC. */
  readonly routingKeys: readonly string[];
  readonly properties: MessageProperties;
  readonly body: Uint8Array;
  /** Milliseconds of the property `expiration`. */
  readonly ttlMs: number | null;
  /**
   * How the message died, latest first, where the broker keeps that itself; null where the header
   * `x-death` is all there is (before 4.0).
   */
  readonly deaths: readonly Death[] | null;
}

/** Ten years, as `rabbit_misc:check_expiry` has it. */
export const EXPIRY_MS_MAX = 315_360_000_000;
const ROUTING_HEADERS = ['CC', 'BCC'] as const;

/** What basic.publish brings. */
export interface PublishedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: MessageProperties;
  readonly body: Uint8Array;
}

/** The message, or a 406 for an expiration or a routing header that is not what it must be. */
export function messageOf(
  { exchange, routingKey, properties, body }: PublishedMessage,
  keepsDeaths: boolean,
): Message | AmqpError {
  const ttlMs = expirationOf(properties.expiration);
  if (typeof ttlMs === 'string') {
    return preconditionFailed(`invalid expiration '${properties.expiration}': ${ttlMs}`);
  }
  const headers = properties.headers ?? [];
  const keys = [routingKey];
  for (const name of ROUTING_HEADERS) {
    const value = tableLookup(headers, name);
    if (value === undefined) continue;
    if (value.type !== 'array') {
      return preconditionFailed(
        `invalid message: {unacceptable_type_in_header,"${name}",${value.type}}`,
      );
    }
    for (const item of value.value) {
      if (item.type === 'longstr' && typeof item.value === 'string') keys.push(item.value);
    }
  }
  // BCC is for the broker's eyes only.
  const shown =
    tableLookup(headers, 'BCC') === undefined
      ? properties
      : { ...properties, headers: without(headers, 'BCC') };
  const deaths = keepsDeaths ? [] : null;
  return { exchange, routingKeys: keys, properties: shown, body, ttlMs, deaths };
}

/** The header CC's routing keys, which a dead letter's history keeps; BCC's are not shown. */
export function shownRoutingKeys(message: Message): readonly string[] {
  const [published] = message.routingKeys;
  assert(published !== undefined, 'a message has a routing key', { keys: message.routingKeys });
  const copies = tableLookup(message.properties.headers ?? [], 'CC');
  if (copies?.type !== 'array') return [published];
  return [published, ...copies.value.flatMap((of) => (isText(of) ? [of.value] : []))];
}

function isText(of: { type: string; value?: unknown }): of is { type: 'longstr'; value: string } {
  return of.type === 'longstr' && typeof of.value === 'string';
}

/** Milliseconds, null where there is no expiration, or what is wrong with it, in Erlang's terms. */
function expirationOf(text: string | undefined): number | null | string {
  if (text === undefined) return null;
  const match = /^([+-]?[0-9]+)(.*)$/s.exec(text);
  if (match === null) return 'no_integer';
  if (match[2] !== '') return `{leftover_string,"${match[2]}"}`;
  const value = BigInt(match[1]!.replace(/^\+/, ''));
  if (value < 0n) return `{value_negative,${value}}`;
  if (value > BigInt(EXPIRY_MS_MAX)) return `{value_too_large,${value}}`;
  return Number(value);
}

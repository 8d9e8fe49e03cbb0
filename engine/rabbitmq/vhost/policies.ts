/**
 * The policies of a virtual host: settings for the queues and exchanges whose name has a pattern.
 *
 * Of the policies that match one holds, that of the highest priority; beside it one operator
 * policy. Of a limit that both have the smaller holds, of anything else the operator's.
 * Not here: what a setting does (`queue/queue-settings.ts`, `exchange/`); a queue's own arguments.
 * Sources: rabbitmq.com/docs/policies; `rabbit_policy`, `rabbit_policies`. Differs: of two policies
 * of equal priority the one whose name sorts first holds; there the order is not defined.
 */
import { assert } from '../../kernel/assert.ts';
import type { PolicyOwner } from '../metadata/rows.ts';
import type { Profile } from '../profiles.ts';
import { ageMs } from '../queue/age.ts';
import type { QueueType } from '../queue/queue.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import { isPattern, matchesPattern } from './pattern.ts';

export type ApplyTo =
  'all' | 'queues' | 'exchanges' | 'classic_queues' | 'quorum_queues' | 'streams';

export interface Policy {
  readonly name: string;
  readonly pattern: string;
  readonly definition: PolicyDefinition;
  readonly priority: number;
  readonly applyTo: ApplyTo;
}

const OLD_APPLY_TO: readonly string[] = ['all', 'queues', 'exchanges'];
const NEW_APPLY_TO: readonly string[] = ['classic_queues', 'quorum_queues', 'streams'];

type Value = PolicyDefinition[string];
type Check = (value: Value) => boolean;

const atLeast =
  (min: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min;
const text: Check = (value) => typeof value === 'string';
const areTexts: Check = (value) => Array.isArray(value) && value.length > 0;
const oneOf =
  (...allowed: readonly Value[]): Check =>
  (value) =>
    allowed.some((one) => one === value);

/** Each key: what it must be, and what the error calls it. */
const keys: Readonly<Record<string, readonly [Check, string]>> = {
  'alternate-exchange': [text, 'alternate exchange name'],
  'dead-letter-exchange': [text, 'dead letter exchange name'],
  'dead-letter-routing-key': [text, 'dead letter routing key'],
  'message-ttl': [atLeast(0), 'message TTL'],
  expires: [atLeast(1), 'queue expiry'],
  'max-length': [atLeast(0), 'maximum length'],
  'max-length-bytes': [atLeast(0), 'maximum length in bytes'],
  'queue-mode': [oneOf('default', 'lazy'), 'queue-mode value'],
  'queue-version': [oneOf(1, 2), 'queue-version value'],
  overflow: [oneOf('drop-head', 'reject-publish', 'reject-publish-dlx'), 'overflow value'],
  'delivery-limit': [atLeast(0), 'delivery limit'],
  'dead-letter-strategy': [oneOf('at-most-once', 'at-least-once'), 'dead letter strategy'],
  'consumer-timeout': [atLeast(0), 'consumer timeout'],
  'max-age': [(value) => typeof value === 'string' && ageMs(value) !== null, 'max age'],
  'stream-max-segment-size-bytes': [atLeast(0), 'segment size'],
  'stream-filter-size-bytes': [
    (value) => typeof value === 'number' && value >= 16 && value <= 255,
    'filter size',
  ],
  'queue-leader-locator': [
    oneOf('client-local', 'balanced', 'random', 'least-leaders'),
    'queue leader locator value',
  ],
  'queue-master-locator': [oneOf('client-local', 'min-masters', 'random'), 'master locator'],
};

/** Of mirrored queues, which are gone since 4.0. */
const haKeys: Readonly<Record<string, readonly [Check, string]>> = {
  'ha-mode': [oneOf('all', 'exactly', 'nodes'), 'ha-mode value'],
  'ha-params': [(value) => atLeast(1)(value) || areTexts(value), 'ha-params value'],
  'ha-sync-mode': [oneOf('manual', 'automatic'), 'ha-sync-mode value'],
  'ha-promote-on-shutdown': [oneOf('always', 'when-synced'), 'ha-promote-on-shutdown value'],
  'ha-promote-on-failure': [oneOf('always', 'when-synced'), 'ha-promote-on-failure value'],
};

/** Of these the smaller of policy and operator policy holds. */
const LIMITS: ReadonlySet<string> = new Set([
  ...['message-ttl', 'expires', 'max-length', 'max-length-bytes', 'delivery-limit'],
]);
const OPERATOR_KEYS_SINCE_312: ReadonlySet<string> = new Set(['overflow', 'queue-version']);
const STREAM_KEYS: readonly string[] = [
  ...['max-age', 'stream-max-segment-size-bytes', 'stream-filter-size-bytes'],
];
/** A policy with one of these does not apply to queues of the type (`rabbit_queue_type`). */
const unsupportedKeys: Readonly<Record<QueueType, ReadonlySet<string>>> = {
  classic: new Set(['delivery-limit', 'dead-letter-strategy', ...STREAM_KEYS]),
  quorum: new Set(['queue-mode', 'queue-master-locator', ...STREAM_KEYS]),
  stream: new Set([
    ...['expires', 'message-ttl', 'dead-letter-exchange', 'dead-letter-routing-key'],
    ...['max-length', 'overflow', 'delivery-limit', 'dead-letter-strategy', 'queue-mode'],
    'queue-master-locator',
  ]),
};
const typesApplyTo: Readonly<Record<QueueType, ApplyTo>> = {
  classic: 'classic_queues',
  quorum: 'quorum_queues',
  stream: 'streams',
};

/** Names of the policies that apply to a queue or an exchange. */
export interface PolicyNames {
  readonly policy: string | null;
  readonly operatorPolicy: string | null;
}

const NOTHING: PolicyDefinition = Object.freeze({});

export class Policies {
  readonly #user = new Map<string, Policy>();
  readonly #operator = new Map<string, Policy>();
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** A policy that was checked. */
  set(policy: Policy, by: PolicyOwner): void {
    const { name, definition } = policy;
    assert(Object.keys(definition).length > 0, 'a policy says something', { name });
    (by === 'operator' ? this.#operator : this.#user).set(name, policy);
  }

  /** Whether there was one of the name. */
  clear(name: string, by: PolicyOwner): boolean {
    return (by === 'operator' ? this.#operator : this.#user).delete(name);
  }

  /** The settings for a queue or exchange of this name. */
  definitionFor(kind: QueueType | 'exchange', name: string): PolicyDefinition {
    const user = this.#strongest(this.#user, kind, name);
    const operator = this.#strongest(this.#operator, kind, name);
    if (user === undefined || operator === undefined) {
      return (user ?? operator)?.definition ?? NOTHING;
    }
    const merged: Record<string, Value> = { ...user.definition };
    for (const [key, value] of Object.entries(operator.definition)) {
      const own = merged[key];
      assert(!LIMITS.has(key) || typeof value === 'number', 'limits are numbers', { key, value });
      const isLimit = LIMITS.has(key) && typeof own === 'number' && typeof value === 'number';
      merged[key] = isLimit ? Math.min(own, value) : value;
    }
    return merged;
  }

  /** Which policies apply to it; null: none. */
  namesFor(kind: QueueType | 'exchange', name: string): PolicyNames {
    const nameOf = (policies: ReadonlyMap<string, Policy>): string | null =>
      this.#strongest(policies, kind, name)?.name ?? null;
    return { policy: nameOf(this.#user), operatorPolicy: nameOf(this.#operator) };
  }

  #strongest(
    policies: ReadonlyMap<string, Policy>,
    kind: QueueType | 'exchange',
    name: string,
  ): Policy | undefined {
    let best: Policy | undefined;
    for (const policy of policies.values()) {
      const { pattern } = policy;
      if (!appliesTo(policy, kind, this.#profile) || !matchesPattern(pattern, name)) continue;
      if (best === undefined || isStronger(policy, best)) best = policy;
    }
    return best;
  }
}

/** What is wrong with a policy, or null. */
export function checkPolicy(policy: Policy, by: PolicyOwner, profile: Profile): string | null {
  const { pattern, definition, priority, applyTo } = policy;
  const { policyAppliesToQueueTypes, operatorPolicyOverflow, queueConsumerTimeout } =
    profile.switches;
  if (!isPattern(pattern)) return `pattern should be a regular expression: ${pattern}`;
  if (!Number.isSafeInteger(priority)) return `priority should be a number, actually ${priority}`;
  const places = policyAppliesToQueueTypes ? [...OLD_APPLY_TO, ...NEW_APPLY_TO] : OLD_APPLY_TO;
  if (!places.includes(applyTo)) {
    const named = places.map((place) => `'${place}'`);
    // In the order of the sentence, which has `all` at its end.
    const others = [...named.slice(1), named[0]!];
    const last = others.pop()!;
    return `apply-to '${applyTo}' unrecognised; should be ${others.join(', ')} or ${last}`;
  }
  const entries = Object.entries(definition);
  if (entries.length === 0) return 'no policy provided';
  const all = profile.switches.mirroredQueues ? { ...keys, ...haKeys } : keys;
  for (const [key, value] of entries) {
    const isNew = key === 'consumer-timeout' && !queueConsumerTimeout;
    if (key === 'queue-master-locator' && !profile.switches.queueMasterLocator) {
      return 'use of deprecated queue-master-locator argument is not permitted';
    }
    const known = Object.hasOwn(all, key) && !isNew ? all[key] : undefined;
    const allowed =
      by === 'user' ||
      LIMITS.has(key) ||
      (operatorPolicyOverflow && OPERATOR_KEYS_SINCE_312.has(key));
    if (known === undefined || !allowed) {
      return `[{<<"${key}">>,${termOf(value)}}] are not recognised policy settings`;
    }
    const [check, what] = known;
    if (!check(value)) return `${termOf(value)} is not a valid ${what}`;
  }
  return null;
}

/** As Erlang writes it. */
function termOf(value: Value): string {
  return typeof value === 'string' ? `<<"${value}">>` : String(value);
}

function isStronger(policy: Policy, than: Policy): boolean {
  if (policy.priority !== than.priority) return policy.priority > than.priority;
  return policy.name < than.name;
}

function appliesTo(
  { applyTo, definition }: Policy,
  kind: QueueType | 'exchange',
  { switches }: Profile,
): boolean {
  if (kind === 'exchange') return applyTo === 'all' || applyTo === 'exchanges';
  const isForeign = kind === 'classic' && !switches.classicQueueLeaderLocator;
  if (isForeign && definition['queue-leader-locator'] !== undefined) return false;
  if (Object.keys(definition).some((key) => unsupportedKeys[kind].has(key))) return false;
  return applyTo === 'all' || applyTo === 'queues' || applyTo === typesApplyTo[kind];
}

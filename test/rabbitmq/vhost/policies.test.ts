/** Policies, permissions on topics, and what changed with releases. */
import { describe, expect, test } from 'vitest';
import { isAmqpError } from '../../../engine/rabbitmq/amqp-error.ts';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { Policies, type Policy, checkPolicy } from '../../../engine/rabbitmq/vhost/policies.ts';
import { answered } from '../answered.ts';
import { Node } from '../node.ts';

const policy = (name: string, more: Partial<Policy> = {}): Policy => ({
  ...{
    name,
    pattern: '.*',
    definition: { 'max-length': 10 },
    priority: 0,
    applyTo: 'all' as const,
  },
  ...more,
});

describe('rabbitmq: policies', () => {
  test('rabbitmq: policies: the highest priority holds, and of two equal the first by name', () => {
    const policies = new Policies(profileOf('rabbitmq-3.13'));
    policies.set(policy('b', { definition: { 'max-length': 2 } }), 'user');
    policies.set(policy('a', { definition: { 'max-length': 1 } }), 'user');
    expect(policies.definitionFor('classic', 'q')).toEqual({ 'max-length': 1 });
    policies.set(policy('c', { definition: { overflow: 'drop-head' }, priority: 1 }), 'user');
    expect(policies.definitionFor('classic', 'q')).toEqual({ overflow: 'drop-head' });
    expect(policies.clear('c', 'user')).toBe(true);
    expect(policies.definitionFor('exchange', 'x')).toEqual({ 'max-length': 1 });
  });

  test('rabbitmq: policies: an operator policy lowers limits and never raises them', () => {
    const policies = new Policies(profileOf('rabbitmq-3.13'));
    policies.set(policy('u', { definition: { 'max-length': 10, expires: 5000 } }), 'user');
    policies.set(policy('o', { definition: { 'max-length': 3, expires: 9000 } }), 'operator');
    expect(policies.definitionFor('classic', 'q')).toEqual({ 'max-length': 3, expires: 5000 });
  });

  test('rabbitmq: policies: apply-to by kind, and by type of queue since 3.12', () => {
    const policies = new Policies(profileOf('rabbitmq-3.13'));
    const classic = policy('classic', { applyTo: 'classic_queues' });
    expect(checkPolicy(classic, 'user', profileOf('rabbitmq-3.12'))).toBeNull();
    policies.set(classic, 'user');
    expect(policies.definitionFor('classic', 'q')).toEqual({ 'max-length': 10 });
    expect(policies.definitionFor('exchange', 'x')).toEqual({});
    const wrong = checkPolicy(classic, 'user', profileOf('rabbitmq-3.11'));
    expect(wrong).toContain("apply-to 'classic_queues' unrecognised");
  });

  test.each<[string, Partial<Policy>, 'user' | 'operator', string]>([
    ['a bad pattern', { pattern: '(' }, 'user', 'regular expression: ('],
    ['nothing', { definition: {} }, 'user', 'no policy provided'],
    ['an unknown key', { definition: { x: 1 } }, 'user', 'not recognised policy settings'],
    ['a bad value', { definition: { expires: 0 } }, 'user', '0 is not a valid queue expiry'],
    [
      'a locator of nobody',
      { definition: { 'queue-leader-locator': 'x' } },
      'user',
      '<<"x">> is not a valid queue leader locator value',
    ],
    [
      'a key of users',
      { definition: { 'dead-letter-exchange': 'x' } },
      'operator',
      'not recognised',
    ],
    ['a bad priority', { priority: 1.5 }, 'user', 'priority should be a number, actually 1.5'],
  ])('rabbitmq: policies: %s is refused', (_what, more, by, text) => {
    const profile = profileOf('rabbitmq-4.3');
    expect(checkPolicy(policy('p', more), by, profile)).toContain(text);
  });

  test('rabbitmq: policies: overflow by an operator since 3.12', () => {
    const overflow = policy('o', { definition: { overflow: 'reject-publish' } });
    const set = (release: '3.11' | '3.12') =>
      checkPolicy(overflow, 'operator', profileOf(`rabbitmq-${release}`));
    expect(set('3.11')).toContain('not recognised policy settings');
    expect(set('3.12')).toBeNull();
  });

  test('rabbitmq: policies: one with a key that classic queues lack does not reach them', () => {
    const policies = new Policies(profileOf('rabbitmq-3.13'));
    const both = { 'delivery-limit': 3, 'max-length': 1 };
    policies.set(policy('quorum', { definition: both, priority: 9 }), 'user');
    expect(policies.definitionFor('classic', 'q')).toEqual({});
  });
});

describe('rabbitmq: topic permissions', () => {
  const silent = {
    ...{ deliver: () => {}, returned: () => {}, confirmed: () => {}, rejected: () => {} },
    consumerCancelled: () => {},
    timedOut: () => {},
  };
  const nothing = { properties: {}, body: new Uint8Array(0) };

  test('rabbitmq: topic permissions: a pattern over routing keys, with the user’s name', () => {
    const node = new Node();
    const everything = { configure: '.*', write: '.*', read: '.*' };
    expect(node.administer((of, done) => of.addUser('ann', 'secret', [], done))).toBeNull();
    const set = node.administer((of, done) => of.setPermissions('ann', '/', everything, done));
    expect(set).toBeNull();
    const topic = { vhost: '/', exchange: 'amq.topic' };
    const patterns = { write: '^{username}\\.', read: '^public' };
    expect(
      node.administer((of, done) => of.setTopicPermissions('ann', topic, patterns, done)),
    ).toBeNull();
    const session = node.vhost.openChannel({ user: 'ann', id: 'rabbit-1.1.1' }, silent);
    const publish = (exchange: string, routingKey: string) =>
      session.publish({ exchange, routingKey, mandatory: false, immediate: false }, nothing);
    expect(publish('amq.topic', 'ann.news')).toBeNull();
    expect(publish('amq.direct', 'bob.news')).toBeNull();
    expect(publish('amq.topic', 'bob.news')).toMatchObject({
      code: 403,
      explanation:
        "write access to topic 'bob.news' in exchange 'amq.topic' in vhost '/' refused for " +
        "user 'ann'",
    });
    const own = { queue: '', passive: false, durable: false, exclusive: true, autoDelete: false };
    const declared = answered<{ queue: string }>((answer) =>
      session.declareQueue({ ...own, arguments: [] }, answer),
    );
    if (isAmqpError(declared)) throw new Error(declared.explanation);
    const bind = (routingKey: string) =>
      answered((answer) =>
        session.bindQueue(
          { queue: declared.queue, exchange: 'amq.topic', routingKey, arguments: [] },
          answer,
        ),
      );
    expect(bind('public.#')).toBeNull();
    expect(bind('#')).toMatchObject({ code: 403 });
  });

  test('rabbitmq: topic permissions: unknown users and bad patterns are told', () => {
    const node = new Node();
    const everything = { configure: '.*', write: '.*', read: '.*' };
    const set = (user: string, patterns: typeof everything) =>
      node.administer((of, done) => of.setPermissions(user, '/', patterns, done));
    expect(set('nobody', everything)).toBe('User "nobody" does not exist');
    const broken = { ...everything, write: '[' };
    expect(set('guest', broken)).toBe('Invalid regexp: [');
    const topic = { vhost: '/', exchange: 'x' };
    const setTopic = (user: string, patterns: typeof everything) =>
      node.administer((of, done) => of.setTopicPermissions(user, topic, patterns, done));
    expect(setTopic('nobody', everything)).toContain('does not exist');
    expect(setTopic('guest', broken)).toBe('Invalid regexp: [');
    node.administer((of, done) => of.clearPermissions('guest', '/', done));
    expect(node.users.mayEnter('guest', '/')).toBe(false);
  });
});

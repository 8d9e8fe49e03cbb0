/** What a release does that the one before it did not, played as scenarios. */
import { describe, expect, test } from 'vitest';
import { profileOf, type ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import { playOurs } from '../oracle/play-ours.ts';
import type { Scenario, Step } from '../oracle/scenario.ts';

const history = (name: ProfileName, ...steps: Step[]): string =>
  playOurs({ name: 'of a release', steps } satisfies Scenario, profileOf(name)).join('\n');

const durable = (queue: string, args = {}): Step => [
  '1a',
  'queue.declare',
  { queue, durable: true, arguments: args },
];

describe('rabbitmq: releases', () => {
  test('rabbitmq: releases: 4.0 does not mind a client’s x-death, 3.13 counts on it', () => {
    const steps: Step[] = [
      durable('dead'),
      durable('q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }),
      [
        '1a',
        'basic.publish',
        {
          key: 'q',
          body: 'm',
          headers: { 'x-death': [{ queue: 'q', reason: 'rejected', count: 41 }] },
        },
      ],
      ['1a', 'basic.get', { queue: 'q' }],
      ['1a', 'basic.reject', { tag: 1, requeue: false }],
      ['1a', 'basic.get', { queue: 'dead' }],
    ];
    expect(history('rabbitmq-3.13', ...steps)).toContain('"count":42');
    const now = history('rabbitmq-4.0', ...steps);
    expect(now.split('\n').at(-1)).toContain('"count":1');
    expect(now).toContain('"x-first-death-queue":"q"');
  });

  test('rabbitmq: releases: 4.0 drops a cycle, whatever a client says of rejections', () => {
    const cycle = (to: string) => ({
      ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': to },
      'x-message-ttl': 10,
    });
    const steps: Step[] = [
      durable('a', cycle('b')),
      durable('b', cycle('a')),
      ['1a', 'basic.publish', { key: 'a', body: 'm' }],
      ['1a', 'wait', { ms: 1000 }],
      ['1a', 'queue.declare', { queue: 'a', passive: true }],
      ['1a', 'queue.declare', { queue: 'b', passive: true }],
    ];
    for (const name of ['rabbitmq-3.8', 'rabbitmq-4.3'] as const) {
      const lines = history(name, ...steps).split('\n');
      expect(lines.slice(-2).map((line) => line.split('-> ')[1])).toEqual([
        'a messages=0 consumers=0',
        'b messages=0 consumers=0',
      ]);
    }
  });

  test('rabbitmq: releases: a dead letter has the headers of its last death since 3.13', () => {
    const steps: Step[] = [
      durable('dead'),
      durable('q', {
        ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
        'x-max-length': 0,
      }),
      ['1a', 'basic.publish', { key: 'q', body: 'm' }],
      ['1a', 'basic.get', { queue: 'dead' }],
    ];
    expect(history('rabbitmq-3.12', ...steps)).not.toContain('x-last-death');
    expect(history('rabbitmq-3.13', ...steps)).toContain('"x-last-death-reason":"maxlen"');
  });

  test('rabbitmq: releases: 4.0 serves the next when the single active one is cancelled', () => {
    const steps: Step[] = [
      durable('q', { 'x-single-active-consumer': true }),
      ['1b', 'basic.qos', { count: 1 }],
      ['1b', 'basic.consume', { queue: 'q', tag: 'c1' }],
      ['1c', 'basic.consume', { queue: 'q', tag: 'c2' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm1' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm2' }],
      ['1b', 'basic.cancel', { tag: 'c1' }],
    ];
    expect(history('rabbitmq-3.13', ...steps)).not.toContain('deliver c2');
    expect(history('rabbitmq-4.0', ...steps)).toContain("deliver c2 #1 exchange= key=q 'm2'");
  });

  test('rabbitmq: releases: 4.3 has no transient queues that are shared', () => {
    const step: Step = ['1a', 'queue.declare', { queue: 'q' }];
    expect(history('rabbitmq-4.2', step)).toContain('-> q messages=0');
    expect(history('rabbitmq-4.3', step)).toContain('541 INTERNAL_ERROR - Feature');
    const own: Step = ['1a', 'queue.declare', { queue: 'q', exclusive: true }];
    expect(history('rabbitmq-4.3', own)).toContain('-> q messages=0');
  });

  test('rabbitmq: releases: 4.3 takes a global prefetch as that of the next consumer', () => {
    const steps: Step[] = [
      durable('q'),
      ['1b', 'basic.qos', { count: 1, global: true }],
      ['1b', 'basic.consume', { queue: 'q', tag: 'c1' }],
      ['1b', 'basic.consume', { queue: 'q', tag: 'c2' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm1' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm2' }],
    ];
    expect(history('rabbitmq-4.2', ...steps)).not.toContain('deliver c2');
    expect(history('rabbitmq-4.3', ...steps)).toContain('deliver c2');
  });

  test('rabbitmq: releases: x-match knows with-x since 3.10', () => {
    const steps: Step[] = [
      durable('q'),
      [
        '1a',
        'queue.bind',
        { queue: 'q', exchange: 'amq.headers', arguments: { 'x-match': 'any-with-x', 'x-a': 1 } },
      ],
    ];
    expect(history('rabbitmq-3.9', ...steps)).toContain(
      '406 PRECONDITION_FAILED - Invalid x-match field value <<"any-with-x">>; expected all or any',
    );
    expect(history('rabbitmq-3.10', ...steps)).toMatch(/-> ok$/);
  });

  test('rabbitmq: releases: a body beyond the limit is refused: 16 MiB since 4.0', () => {
    const body = 'x'.repeat(16_777_217);
    const steps: Step[] = [durable('q'), ['1a', 'basic.publish', { key: 'q', body }]];
    const refusal = 'message size 16777217 is larger than configured max size 16777216';
    expect(history('rabbitmq-4.0', ...steps)).toContain(refusal);
    expect(history('rabbitmq-3.13', ...steps)).not.toContain('closed');
  });

  test('rabbitmq: releases: 4.3 refuses version 1 of a classic queue, and looks at no mode', () => {
    const steps: Step[] = [
      durable('old', { 'x-queue-version': 1 }),
      ['1b', 'queue.declare', { queue: 'q', durable: true, arguments: { 'x-queue-mode': 'x' } }],
    ];
    const [old, now] = [history('rabbitmq-4.2', ...steps), history('rabbitmq-4.3', ...steps)];
    expect(old).toContain('old messages=0');
    expect(old).toContain(`invalid arg 'x-queue-mode' for queue 'q' in vhost '/'`);
    expect(now).toContain(
      `invalid arg 'x-queue-version' for queue 'old' in vhost '/': "unsupported queue version '1'"`,
    );
    expect(now).toContain('q messages=0');
  });

  test('rabbitmq: releases: 4.0 knows min-masters as a leader locator, 3.13 does not', () => {
    const quorum = { 'x-queue-type': 'quorum', 'x-queue-leader-locator': 'min-masters' };
    expect(history('rabbitmq-3.13', durable('q', quorum))).toContain('invalid_queue_locator_arg');
    expect(history('rabbitmq-4.0', durable('q', quorum))).toContain('q messages=0');
  });
});

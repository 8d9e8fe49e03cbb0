/** Credit flow: a publisher is read no faster than the slowest queue that it publishes to works. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../../engine/kernel/units.ts';
import { CreditFlow } from '../../engine/rabbitmq/credit-flow.ts';
import { RabbitCluster } from './cluster/rabbit-cluster.ts';
import { COUNT, publishWhileSlow } from './slow-queue.ts';

const clock = { now: () => micros(0) };

describe('rabbitmq: credit flow', () => {
  test('rabbitmq: flow: who sent 400 is blocked until the receiver worked off 200', () => {
    const [sender, receiver] = [new CreditFlow(clock), new CreditFlow(clock)];
    for (let i = 0; i < 399; i++) sender.send(receiver);
    expect(sender.isBlocked).toBe(false);
    sender.send(receiver);
    expect(sender.isBlocked).toBe(true);
    for (let i = 0; i < 199; i++) receiver.ack(sender, (count) => sender.granted(receiver, count));
    expect(sender.isBlocked).toBe(true);
    receiver.ack(sender, (count) => sender.granted(receiver, count));
    expect(sender.isBlocked).toBe(false);
  });

  test('rabbitmq: flow: who is blocked grants nothing before he is not', () => {
    const [first, middle, last] = [new CreditFlow(clock), new CreditFlow(clock), {}];
    const granted: number[] = [];
    for (let i = 0; i < 400; i++) middle.send(last);
    for (let i = 0; i < 400; i++) middle.ack(first, (count) => granted.push(count));
    expect(granted).toEqual([]);
    middle.granted(last, 200);
    expect(granted).toEqual([200, 200]);
  });

  test('rabbitmq: flow: a receiver that is gone blocks nobody', () => {
    const [sender, gone, there] = [new CreditFlow(clock), {}, {}];
    for (let i = 0; i < 400; i++) sender.send(gone);
    sender.block(there);
    sender.forget(gone);
    expect(sender.isBlocked).toBe(true);
    sender.unblock(there);
    expect(sender.isBlocked).toBe(false);
  });

  test('rabbitmq: flow: it is shown for a second from when it began', () => {
    let now = 0;
    const sender = new CreditFlow({ now: () => micros(now) });
    const queue = {};
    sender.block(queue);
    sender.unblock(queue);
    now = 999_999;
    expect(sender.state).toBe('flow');
    now = 1_000_000;
    expect(sender.state).toBe('running');
  });

  test('rabbitmq: flow: what waits is bounded, however slow each is, and all arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 60 }), (speeds) => {
        const chain = new Chain(3000);
        for (let turn = 0; chain.arrived < 3000; turn++) {
          // The first numbers say who is slow; then everybody works.
          const speed = speeds[turn] ?? 5;
          if (speed % 2 === 0) chain.read(speed * 60);
          if (speed % 3 !== 1) chain.channel(speed * 40);
          if (turn >= speeds.length || speed > 7) chain.queue(30);
          if (speed % 5 !== 4) chain.read(100);
          expect(chain.waiting.channel).toBeLessThanOrEqual(400);
          expect(chain.waiting.queue).toBeLessThanOrEqual(800);
          expect(turn).toBeLessThan(5000);
        }
        expect(chain.isBlocked).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});

/** A reader, a channel and a queue with a mailbox each; none works unless it is told to. */
class Chain {
  arrived = 0;
  readonly waiting = { socket: 0, channel: 0, queue: 0 };
  readonly #reader = new CreditFlow(clock);
  readonly #channel = new CreditFlow(clock);
  readonly #queue = new CreditFlow(clock);

  constructor(messages: number) {
    this.waiting.socket = messages;
  }

  get isBlocked(): boolean {
    return this.#reader.isBlocked || this.#channel.isBlocked;
  }

  /** Only who reads a socket looks at whether he is blocked. */
  read(most: number): void {
    for (let i = 0; i < most && this.waiting.socket > 0 && !this.#reader.isBlocked; i++) {
      this.waiting.socket -= 1;
      this.waiting.channel += 1;
      this.#reader.send(this.#channel);
    }
  }

  channel(most: number): void {
    for (let i = 0; i < most && this.waiting.channel > 0; i++) {
      this.waiting.channel -= 1;
      const grant = (count: number): void => this.#reader.granted(this.#channel, count);
      this.#channel.ack(this.#reader, grant);
      this.#channel.send(this.#queue);
      this.waiting.queue += 1;
    }
  }

  queue(most: number): void {
    for (let i = 0; i < most && this.waiting.queue > 0; i++) {
      this.waiting.queue -= 1;
      this.arrived += 1;
      const grant = (count: number): void => this.#channel.granted(this.#queue, count);
      this.#queue.ack(this.#channel, grant);
    }
  }
}

describe('rabbitmq: flow: a fast publisher and a slow queue', () => {
  test('rabbitmq: flow: a queue on a slow node is at most 800 messages behind a channel', () => {
    const seen = publishWhileSlow({ paused: ['rabbit-2'] });
    expect(seen.taken).toBe(800);
    expect(seen.states).toEqual(['running', 'flow']);
    expect(seen.channelStates).toEqual(['running', 'flow']);
    expect([seen.arrived, seen.stateAtEnd]).toEqual([COUNT, 'running']);
    // Credit comes and goes: a client is told of alarms only.
    expect(seen.wasTold).toBe(false);
  });

  test('rabbitmq: flow: 33 messages on their way to a quorum queue block the channel', () => {
    const seen = publishWhileSlow({
      ...{ arguments: { 'x-queue-type': 'quorum' } },
      paused: ['rabbit-2', 'rabbit-3'],
    });
    // 33 of them block the channel before it has worked off 200 of what the reader may send.
    expect(seen.taken).toBe(400);
    expect(seen.states).toEqual(['running', 'flow']);
    expect([seen.arrived, seen.stateAtEnd]).toEqual([COUNT, 'running']);
  });

  test('rabbitmq: flow: 256 messages of a stream without a confirm block the channel', () => {
    const seen = publishWhileSlow({
      arguments: { 'x-queue-type': 'stream' },
      paused: ['rabbit-2', 'rabbit-3'],
      mode: 'confirm',
    });
    expect(seen.taken).toBe(600);
    expect([seen.arrived, seen.stateAtEnd]).toEqual([COUNT, 'running']);
  });

  test('rabbitmq: flow: without confirms nothing keeps a publisher from a stream', () => {
    const seen = publishWhileSlow({
      ...{ arguments: { 'x-queue-type': 'stream' } },
      paused: ['rabbit-2', 'rabbit-3'],
    });
    expect([seen.taken, seen.states]).toEqual([COUNT, ['running']]);
  });

  test('rabbitmq: flow: a queue of the node itself takes what it is given at once', () => {
    const seen = publishWhileSlow({ at: 1, paused: ['rabbit-2', 'rabbit-3'] });
    expect([seen.taken, seen.states]).toEqual([COUNT, ['running']]);
  });

  test('rabbitmq: flow: when the node of the queue is down, nobody waits for its credit', () => {
    const seen = publishWhileSlow({ paused: ['rabbit-2'], pausedMs: 120_000 });
    expect(seen.taken).toBe(COUNT);
    expect(seen.states).toEqual(['running', 'flow']);
    expect(seen.stateAtEnd).toBe('running');
  });

  test('rabbitmq: flow: what was sent to an application that had stopped is not waited for', () => {
    const cluster = new RabbitCluster();
    cluster.channel('rabbit-2').declare('q').after(1);
    const flow = new CreditFlow(clock);
    const silent = {
      ...{ deliver: () => {}, returned: () => {}, confirmed: () => {}, rejected: () => {} },
      ...{ timedOut: () => {}, consumerCancelled: () => {} },
    };
    const vhost = cluster.node('rabbit-1').vhosts.get('/')!;
    const session = vhost.openChannel({ user: 'guest', id: '1' }, silent, flow);
    const args = { exchange: '', routingKey: 'q', mandatory: false, immediate: false };
    const content = { properties: {}, body: new Uint8Array(1) };
    const rabbit2 = cluster.node('rabbit-2');
    cluster.world.command('rabbit-2', 'stop_app', () => rabbit2.stopApplication());
    cluster.advance(1);
    cluster.world.command('rabbit-1', 'publish', () => {
      for (let i = 0; i < 400; i++) expect.soft(session.publish(args, content)).toBeNull();
    });
    cluster.advance(1);
    expect(flow.isBlocked).toBe(true);
    cluster.world.command('rabbit-2', 'start_app', () => rabbit2.startApplication());
    cluster.advance(5);
    expect(flow.isBlocked).toBe(false);
  });
});

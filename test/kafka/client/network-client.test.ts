/**
 * Connections and requests: versions, limits, timeouts, backoff. The broker is scripted, because a
 * real one does not leave requests unanswered on request.
 */
import { describe, expect, test } from 'vitest';
import {
  NetworkClient,
  type NetworkClientOptions,
  networkClientOptions,
  type Reply,
  type RequestChannel,
} from '../../../engine/kafka/network-client.ts';
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';
import { apiVersions } from '../../../engine/wire/kafka/messages/api-versions.ts';
import { initProducerId } from '../../../engine/wire/kafka/messages/init-producer-id.ts';
import { apiVersionsReply, ScriptedBroker } from './scripted-broker.ts';

const ADDRESS = { host: 'broker-1', port: 9092 };
const BODY = {
  ...{ transactionalId: null, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 },
};
const ANSWER = { throttleTimeMs: 0, errorCode: 0, producerId: 7, producerEpoch: 0 };

class Asker implements Process {
  readonly client: NetworkClient;
  readonly replies: Reply[] = [];
  readonly repliedAt: number[] = [];
  private readonly ports: Ports;

  constructor(ports: Ports, over: Partial<NetworkClientOptions>) {
    this.ports = ports;
    this.client = new NetworkClient(ports, networkClientOptions('asker', over));
  }

  start(): void {}

  get channel(): RequestChannel {
    return this.client.connectionTo(ADDRESS);
  }

  ask(version = initProducerId.versionMax): void {
    this.channel.send(initProducerId.key, version, BODY, (reply) => {
      this.replies.push(reply);
      this.repliedAt.push(this.ports.clock.now());
    });
  }
}

function worldOf(over: Partial<NetworkClientOptions> = {}) {
  const world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });
  const cluster = { brokers: { 1: 'broker-1' }, topics: {} };
  const brokerHost = world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
  const clientHost = world.addHost('asker-1', (ports) => new Asker(ports, over));
  brokerHost.start();
  clientHost.start();
  world.run(() => false, { micros: 1 });
  const asker = clientHost.process as Asker;
  return { world, asker, broker: () => brokerHost.process as ScriptedBroker };
}

describe('kafka client: connections', () => {
  test('a client asks ApiVersions first and then sends the highest common version', () => {
    const { world, asker, broker } = worldOf();
    broker().handlers.set(apiVersions.key, ({ reply }) =>
      reply(apiVersionsReply({ [initProducerId.key]: [0, 2] })),
    );
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => asker.replies.length === 1, { micros: 5_000_000 });
    expect(broker().asked.map(({ apiKey, apiVersion }) => [apiKey, apiVersion])).toEqual([
      [apiVersions.key, apiVersions.versionMax],
      [initProducerId.key, 2],
    ]);
    expect(asker.replies[0]).toMatchObject({ ok: true, apiVersion: 2 });
  });

  test('between brokers no ApiVersions is sent', () => {
    const { world, asker, broker } = worldOf({ versions: 'fixed' });
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => asker.replies.length === 1, { micros: 5_000_000 });
    expect(broker().asked).toHaveLength(1);
  });

  test('a broker that knows no version in common gets nothing', () => {
    const { world, asker, broker } = worldOf();
    broker().handlers.set(apiVersions.key, ({ reply }) =>
      reply(apiVersionsReply({ [initProducerId.key]: [9, 9] })),
    );
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => asker.replies.length === 1, { micros: 5_000_000 });
    expect(asker.replies).toEqual([{ ok: false, reason: 'unsupported-version', sent: false }]);
    expect(broker().of(initProducerId.key)).toHaveLength(0);
  });

  test('no more requests than the in-flight limit are on the wire', () => {
    const { world, asker, broker } = worldOf({ inFlightRequestsMax: 2 });
    broker().handlers.set(initProducerId.key, ({ reply }) => reply(ANSWER, 1_000_000));
    world.command('asker-1', 'ask', () => [1, 2, 3].forEach(() => asker.ask()));
    world.run(() => false, { micros: 900_000 });
    expect(broker().of(initProducerId.key)).toHaveLength(2);
    world.run(() => asker.replies.length === 3, { micros: 5_000_000 });
    expect(asker.replies.every((reply) => reply.ok)).toBe(true);
  });

  test('request.timeout.ms fails all requests in flight and closes the connection', () => {
    const { world, asker, broker } = worldOf({ requestTimeoutMs: 2000 });
    broker().handlers.set(initProducerId.key, () => undefined);
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => false, { micros: 1_500_000 });
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => asker.replies.length === 2, { micros: 5_000_000 });
    expect(asker.replies).toEqual([
      { ok: false, reason: 'timeout', sent: true },
      { ok: false, reason: 'timeout', sent: true },
    ]);
    expect(asker.channel.state).toBe('DISCONNECTED');
    expect(asker.repliedAt[0]).toBeGreaterThanOrEqual(2_000_000);
  });

  test('a lost connection fails what was sent and what waits; it is opened after a backoff', () => {
    const { world, asker, broker } = worldOf({ inFlightRequestsMax: 1 });
    broker().handlers.set(initProducerId.key, ({ times, reply, close }) => {
      if (times === 0) close();
      else reply(ANSWER);
    });
    world.command('asker-1', 'ask', () => [1, 2].forEach(() => asker.ask()));
    world.run(() => asker.replies.length === 2, { micros: 5_000_000 });
    expect(asker.replies).toEqual([
      { ok: false, reason: 'disconnected', sent: true },
      { ok: false, reason: 'disconnected', sent: false },
    ]);
    const lostAt = world.now;
    world.command('asker-1', 'ask', () => asker.ask());
    world.run(() => asker.replies.length === 3, { micros: 5_000_000 });
    expect(asker.replies[2]).toMatchObject({ ok: true });
    expect(world.now - lostAt).toBeGreaterThanOrEqual(40_000);
  });

  test('the backoff grows while nobody is there', () => {
    const { world, asker } = worldOf();
    inject(world, { fault: 'stop', host: 'broker-1' });
    inject(world, { fault: 'crash', host: 'broker-1' });
    const gaps: number[] = [];
    let before = 0;
    for (let n = 0; n < 6; n++) {
      world.command('asker-1', 'ask', () => asker.ask());
      world.run(() => asker.replies.length === n + 1, { micros: 120_000_000 });
      gaps.push(asker.repliedAt[n]! - before);
      before = asker.repliedAt[n]!;
    }
    expect(gaps[5]!).toBeGreaterThan(gaps[1]! + 500_000);
  });

  test('acks=0 style requests are done when they are sent, without a reply', () => {
    const { world, asker, broker } = worldOf();
    broker().handlers.set(initProducerId.key, () => undefined);
    const done: Reply[] = [];
    world.command('asker-1', 'ask', () => {
      asker.channel.send(initProducerId.key, 5, BODY, (reply) => done.push(reply), {
        expectReply: false,
      });
    });
    world.run(() => done.length === 1, { micros: 1_000_000 });
    expect(done[0]).toMatchObject({ ok: true, body: null });
    world.run(() => false, { micros: 60_000_000 });
    expect(asker.channel.state).toBe('READY');
  });
});

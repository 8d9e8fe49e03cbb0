/**
 * What a client learns of the cluster, and when it asks again. The broker is scripted, because a
 * real one does not give outdated answers on request.
 */
import { describe, expect, test } from 'vitest';
import { ClientMetadata } from '../../../engine/kafka/client/metadata.ts';
import { NetworkClient, networkClientOptions } from '../../../engine/kafka/network-client.ts';
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { World } from '../../../engine/sim/world.ts';
import { metadata as metadataApi } from '../../../engine/wire/kafka/messages/metadata.ts';
import { ScriptedBroker, type ScriptedCluster } from './scripted-broker.ts';

class Knower implements Process {
  readonly metadata: ClientMetadata;
  updates = 0;

  constructor(ports: Ports) {
    const network = new NetworkClient(ports, networkClientOptions('knower'));
    const hosts = ['broker-9', 'broker-1'];
    this.metadata = new ClientMetadata(ports, network, {
      bootstrap: hosts.map((host) => ({ host, port: 9092 })),
      ...{ maxAgeMs: 5000, retryBackoffMs: 100, retryBackoffMsMax: 1000 },
      ...{ allowAutoTopicCreation: false, leaderEpochs: true },
    });
  }

  start(): void {
    this.metadata.watch(() => this.updates++);
    this.metadata.requestUpdate();
  }
}

function worldOf(cluster: ScriptedCluster) {
  const world = new World({ seed: 3, trace: true, paranoidWire: true, freeze: true });
  const host = world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
  const client = world.addHost('knower-1', (ports) => new Knower(ports));
  host.start();
  client.start();
  world.run(() => false, { micros: 1 });
  const broker = host.process as ScriptedBroker;
  const knower = client.process as Knower;
  const command = (run: (metadata: ClientMetadata) => void): void => {
    world.command('knower-1', 'command', () => run(knower.metadata));
  };
  const sleep = (seconds: number): void => {
    world.run(() => false, { micros: seconds * 1_000_000 });
    if (world.failure !== null) throw world.failure.error;
  };
  return { world, broker, knower, command, sleep };
}

const clusterOf = (leader: number, leaderEpoch: number): ScriptedCluster => ({
  brokers: { 1: 'broker-1' },
  topics: { pay: [{ leader, leaderEpoch }] },
});

describe('kafka client: metadata', () => {
  test('a bootstrap server that is not there is passed over', () => {
    const { knower, sleep, command } = worldOf(clusterOf(1, 4));
    command((metadata) => metadata.add('pay'));
    sleep(30);
    expect(knower.metadata.leader('pay', 0)).toEqual({ id: 1, epoch: 4 });
    expect(knower.metadata.clusterId).toBe('scripted');
  });

  test('an answer with an older leader epoch does not win (KIP-320)', () => {
    const cluster = clusterOf(1, 4);
    const { knower, sleep, command } = worldOf(cluster);
    command((metadata) => metadata.add('pay'));
    sleep(30);
    cluster.topics['pay']![0] = { leader: -1, leaderEpoch: 3 };
    command((metadata) => metadata.requestUpdate());
    sleep(2);
    expect(knower.metadata.leader('pay', 0)).toEqual({ id: 1, epoch: 4 });
    cluster.topics['pay']![0] = { leader: -1, leaderEpoch: 5 };
    command((metadata) => metadata.requestUpdate());
    sleep(2);
    expect(knower.metadata.leader('pay', 0)).toBeNull();
  });

  test('while a topic has no leader the client asks again, with a growing backoff', () => {
    const { broker, sleep, command, world } = worldOf(clusterOf(-1, 1));
    command((metadata) => metadata.add('pay'));
    sleep(30);
    const before = broker.of(metadataApi.key).length;
    sleep(10);
    const asked = broker.of(metadataApi.key).length - before;
    expect(asked).toBeGreaterThanOrEqual(9);
    expect(asked).toBeLessThanOrEqual(15);
    expect(world.failure).toBeNull();
  });

  test('metadata is asked for again after metadata.max.age.ms, and no more often', () => {
    const { broker, sleep, command } = worldOf(clusterOf(1, 1));
    command((metadata) => metadata.add('pay'));
    sleep(30);
    const before = broker.of(metadataApi.key).length;
    sleep(20);
    const asked = broker.of(metadataApi.key).length - before;
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(asked).toBeLessThanOrEqual(4);
  });

  test('the leader that an error reply names is taken over, if it is newer (KIP-951)', () => {
    const { sleep, command, world } = worldOf(clusterOf(1, 4));
    command((metadata) => metadata.add('pay'));
    sleep(30);
    const endpoints = [{ nodeId: 2, host: 'broker-2', port: 9092 }];
    command((metadata) => {
      metadata.learnLeader('pay', 0, { leaderId: 2, leaderEpoch: 4 }, endpoints);
      expect(metadata.leader('pay', 0)).toEqual({ id: 1, epoch: 4 });
      metadata.learnLeader('pay', 0, { leaderId: 2, leaderEpoch: 5 }, endpoints);
      expect(metadata.leader('pay', 0)).toEqual({ id: 2, epoch: 5 });
      expect(metadata.brokers().map(({ id }) => id)).toEqual([1, 2]);
    });
    sleep(0.001);
    expect(world.failure).toBeNull();
  });
});

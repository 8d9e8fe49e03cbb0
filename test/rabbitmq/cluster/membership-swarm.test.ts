/**
 * Nodes join, leave, are forgotten and fail in an order that a seed draws. Whatever happens,
 * nothing fails that must hold, and in the end, when all runs again, those that count each other
 * agree.
 */
import { describe, expect, test } from 'vitest';
import type { Random } from '#engine/kernel/ports.ts';
import { randomStream } from '#engine/kernel/random.ts';
import { ChangingCluster } from './changing-cluster.ts';
import { type Member, MEMBERS } from './rabbit-cluster.ts';

const RELEASES = ['rabbitmq-3.10', 'rabbitmq-4.1', 'rabbitmq-4.3'] as const;
const SEEDS = 12;
const STEPS = 20;

/** Some nodes do not see each other, or made changes without each other. */
function isDivided(cluster: ChangingCluster): boolean {
  const running = MEMBERS.filter((name) => cluster.isUp(name) && cluster.node(name).isRunning);
  return running.some((name) => {
    const { partitions, links, metadata } = cluster.node(name);
    const others = running.filter((other) => links.members.includes(other));
    return partitions.length > 0 || others.some((other) => !metadata.running.includes(other));
  });
}

/** Does something that an operator or the world may do; seconds until the next. */
function act(cluster: ChangingCluster, random: Random, at: number): void {
  const name = random.pick(MEMBERS);
  const other = random.pick(MEMBERS);
  const isUp = cluster.isUp(name);
  const seconds = random.pick([0.002, 0.05, 1, 10]);
  switch (isUp ? random.below(10) : 9) {
    case 0:
      if (cluster.node(name).isRunning) cluster.on(name, (node) => node.stopApplication());
      break;
    case 1:
      if (cluster.node(name).isStopped) cluster.on(name, (node) => node.startApplication());
      break;
    case 2:
    case 3:
      cluster.ask(name, (membership, done) => membership.join(other, 'disc', done), seconds);
      break;
    case 4:
      cluster.ask(name, (membership, done) => membership.reset(done), seconds);
      break;
    case 5:
      // Who forgets a node that runs, on the other side of a partition, has two clusters for good.
      if (isDivided(cluster)) break;
      cluster.ask(name, (membership, done) => membership.forget(other, done), seconds);
      break;
    case 6:
      if (cluster.node(name).isRunning) cluster.channel(name).declare(`q${at}`);
      break;
    case 7:
      cluster.crash(name, random.pick(['crash', 'power']));
      break;
    case 8:
      cluster.inject(random.below(2) === 0 ? { fault: 'isolate', host: name } : { fault: 'heal' });
      break;
    default:
      if (!isUp) cluster.start(name);
  }
  cluster.advance(seconds);
}

/** Links are whole, and whoever is down is started; who cannot begins anew, as operators do it. */
function settled(cluster: ChangingCluster): void {
  cluster.inject({ fault: 'heal' });
  cluster.advance(30);
  // After a partition operators restart the nodes of all sides but one.
  for (const name of isDivided(cluster) ? MEMBERS.slice(1) : []) {
    if (cluster.isUp(name)) cluster.crash(name);
  }
  for (let round = 0; round < 8; round++) {
    for (const name of MEMBERS) if (!cluster.isUp(name)) cluster.start(name);
    for (const name of MEMBERS) {
      if (cluster.isUp(name) && cluster.node(name).isStopped) {
        cluster.on(name, (node) => node.startApplication());
      }
    }
    cluster.advance(30);
  }
}

function agreed(cluster: ChangingCluster, name: Member): void {
  const nodes = [...cluster.membership(name).nodes.keys()].sort();
  for (const other of nodes as Member[]) {
    if (!cluster.isUp(other) || !cluster.node(other).isRunning) continue;
    const theirs = [...cluster.membership(other).nodes.keys()].sort();
    // Who was forgotten, or forgot by force, is another cluster.
    if (!theirs.includes(name)) continue;
    expect(theirs).toEqual(nodes);
    expect([...cluster.queues(other)].sort()).toEqual([...cluster.queues(name)].sort());
    expect(cluster.users(other)).toEqual(cluster.users(name));
  }
}

describe.each(RELEASES)('rabbitmq: membership: a swarm, in %s', (release) => {
  test.each(Array.from({ length: SEEDS }, (_, at) => at + 1))(
    'rabbitmq: membership: those that count each other agree (seed %i)',
    (seed) => {
      const random = randomStream(seed, 'membership');
      const cluster = new ChangingCluster({ release });
      if (random.below(3) > 0) cluster.joined();
      for (let step = 0; step < STEPS; step++) act(cluster, random, step);
      settled(cluster);
      for (const name of MEMBERS) {
        if (cluster.isUp(name) && cluster.node(name).isRunning) agreed(cluster, name);
      }
    },
    20_000,
  );
});

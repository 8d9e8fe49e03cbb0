/**
 * Random publishes, deliveries, acknowledgements, crashes, power losses and restarts, over the
 * stores of several releases: invariants R1, R5 and R7 as far as the disk promises them.
 */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import type { ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import { message, Rig, TestQueue } from './rig.ts';

const QUEUES = ['a', 'b'] as const;
const STEPS = 120;

interface Loss {
  confirmedLost: number;
}

/** One queue's history, as its clients know it. */
class Known {
  queue: TestQueue;
  /** Names in the order of publication. */
  readonly published: string[] = [];
  readonly confirmed = new Set<string>();
  readonly acknowledged = new Set<string>();
  readonly delivered = new Set<string>();

  constructor(queue: TestQueue) {
    this.queue = queue;
  }

  positionOf(random: Random): number | undefined {
    const positions = [...this.queue.held.keys()];
    return positions.length === 0 ? undefined : random.pick(positions);
  }

  noteConfirms(): void {
    for (const name of this.queue.confirmed) {
      expect(this.confirmed.has(name), 'R2: told once').toBe(false);
      this.confirmed.add(name);
    }
    this.queue.confirmed.length = 0;
  }

  /** After a restart: R5 and R7, and R1 unless what was confirmed may be lost. */
  check(after: TestQueue, mayLose: boolean, loss: Loss): void {
    const there = after.names;
    const places = there.map((name) => this.published.indexOf(name));
    expect(places.includes(-1), 'R5: nothing comes from nowhere').toBe(false);
    expect(
      [...places].sort((left, right) => left - right),
      'R7: in order',
    ).toEqual(places);
    expect(new Set(there).size, 'R5: each once').toBe(there.length);
    for (const name of this.confirmed) {
      if (this.acknowledged.has(name) || there.includes(name)) continue;
      if (!mayLose) expect(there, 'R1: a confirmed message is there').toContain(name);
      loss.confirmedLost += 1;
      this.confirmed.delete(name);
    }
    for (const of of after.held.values()) {
      const name = of.message.routingKeys[0]!;
      // R6: nothing that was delivered is called new.
      if (this.delivered.has(name)) expect(of.delivered, name).toBe(true);
      this.acknowledged.delete(name);
    }
    this.queue = after;
  }
}

function play(rig: Rig, seed: number, mayLoseOnPowerLoss: boolean): Loss {
  const random = randomStream(seed, 'store');
  const loss = { confirmedLost: 0 };
  const queues = QUEUES.map((name) => new Known(new TestQueue(rig.open(name))));
  let count = 0;
  const publish = (): void => {
    const name = `m${count++}`;
    const bytes = random.pick([10, 50, 300, 700]);
    const of = message(name, { bytes });
    const targets = random.below(3) === 0 ? queues : [random.pick(queues)];
    for (const known of targets) {
      known.published.push(name);
      known.queue.publish(of, { confirm: random.below(4) > 0 });
    }
  };
  const reopen = (mayLose: boolean): void => {
    queues.forEach((known, at) => {
      known.check(new TestQueue(rig.open(QUEUES[at]!)), mayLose, loss);
    });
  };
  for (let step = 0; step < STEPS; step++) {
    const known = random.pick(queues);
    const position = known.positionOf(random);
    const action = random.below(100);
    if (action < 45) publish();
    else if (action < 60 && position !== undefined) {
      known.delivered.add(known.queue.held.get(position)!.message.routingKeys[0]!);
      known.queue.deliver(position);
    } else if (action < 78 && position !== undefined) {
      known.acknowledged.add(known.queue.held.get(position)!.message.routingKeys[0]!);
      known.queue.ack(position);
    } else if (action < 86) rig.advance(random.pick([0, 1, 30, 300, 1500, 16_000]));
    else if (action < 93) rig.settleOne();
    else if (action < 95) rig.settle();
    else {
      for (const one of queues) one.noteConfirms();
      if (action < 97) rig.crash();
      else if (action < 99) rig.losePower(random.pick(['lost', 'random', 'torn']), seed + step);
      else rig.restart();
      reopen(mayLoseOnPowerLoss && action >= 97 && action < 99);
    }
    for (const one of queues) one.noteConfirms();
  }
  rig.idle();
  for (const one of queues) one.noteConfirms();
  rig.crash();
  reopen(mayLoseOnPowerLoss);
  expect(rig.failures).toEqual([]);
  return loss;
}

describe('rabbitmq: store: random histories', () => {
  test.each<[ProfileName, 1 | 2, boolean]>([
    ['rabbitmq-3.8', 1, false],
    ['rabbitmq-3.12', 1, false],
    ['rabbitmq-3.12', 2, true],
    ['rabbitmq-3.13', 1, true],
    ['rabbitmq-4.3', 2, true],
  ])('rabbitmq: store: R1, R5, R7 in %s, index version %i', (name, version, mayLose) => {
    let lost = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const rig = new Rig(name, { version, quirks: { messageStoreScanDropsTail: false } });
      lost += play(rig, seed, mayLose).confirmedLost;
    }
    // Without a sync a loss of power takes what was confirmed; the watch must be able to see it.
    expect(lost > 0).toBe(mayLose);
  });
});

/**
 * A lock that is a message in a queue, held by two at once (Jepsen on RabbitMQ, 2014).
 *
 * Who has the queue's only message unacknowledged has the lock. A holder whose network fails loses
 * its connection, the message is ready again, and another gets it, while the first is still at
 * work: nobody can take back what it believes. What they guard stands for a file server that both
 * reach. Whoever begins draws the next number there; the fence is that it refuses a smaller one.
 */
import { choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';

const LOCK = 'lock';
const MAKER = 'maker';
const FIRST = 'worker-1';
const SECOND = 'worker-2';
/** What a worker does while it has the lock takes long: longer than the broker waits for it. */
const WORK_MS = 40_000;
const HEARTBEAT_SECONDS = 5;

interface World {
  readonly rabbit: RabbitCluster;
  readonly server: FileServer;
}

/** What the lock guards. It is reached by all, whatever the broker's network does. */
class FileServer {
  readonly #lab: Lab;
  readonly #isFenced: boolean;
  /** Writes that were tried; each ends the work of one who believed to have the lock. */
  tried = 0;
  /** Writes of one who had begun before another did, taken and refused. */
  stale = 0;
  refused = 0;
  /** The most who believed to have the lock at once. */
  holders = 0;

  constructor(lab: Lab, isFenced: boolean) {
    this.#lab = lab;
    this.#isFenced = isFenced;
  }

  /** The last act of a worker: its number is the count of those who began up to it. */
  write(worker: string): void {
    const began = this.#lab.history.delivered;
    const number = began.findLastIndex(({ consumer }) => consumer === worker) + 1;
    this.holders = Math.max(this.holders, began.length - this.tried);
    this.tried += 1;
    if (number === began.length) return;
    if (this.#isFenced) this.refused += 1;
    else this.stale += 1;
  }
}

/** It works once, gives the lock back, and keeps it when it gets it again. */
function addWorker({ rabbit, server }: World, name: string): void {
  rabbit.addConsumer(name, LOCK, {
    ...{ prefetch: 1, processingMs: WORK_MS },
    client: { requestedHeartbeat: HEARTBEAT_SECONDS },
    decide: ({ seenBefore }) => {
      if (seenBefore > 0) return 'nothing';
      server.write(name);
      return 'requeue';
    },
  });
}

const got = ({ history }: Lab, worker: string): boolean =>
  history.delivered.some(({ consumer }) => consumer === worker);

const damaged = (measures: Measures) => measures['holders'] === 2 && measures['stale'] === 1;

export default experiment({
  id: 'lock-held-twice',
  breaks: 'X3',
  knobs: {
    quirk: choice(['on', 'off'], 'on', {
      en: 'Off: the file server refuses whoever has a smaller number than another who has begun.',
      zh: '关闭时，文件服务器会拒绝编号较小的一方：已经有编号更大的人开工了。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    const rabbit = new RabbitCluster(lab, { profile: knobs.profile });
    const server = new FileServer(lab, knobs.quirk === 'off');
    lab.invariant('X3', 'always', () =>
      server.stale === 0
        ? null
        : `the file server took the write of ${FIRST} after ${SECOND} had begun`,
    );
    return { rabbit, server };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'The broker starts', zh: '服务器启动' },
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 30_000,
    },
    {
      id: 'lock',
      title: { en: 'A queue with one message', zh: '一个队列，一条消息' },
      do: ({ rabbit }) => {
        rabbit.declare({ queues: [{ queue: LOCK, durable: true }] });
        rabbit.addPublisher(MAKER);
      },
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'token',
      title: { en: 'The message is the lock', zh: '这条消息就是锁' },
      do: ({ rabbit }) =>
        rabbit.publish(MAKER, { routingKey: LOCK, properties: { deliveryMode: 2 } }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 30_000,
    },
    {
      id: 'first',
      title: { en: 'The first worker gets it', zh: '第一个进程拿到锁' },
      do: (world) => addWorker(world, FIRST),
      until: (_, lab) => got(lab, FIRST),
      timeLimitMs: 30_000,
    },
    {
      id: 'second',
      title: { en: 'The second one waits', zh: '第二个进程等待' },
      do: (world) => addWorker(world, SECOND),
      until: ({ rabbit }) => rabbit.queue(LOCK)?.consumers === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'cut',
      title: { en: 'The first one is cut off from the broker', zh: '第一个进程与服务器断开' },
      do: ({ rabbit }, lab) =>
        lab.inject({ fault: 'partition', groups: [[FIRST], [...rabbit.nodeNames]] }),
      until: (_, lab) => got(lab, SECOND),
      timeLimitMs: 60_000,
    },
    {
      id: 'write',
      title: { en: 'Both end their work', zh: '两个都干完了' },
      until: ({ server }) => server.tried === 2,
      timeLimitMs: 120_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world: { server } }) {
    const { holders, stale, refused } = server;
    return { holders, stale, refused };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, damaged, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ]),
    'the-fence-refuses': prove(
      { quirk: 'off' },
      (measures) => measures['refused'] === 1 && measures['stale'] === 0,
      [{ name: 'there is no fence', knobs: { quirk: 'on' } }],
    ),
  },
});

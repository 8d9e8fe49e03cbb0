/** Kafka on ZooKeeper: what stands in the znodes, who is the controller, who is alive. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { brokerData, controllerData } from '#engine/kafka/zookeeper/zk-data.ts';
import { ZookeeperTool } from './zookeeper-tool.ts';
import { judgeDelivery } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { ZOOKEEPER_HOST, znodeOf, zooKeeperOf } from '#engine/lab/kafka-zookeeper.ts';
import type { Run } from '#engine/lab/run.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import type { ZnodeView } from '#engine/zookeeper/zookeeper-server.ts';
import { isWritten } from '../cluster-story.ts';
import type { StoryStep } from '../cluster-story.ts';
import { play } from './zookeeper-story.ts';

/** What a broker 3.9.1 with the topic t1 wrote into our server, as ZooKeeper's shell showed it. */
const recorded = readFileSync(new URL('znodes-3.9.1.txt', import.meta.url), 'utf8').split('\n');
const STATE = '/brokers/topics/pay/partitions/0/state';

function tracesOf(run: Run, kind: string) {
  return [...run.world.trace.entries()].filter((entry) => entry.kind === kind);
}

function expectWell(run: Run): void {
  expect(run.world.failure).toBeNull();
  expect(run.violation).toBeNull();
  expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
  expect(judgeDelivery(run.history).lost).toEqual([]);
}

/** A step that looks and goes on at once. */
function look(id: string, at: (lab: Lab) => void): StoryStep {
  return { id, do: (_, lab) => at(lab), until: () => true, timeLimitMs: 10 };
}

function stateIn(lab: Lab): Readonly<Record<string, unknown>> {
  return JSON.parse(znodeOf(lab, STATE)?.data ?? '{}') as Readonly<Record<string, unknown>>;
}

describe('kafka: zookeeper mode: znodes', () => {
  test('their paths, data and versions are those that a broker 3.9.1 wrote', () => {
    let znodes: readonly ZnodeView[] = [];
    const run = play({ brokers: 1 }, [
      look('look', (lab) => {
        znodes = zooKeeperOf(lab)?.znodes ?? [];
      }),
    ]);
    expectWell(run);
    const paths = recorded.filter((line) => /^\/\w/.test(line) && !line.startsWith('/zookeeper'));
    const ours = znodes.map(({ path }) => path).filter((path) => !path.startsWith('/zookeeper'));
    expect(new Set(ours.filter((path) => path !== '/'))).toEqual(
      new Set(paths.map((path) => path.replace('t1', 'pay'))),
    );
    const dataOf = (path: string) => znodes.find((znode) => znode.path === path)?.data;
    const lineWith = (text: string) => recorded.find((line) => line.includes(text))!;
    expect(dataOf(STATE)).toBe(lineWith('controller_epoch":1'));
    expect(dataOf('/feature')).toBe(lineWith('"features"'));
    const id = /"topic_id":"[^"]*"/;
    expect(dataOf('/brokers/topics/pay')?.replace(id, '')).toBe(
      lineWith('topic_id').replace(id, ''),
    );
    expect(dataOf('/cluster/id')?.replace(/"id".*/, '')).toBe(
      lineWith('"version":"1"').replace(/"id".*/, ''),
    );
    expect(dataOf('/controller_epoch')).toBe('1');
    expect(znodes.find(({ path }) => path === '/controller_epoch')?.version).toBe(1);
    const lasting = znodes.filter(({ ephemeralOwner }) => ephemeralOwner === '0x0');
    const gone = znodes.filter((znode) => !lasting.includes(znode)).map(({ path }) => path);
    expect(gone).toEqual(['/brokers/ids/1', '/controller']);
  });

  test('a registration and the office take as many bytes as recorded: 204 and 80', () => {
    const info = { host: '127.0.0.1', port: 29092, rack: null };
    expect(brokerData(info, 1_795_257_221_210).length).toBe(204);
    expect(controllerData(1, 1_795_257_221_210).length).toBe(80);
    expect(recorded).toContain('dataLength = 204');
    expect(recorded).toContain('dataLength = 80');
  });
});

describe('kafka: zookeeper mode: registration', () => {
  test('a dead broker is registered until its session expires, then another one leads', () => {
    const seen: number[] = [];
    const run = play({ sessionTimeoutMs: 6000 }, [
      {
        id: 'die',
        do: (_, lab) => {
          seen.push(lab.now);
          lab.inject({ fault: 'crash', host: 'broker-1' });
        },
        until: (_, lab) => znodeOf(lab, '/brokers/ids/1') === null,
        timeLimitMs: 20_000,
      },
      look('gone', (lab) => seen.push(lab.now)),
      {
        id: 'elect',
        until: ({ cluster }) => (cluster.leaderOf('pay', 0) ?? 1) !== 1,
        timeLimitMs: 8_000,
      },
      look('state', (lab) => {
        expect(stateIn(lab)).toMatchObject({ leader: 2, leader_epoch: 1, isr: [2, 3] });
        expect(znodeOf(lab, STATE)?.ephemeralOwner).toBe('0x0');
      }),
    ]);
    expectWell(run);
    const waitedMs = (seen[1]! - seen[0]!) / 1000;
    expect(waitedMs).toBeGreaterThanOrEqual(4000);
    expect(waitedMs).toBeLessThanOrEqual(8000);
  });

  test('a session outlives a connection: nothing changes, and the broker epoch stays', () => {
    const before: (string | undefined)[] = [];
    const run = play({ sessionTimeoutMs: 18_000 }, [
      look('cut', (lab) => {
        before.push(znodeOf(lab, '/brokers/ids/2')?.ephemeralOwner);
        for (const [from, to] of [
          ['broker-2', ZOOKEEPER_HOST],
          [ZOOKEEPER_HOST, 'broker-2'],
        ] as const) {
          lab.inject({ fault: 'cut', from, to });
        }
      }),
      { id: 'wait', until: () => false, timeLimitMs: 8_000 },
      look('mend', (lab) => {
        lab.inject({ fault: 'heal' });
        before.push(znodeOf(lab, '/brokers/ids/2')?.ephemeralOwner);
      }),
      { id: 'wait-again', until: () => false, timeLimitMs: 15_000 },
      look('look', (lab) => before.push(znodeOf(lab, '/brokers/ids/2')?.ephemeralOwner)),
    ]);
    expect(run.world.failure).toBeNull();
    expect(new Set(before).size).toBe(1);
    expect(before[0]).not.toBe('0x0');
    expect(run.violation).toBeNull();
  });

  test('an expired broker that lives registers anew with a greater epoch', () => {
    const run = play({ sessionTimeoutMs: 4000 }, [
      look('isolate', (lab) =>
        lab.inject({ fault: 'isolate', host: 'broker-3', from: [ZOOKEEPER_HOST] }),
      ),
      {
        id: 'expire',
        until: ({ cluster }) => cluster.controller?.brokers.length === 2,
        timeLimitMs: 20_000,
      },
    ]);
    expectWell(run);
    const mine = tracesOf(run, 'zk-registered').filter(({ data }) => data['broker'] === 3);
    const epochs = mine
      .filter(({ data }) => data['error'] === 'OK')
      .map(({ data }) => data['epoch']);
    expect(epochs).toHaveLength(2);
    expect(Number(epochs[1])).toBeGreaterThan(Number(epochs[0]));
  });

  test('a broker that stops asks first: its leaders move, its znode goes at once', () => {
    const run = play({ sessionTimeoutMs: 18_000 }, [
      {
        id: 'stop',
        do: (_, lab) => lab.inject({ fault: 'stop', host: 'broker-1' }),
        until: ({ cluster }, lab) =>
          lab.host('broker-1').state !== 'running' && cluster.leaderOf('pay', 0) === 2,
        timeLimitMs: 7_000,
      },
      look('look', (lab) => expect(znodeOf(lab, '/brokers/ids/1')).toBeNull()),
    ]);
    expectWell(run);
  });
});

describe('kafka: zookeeper mode: the controller', () => {
  test('one broker holds the office; when its session ends another one raises the epoch', () => {
    const offices: (string | null)[] = [];
    const run = play({ sessionTimeoutMs: 6000 }, [
      {
        id: 'die',
        do: ({ cluster }, lab) => {
          offices.push(cluster.activeController);
          lab.inject({ fault: 'crash', host: cluster.activeController! });
          cluster.send('producer-1', 'pay', 3);
        },
        until: ({ cluster }, lab) => {
          const now = cluster.activeController;
          return now !== null && now !== offices[0] && isWritten(lab);
        },
        timeLimitMs: 30_000,
      },
      look('look', (lab) => {
        expect(znodeOf(lab, '/controller_epoch')?.data).toBe('2');
        const office = znodeOf(lab, '/controller');
        expect(office?.ephemeralOwner).not.toBe('0x0');
      }),
    ]);
    expectWell(run);
    const active = tracesOf(run, 'controller-active').map(({ data }) => data['epoch']);
    expect(active).toEqual([1, 2]);
  });

  test('a zombie controller learns that its session is over, and gives the office up', () => {
    let zombie = '';
    const run = play({ sessionTimeoutMs: 4000 }, [
      {
        id: 'pause',
        do: ({ cluster }, lab) => {
          zombie = cluster.activeController!;
          lab.inject({ fault: 'pause', host: zombie });
        },
        until: (_, lab) => znodeOf(lab, '/controller_epoch')?.data === '2',
        timeLimitMs: 20_000,
      },
      {
        id: 'resume',
        do: (_, lab) => lab.inject({ fault: 'resume', host: zombie }),
        until: (_, lab) => zooKeeperOf(lab)?.sessions.length === 3,
        timeLimitMs: 20_000,
      },
    ]);
    expectWell(run);
    const resigned = tracesOf(run, 'zk-controller').filter(({ host }) => host === zombie);
    expect(resigned).not.toEqual([]);
  });

  test('a broker refuses what an older controller epoch tells it', () => {
    const answers: number[] = [];
    const tell: StoryStep = {
      id: 'tell',
      do: (_, lab) => {
        for (const epoch of [0, 1]) {
          ZookeeperTool.tell(lab, 'broker-2', epoch, (code) => answers.push(code));
        }
      },
      until: () => answers.length === 2,
      timeLimitMs: 2_000,
    };
    const run = play({}, [tell]);
    expect(answers).toEqual([ErrorCode.STALE_CONTROLLER_EPOCH, ErrorCode.NONE]);
    const told = tracesOf(run, 'zk-told').map(({ data }) => data['error']);
    expect(told.filter((error) => error !== 'NONE')).toEqual(['STALE_CONTROLLER_EPOCH']);
  });

  test('a write on an epoch that another raised is refused whole, the office is over', () => {
    const run = play({}, [
      look('raise', (lab) => ZookeeperTool.set(lab, '/controller_epoch', '7')),
      {
        id: 'raised',
        until: (_, lab) => znodeOf(lab, '/controller_epoch')?.data === '7',
        timeLimitMs: 500,
      },
      {
        id: 'create-late',
        do: ({ cluster }) => cluster.createTopic('late', { partitions: 1, replicationFactor: 3 }),
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
      look('look', (lab) => {
        const state = znodeOf(lab, '/brokers/topics/late/partitions/0/state');
        expect(JSON.parse(state?.data ?? '{}')).toMatchObject({ controller_epoch: 7 });
      }),
    ]);
    expectWell(run);
    const reasons = tracesOf(run, 'zk-controller').map(({ data }) => data['reason']);
    expect(reasons).toContain('another controller has raised the epoch');
  });

  test('without ZooKeeper records flow, and a topic waits until it is back', () => {
    const run = play({}, [
      {
        id: 'down',
        do: ({ cluster }, lab) => {
          lab.inject({ fault: 'power', host: ZOOKEEPER_HOST });
          cluster.send('producer-1', 'pay', 5);
          cluster.createTopic('late', { partitions: 1, replicationFactor: 3 });
        },
        until: ({ cluster }) => cluster.leaderOf('late', 0) !== null,
        timeLimitMs: 5_000,
      },
      look('look', (lab) => expect(isWritten(lab)).toBe(true)),
      {
        id: 'up',
        do: (_, lab) => lab.inject({ fault: 'start', host: ZOOKEEPER_HOST }),
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
    ]);
    expect(run.steps.filter(({ reached }) => !reached).map(({ id }) => id)).toEqual(['down']);
    expect(run.world.failure).toBeNull();
    expect(run.violation).toBeNull();
  });

  test('a znode in /admin/delete_topics deletes the topic: states, replicas, itself', () => {
    const run = play({ brokers: 1 }, [
      {
        id: 'create-old',
        do: ({ cluster }) => cluster.createTopic('old', { partitions: 2, replicationFactor: 1 }),
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
      {
        id: 'delete',
        do: (_, lab) => ZookeeperTool.create(lab, '/admin/delete_topics/old'),
        until: ({ cluster }, lab) =>
          cluster.replica(1, 'old', 0) === null &&
          zooKeeperOf(lab)?.znodes.every(({ path }) => !path.includes('old')) === true,
        timeLimitMs: 5_000,
      },
    ]);
    expect(run.world.failure).toBeNull();
    expect(run.steps.find(({ id }) => id === 'delete')?.reached).toBe(true);
  });
});

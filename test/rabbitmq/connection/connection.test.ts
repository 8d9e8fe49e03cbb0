/**
 * Connections and channels of the broker in the simulated world: the handshake, heartbeats, alarms,
 * both ways to close, and what a channel answers. Each transition of both machines is visited.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { channelMachine } from '../../../engine/rabbitmq/channel/channel.machine.ts';
import { connectionMachine } from '../../../engine/rabbitmq/connection/connection.machine.ts';
import type { Message } from '../../../engine/rabbitmq/message.ts';
import { ClassicQueue } from '../../../engine/rabbitmq/queue/classic-queue.ts';
import { classicQueues } from '../../../engine/rabbitmq/queue/classic-queue-type.ts';
import type { Publisher } from '../../../engine/rabbitmq/queue/queue.ts';
import type { QueueTypeModule } from '../../../engine/rabbitmq/queue/queue-types.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { command } from '../../../engine/wire/amqp/command.ts';
import { edgesOf, Rig } from './rig.ts';

const seen = new Set<string>();
const rigs: Rig[] = [];

function rigOf(...args: ConstructorParameters<typeof Rig>): Rig {
  const rig = new Rig(...args);
  rigs.push(rig);
  return rig;
}

/** Two clients are connected, and both have channel 1. */
function opened(clients = 1, options = {}): Rig {
  const rig = rigOf(clients);
  for (let number = 1; number <= clients; number++) rig.open(options, number);
  return rig;
}

/** A classic queue whose confirms come when the test says so, as those of one far away. */
function slow(): { rig: Rig; confirm: (...numbers: readonly number[]) => void } {
  const open: ((isTaken: boolean) => void)[] = [];
  class SlowQueue extends ClassicQueue {
    override publish(message: Message, publisher: Publisher | null): void {
      open.push((isTaken) => publisher?.[isTaken ? 'confirmed' : 'rejected'](this.name));
      super.publish(message, null);
    }
  }
  const type: QueueTypeModule = {
    ...classicQueues,
    open: ({ declaration }, context) => new SlowQueue(declaration, context, null),
  };
  const rig = rigOf(1, { queueTypes: [type] });
  rig.open();
  rig.call(1, 'queue.declare', { queue: 'q' });
  /** Of the publishes by their number, those that are negative are refused. */
  const confirm = (...numbers: readonly number[]): void =>
    rig.at('rabbit', () => {
      for (const number of numbers) open[Math.abs(number) - 1]!(number > 0);
    });
  return { rig, confirm };
}

afterAll(() => {
  for (const rig of rigs) {
    for (const machine of ['amqp-connection', 'amqp-channel']) {
      for (const edge of rig.visited(machine)) seen.add(`${machine}: ${edge}`);
    }
  }
  for (const machine of [connectionMachine, channelMachine]) {
    const known = edgesOf(machine).map((edge) => `${machine.id}: ${edge}`);
    expect(known.filter((edge) => !seen.has(edge))).toEqual([]);
  }
});

describe('rabbitmq: connection: handshake', () => {
  test('header, login, limits, virtual host, each in its state', () => {
    const rig = rigOf();
    const states = [rig.state()];
    const step = (...lines: string[]) => states.push(rig.state(), ...lines);
    step(...rig.header());
    step(...rig.startOk());
    step(...rig.call(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1, heartbeat: 0 }));
    step(...rig.call(0, 'connection.open', { virtualHost: '/' }));
    expect(states).toEqual([
      'pre_init',
      ...['starting', 'connection.start'],
      ...['tuning', 'connection.tune'],
      'opening',
      ...['running', 'connection.open-ok'],
    ]);
  });

  test('who does not finish within 10 s is dropped without a word', () => {
    const rig = rigOf();
    rig.header();
    rig.sleep(9_800);
    expect(rig.state()).toBe('starting');
    rig.sleep(400);
    expect([rig.state(), rig.heard()]).toEqual(['gone', ['eof']]);
  });

  test('AMQPLAIN: the entries of a table', () => {
    const rig = rigOf();
    rig.header();
    // `LOGIN` and `PASSWORD` as longstr values, without the table's size
    const entry = (name: string) =>
      Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(`${name}S`),
        Buffer.from([0, 0, 0, 5]),
        Buffer.from('guest'),
      ]);
    const response = new Uint8Array(Buffer.concat([entry('LOGIN'), entry('PASSWORD')]));
    const args = { mechanism: 'AMQPLAIN', response, clientProperties: fieldTable({}) };
    expect(rig.call(0, 'connection.start-ok', args)).toEqual(['connection.tune']);
  });

  test('a wrong password: 403 to who understands it, else 3 s of silence', () => {
    const rig = rigOf(2);
    for (const number of [1, 2]) rig.header(number);
    expect(rig.startOk({ password: 'no' }, 1)).toEqual(['connection.close 403 ACCESS_REFUSED 0.0']);
    expect(rig.startOk({ password: 'no', isCapable: false }, 2)).toEqual([]);
    rig.sleep(3_100);
    expect([rig.heard(1), rig.heard(2)]).toEqual([['eof'], ['eof']]);
  });

  test.each([
    ['starting', 0],
    ['tuning', 1],
  ])('an error in %s is 3 s of silence', (_state, steps) => {
    const rig = rigOf();
    rig.header();
    if (steps > 0) rig.startOk();
    expect(rig.call(0, 'connection.open')).toEqual([]);
    expect(rig.state()).toBe('handshake_error');
    rig.sleep(2_800);
    expect(rig.state()).toBe('handshake_error');
    rig.sleep(200);
    expect(rig.heard()).toEqual(['eof']);
  });

  test('an error in opening is told: 530 for an unknown virtual host', () => {
    const rig = rigOf();
    rig.header();
    rig.startOk();
    rig.call(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1, heartbeat: 0 });
    const heard = rig.call(0, 'connection.open', { virtualHost: 'absent' });
    expect(heard).toEqual(['connection.close 530 NOT_ALLOWED 10.40']);
    expect(rig.call(0, 'connection.close-ok')).toEqual(['eof']);
  });
});

describe('rabbitmq: connection: heartbeats', () => {
  test('one is sent after each half of the interval in which nothing else was', () => {
    const rig = opened(1, { heartbeat: 10 });
    rig.sleep(4_000);
    expect(rig.heard()).toEqual([]);
    rig.sleep(2_000);
    expect(rig.heard()).toEqual(['heartbeat']);
  });

  test('a client that is silent for two checks is dropped without a close', () => {
    const rig = opened(1, { heartbeat: 10 });
    for (let round = 0; round < 5; round++) {
      rig.sleep(9_000);
      rig.heartbeat();
    }
    expect(rig.state()).toBe('running');
    rig.heard();
    rig.sleep(31_000);
    const heard = rig.heard();
    expect(heard.at(-1)).toBe('eof');
    expect(new Set(heard.slice(0, -1))).toEqual(new Set(['heartbeat']));
  });

  test('0 means none: silence is no reason', () => {
    const rig = opened();
    rig.sleep(600_000);
    expect([rig.state(), rig.heard()]).toEqual(['running', []]);
  });
});

describe('rabbitmq: connection: closing', () => {
  test('the client closes: channels end, close-ok, and the socket is the client`s to close', () => {
    const rig = opened();
    rig.call(1, 'queue.declare', { queue: 'mine', exclusive: true });
    expect(rig.vhost.queues.size).toBe(1);
    expect(rig.call(0, 'connection.close', { replyCode: 200 })).toEqual(['connection.close-ok']);
    expect([rig.state(), rig.vhost.queues.size, rig.channelCount]).toEqual([...['closed', 0, 0]]);
    expect(rig.call(0, 'connection.close', { replyCode: 200 })).toEqual(['connection.close-ok']);
    rig.sleep(30_100);
    expect([rig.state(), rig.heard()]).toEqual(['gone', ['eof']]);
  });

  test('a hard error: the close names the method, and only its answer is listened to', () => {
    const rig = opened();
    const heard = rig.call(1, 'basic.qos', { prefetchSize: 1 });
    expect(heard).toEqual(['connection.close 540 NOT_IMPLEMENTED 60.10']);
    expect(rig.call(1, 'queue.declare')).toEqual([]);
    expect(rig.call(0, 'connection.close-ok')).toEqual(['eof']);
    expect(rig.state()).toBe('gone');
  });

  test('the answer to a close is waited for as long as a heartbeat, at most 30 s', () => {
    const rig = opened(1, { heartbeat: 4 });
    rig.call(0, 'connection.start');
    rig.sleep(3_900);
    expect(rig.state()).toBe('closed');
    rig.sleep(200);
    expect(rig.state()).toBe('gone');
  });

  test('the node goes down: 320', () => {
    const rig = opened();
    rig.at('rabbit', () => rig.broker.listener.close('bye', () => undefined));
    expect(rig.heard()).toEqual(['connection.close 320 CONNECTION_FORCED 0.0']);
  });

  test('a client that dies takes its channels, consumers and exclusive queues along', () => {
    const rig = opened(2);
    rig.call(1, 'queue.declare', { queue: 'shared' });
    rig.call(1, 'queue.declare', { queue: 'mine', exclusive: true });
    rig.call(1, 'basic.consume', { queue: 'shared', consumerTag: 'c' });
    rig.publish({ routingKey: 'shared' }, 'one', {}, 2);
    expect(rig.heard(1)).toEqual(["basic.deliver 1 'one'"]);
    rig.world.hostNamed('client-1')!.kill(false);
    rig.sleep(100);
    expect([...rig.vhost.queues.keys()]).toEqual(['shared']);
    const again = rig.call(1, 'basic.get', { queue: 'shared' }, 2);
    expect(again).toEqual(["basic.get-ok 1 redelivered 'one'"]);
  });

  test('more channels than were agreed on: 530', () => {
    const rig = opened(1, { channelMax: 2 });
    expect(rig.call(7, 'channel.open')).toEqual(['channel.open-ok']);
    expect(rig.call(8, 'channel.open')).toEqual(['connection.close 530 NOT_ALLOWED 0.0']);
  });
});

describe('rabbitmq: connection: alarms', () => {
  test('who publishes while memory is short is told and not read until it is not', () => {
    const rig = opened(2);
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.at('rabbit', () => rig.broker.listener.setAlarm('memory', true));
    expect(rig.state(0)).toBe('blocking');
    expect(rig.publish({ routingKey: 'q' }, 'one')).toEqual(['connection.blocked low on memory']);
    expect(rig.publish({ routingKey: 'q' }, 'two')).toEqual([]);
    const stat = () => (rig.vhost.queues.get('q') as ClassicQueue).readyCount;
    expect([rig.state(0), stat()]).toEqual(['blocked', 1]);
    // a consumer goes on
    expect(rig.call(1, 'basic.get', { queue: 'q', noAck: true }, 2)).toEqual([
      "basic.get-ok 1 'one'",
    ]);
    rig.at('rabbit', () => rig.broker.listener.setAlarm('memory', false));
    expect(rig.heard()).toEqual(['connection.unblocked']);
    expect([rig.state(0), stat()]).toEqual(['running', 1]);
  });

  test('a blocked connection is closed by the node, and ends with its client', () => {
    const rig = opened(2);
    rig.at('rabbit', () => rig.broker.listener.setAlarm('disk', true));
    rig.publish({ routingKey: 'q' }, 'one', {}, 1);
    rig.publish({ routingKey: 'q' }, 'one', {}, 2);
    rig.world.hostNamed('client-2')!.kill(false);
    rig.at('rabbit', () => rig.broker.listener.close('bye', () => undefined));
    expect(rig.heard(1)).toEqual(['connection.close 320 CONNECTION_FORCED 0.0']);
  });
});

describe('rabbitmq: channel', () => {
  test('declare, publish, get, ack', () => {
    const rig = opened();
    expect(rig.call(1, 'queue.declare', { queue: 'q' })).toEqual(['queue.declare-ok']);
    expect(rig.publish({ routingKey: 'q' }, 'x'.repeat(9000), { deliveryMode: 2 })).toEqual([]);
    const [got] = rig.call(1, 'basic.get');
    expect(got!.length).toBe("basic.get-ok 1 ''".length + 9000);
    expect(rig.call(1, 'basic.ack', { deliveryTag: 1 })).toEqual([]);
    expect(rig.call(1, 'basic.get')).toEqual(['basic.get-empty']);
    expect(rig.call(1, 'queue.delete')).toEqual(['queue.delete-ok']);
    expect(rig.call(1, 'channel.close')).toEqual(['channel.close-ok']);
    expect(rig.channelCount).toBe(0);
  });

  test('no-wait: nothing is answered', () => {
    const rig = opened();
    const noWait = true;
    expect(rig.call(1, 'queue.declare', { queue: 'q', noWait })).toEqual([]);
    expect(rig.call(1, 'basic.consume', { consumerTag: 'c', noWait })).toEqual([]);
    expect(rig.call(1, 'basic.cancel', { consumerTag: 'c', noWait })).toEqual([]);
    expect(rig.call(1, 'confirm.select', { noWait })).toEqual([]);
  });

  test('consume-ok comes before the first delivery', () => {
    const rig = opened();
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.publish({ routingKey: 'q' }, 'one');
    expect(rig.call(1, 'basic.consume', { queue: 'q' })).toEqual([
      'basic.consume-ok',
      "basic.deliver 1 'one'",
    ]);
  });

  test('a soft error ends the channel only, which then waits for close-ok', () => {
    const rig = opened();
    rig.call(2, 'channel.open');
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'c' });
    expect(rig.call(1, 'basic.ack', { deliveryTag: 9 })).toEqual([
      'channel.close 406 PRECONDITION_FAILED 60.80',
    ]);
    expect(rig.channelCount).toBe(1);
    expect(rig.call(1, 'queue.declare', { queue: 'ignored' })).toEqual([]);
    expect(rig.call(1, 'channel.close', { replyCode: 200 })).toEqual(['channel.close-ok']);
    expect(rig.call(1, 'channel.close-ok')).toEqual([]);
    expect(rig.vhost.queues.has('ignored')).toBe(false);
    expect(rig.call(1, 'channel.open')).toEqual(['channel.open-ok']);
    expect(rig.call(2, 'queue.declare', { queue: 'q', passive: true })).toEqual([
      'queue.declare-ok',
    ]);
  });

  test('the queue of a consumer is deleted: it is told, unless it cannot understand', () => {
    const rig = rigOf(2);
    rig.open();
    rig.open({ isCapable: false }, 2);
    for (const number of [1, 2]) {
      const queue = `q${number}`;
      rig.call(1, 'queue.declare', { queue }, number);
      rig.call(1, 'basic.consume', { queue, consumerTag: 'c' }, number);
      rig.at('rabbit', () => {
        const condition = { ifUnused: false, ifEmpty: false };
        rig.vhost.deleteQueue(rig.vhost.queues.get(queue)!, condition, () => {});
      });
    }
    expect([rig.heard(1), rig.heard(2)]).toEqual([['basic.cancel c'], []]);
    // the tag is free again
    rig.call(1, 'queue.declare', { queue: 'q1' });
    expect(rig.call(1, 'basic.consume', { queue: 'q1', consumerTag: 'c' })).toEqual([
      'basic.consume-ok',
    ]);
  });

  test('confirms: a return comes before its ack', () => {
    const rig = opened();
    rig.call(1, 'confirm.select');
    expect(rig.publish({ routingKey: 'absent', mandatory: true }, 'one')).toEqual([
      "basic.return 312 'one'",
      'basic.ack 1',
    ]);
  });

  test('confirms of a moment are sent together, and cover no number that is open', () => {
    const { rig, confirm } = slow();
    rig.call(1, 'confirm.select');
    for (let number = 1; number <= 8; number++) rig.publish({ routingKey: 'q' }, 'one');
    const answer = (...numbers: readonly number[]): string[] => {
      confirm(...numbers);
      return rig.heard();
    };
    expect(answer(3)).toEqual(['basic.ack 3']);
    expect(answer(5, 1, 2)).toEqual(['basic.ack 2 multiple', 'basic.ack 5']);
    expect(answer(6, -4, 7)).toEqual(['basic.nack 4', 'basic.ack 6', 'basic.ack 7']);
    expect(answer(8)).toEqual(['basic.ack 8']);
  });

  test('a transaction shows nothing before its commit', () => {
    const rig = opened();
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.call(1, 'tx.select');
    rig.publish({ routingKey: 'q' }, 'one');
    expect(rig.call(1, 'basic.get')).toEqual(['basic.get-empty']);
    expect(rig.call(1, 'tx.commit')).toEqual(['tx.commit-ok']);
    expect(rig.call(1, 'basic.get')).toEqual(["basic.get-ok 1 'one'"]);
    rig.publish({ routingKey: 'q' }, 'two');
    expect(rig.call(1, 'tx.rollback')).toEqual(['tx.rollback-ok']);
    expect(rig.call(1, 'tx.commit')).toEqual(['tx.commit-ok']);
    expect(rig.call(1, 'basic.get')).toEqual(['basic.get-empty']);
  });

  describe('a commit that waits for the queues', () => {
    function committing(isTaken = true): { rig: Rig; finish: () => void } {
      const { rig, confirm } = slow();
      rig.call(1, 'tx.select');
      rig.publish({ routingKey: 'q' }, 'one');
      expect(rig.call(1, 'tx.commit')).toEqual([]);
      return { rig, finish: () => confirm(isTaken ? 1 : -1) };
    }

    test('is answered when they are done', () => {
      const { rig, finish } = committing();
      finish();
      expect(rig.heard()).toEqual(['tx.commit-ok']);
    });

    test('any method meanwhile is a 504', () => {
      const { rig } = committing();
      expect(rig.call(1, 'queue.declare')).toEqual(['connection.close 504 CHANNEL_ERROR 50.10']);
    });

    test('is an error where one refused', () => {
      const { rig, finish } = committing(false);
      finish();
      expect(rig.heard()).toEqual(['channel.close 406 PRECONDITION_FAILED 90.20']);
    });

    test('the channel may be closed meanwhile', () => {
      const { rig, finish } = committing();
      expect(rig.call(1, 'channel.close')).toEqual(['channel.close-ok']);
      finish();
      expect(rig.heard()).toEqual([]);
    });

    test('and so may the connection', () => {
      const { rig, finish } = committing();
      expect(rig.call(0, 'connection.close')).toEqual(['connection.close-ok']);
      finish();
      expect(rig.heard()).toEqual([]);
    });
  });
});

test('rabbitmq: connection: encoded sizes are charged: a publish takes its frames` octets', () => {
  const rig = opened();
  rig.publish({ routingKey: 'q' }, 'x'.repeat(5000));
  const sent = [...rig.world.trace.entries()].filter(
    ({ kind, data }) => kind === 'send' && data['what'] === 'basic.publish on 1',
  );
  // 8 + 4 + 2 + 1 + 2 + 1 for the method, 8 + 14 for the header, 2 * 8 + 5000 for the body
  expect(sent.map(({ data }) => data['bytes'])).toEqual([18 + 22 + 5016]);
});

test('rabbitmq: connection: methods of a channel before it is open: 504', () => {
  const rig = opened();
  rig.send(command(5, 'queue.declare', {}));
  expect(rig.heard()).toEqual(['connection.close 504 CHANNEL_ERROR 50.10']);
});

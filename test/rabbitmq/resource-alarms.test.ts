/** Alarms: a node that is short of memory or disk stops those who publish, and nobody else. */
import { describe, expect, test } from 'vitest';
import { rabbitNarration } from '../../engine/rabbitmq/narration.ts';
import { Rig } from './connection/rig.ts';

const MB = 1_000_000;

describe('rabbitmq: resource alarms', () => {
  test('an alarm is told in English and Chinese, when it is raised and when it is cleared', () => {
    const { en, zh } = rabbitNarration['rabbitmq-alarm']!;
    const raised = { host: 'rabbit-1', resource: 'disk', raised: true };
    expect([en(raised), zh(raised)]).toEqual([
      'rabbit-1 is short of disk: who publishes is not read.',
      'rabbit-1 的磁盘不足，不再读取发布者的数据。',
    ]);
    const cleared = { host: 'rabbit-1', resource: 'memory', raised: false };
    expect([en(cleared), zh(cleared)]).toEqual([
      'rabbit-1 has enough memory again: publishers are read.',
      'rabbit-1 的内存恢复充足，重新读取发布者的数据。',
    ]);
  });

  test('a disk that fills raises the alarm, and clears it when there is room again', () => {
    const rig = new Rig(2);
    rig.open();
    rig.open({}, 2);
    rig.call(1, 'queue.declare', { queue: 'q', exclusive: false, durable: true });
    const { disk } = rig.world.hostNamed('rabbit')!;
    disk.limitTo(disk.usedBytes + 49 * MB);
    rig.sleep(10_100);
    expect(rig.broker.inspect().alarms).toEqual(['disk']);
    expect([rig.state(0), rig.state(1)]).toEqual(['blocking', 'blocking']);
    expect(rig.publish({ routingKey: 'q' }, 'one')).toEqual(['connection.blocked low on disk']);
    expect([rig.state(0), rig.state(1)]).toEqual(['blocked', 'blocking']);
    // Who does not publish is read, and given what is there.
    expect(rig.call(1, 'basic.get', { queue: 'q' }, 2)).toEqual(["basic.get-ok 1 'one'"]);
    disk.limitTo(disk.usedBytes + 51 * MB);
    rig.sleep(10_100);
    expect(rig.heard()).toEqual(['connection.unblocked']);
    expect([rig.state(0), rig.broker.inspect().alarms]).toEqual(['running', []]);
  });

  test('the less is left, the sooner the disk is looked at', () => {
    const rig = new Rig();
    const { disk } = rig.world.hostNamed('rabbit')!;
    // 50 MB above the limit can be gone in 200 ms; the disk is looked at after 400.
    disk.limitTo(disk.usedBytes + 100 * MB);
    rig.sleep(10_000);
    disk.limitTo(disk.usedBytes + 49 * MB);
    rig.sleep(400);
    expect(rig.broker.inspect().alarms).toEqual(['disk']);
  });

  test('disk_free_limit can be set, and holds at once', () => {
    const rig = new Rig();
    const { disk } = rig.world.hostNamed('rabbit')!;
    disk.limitTo(disk.usedBytes + 60 * MB);
    rig.at('rabbit', () => rig.broker.alarms.setDiskFreeLimit(70 * MB));
    expect(rig.broker.alarms.raised).toEqual(['disk']);
    rig.at('rabbit', () => rig.broker.alarms.setDiskFreeLimit(50 * MB));
    expect(rig.broker.alarms.raised).toEqual([]);
  });

  test('bodies above the high watermark raise the memory alarm until they are consumed', () => {
    const rig = new Rig(2, { limits: { memoryHighWatermark: 1000 } });
    rig.open();
    rig.open({}, 2);
    rig.call(1, 'queue.declare', { queue: 'q', durable: true });
    rig.publish({ routingKey: 'q' }, 'x'.repeat(1001));
    rig.sleep(2500);
    const blocked = ['connection.blocked low on memory'];
    expect(rig.publish({ routingKey: 'q' }, 'more')).toEqual(blocked);
    rig.call(1, 'basic.get', { queue: 'q' }, 2);
    rig.sleep(2500);
    // What is delivered and not acknowledged is still in memory.
    expect(rig.broker.alarms.raised).toEqual(['memory']);
    rig.call(1, 'basic.ack', { deliveryTag: 1 }, 2);
    rig.sleep(2500);
    expect(rig.heard()).toEqual(['connection.unblocked']);
    rig.at('rabbit', () => rig.broker.alarms.setMemoryHighWatermark(3));
    expect(rig.broker.alarms.raised).toEqual(['memory']);
    rig.at('rabbit', () => rig.broker.alarms.setMemoryHighWatermark(null));
    expect(rig.broker.alarms.raised).toEqual([]);
  });

  test('a client that did not announce the capability is stopped, too, and not told', () => {
    const rig = new Rig();
    rig.open({ isCapable: false });
    rig.call(1, 'queue.declare', { queue: 'q', durable: true });
    const { disk } = rig.world.hostNamed('rabbit')!;
    disk.limitTo(disk.usedBytes + 60 * MB);
    rig.at('rabbit', () => rig.broker.alarms.setDiskFreeLimit(70 * MB));
    expect(rig.publish({ routingKey: 'q' }, 'one')).toEqual([]);
    expect(rig.call(1, 'queue.declare', { queue: 'q', passive: true })).toEqual([]);
    rig.at('rabbit', () => rig.broker.alarms.setDiskFreeLimit(0));
    expect(rig.heard()).toEqual(['queue.declare-ok']);
  });
});

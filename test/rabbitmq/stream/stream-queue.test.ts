/** A stream as a queue: on one node, and with copies on others. */
import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../engine/wire/amqp/field-table.ts';
import { Channel, StreamRig, Told } from './stream-rig.ts';

const first: FieldValue = { type: 'longstr', value: 'first' };
const named = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `m${from + at}`);

describe('rabbitmq: a stream on one node', () => {
  it('what an event brings is one chunk, and is confirmed when it is written', () => {
    const rig = new StreamRig(['a']);
    const told = new Told();
    told.publish(rig.queue('a'), ...named(0, 5));
    expect(told.confirmed).toEqual([]);
    rig.settle();
    expect(told.confirmed).toEqual(named(0, 5));
    const log = rig.queue('a').member.log!;
    expect([log.begin('last'), log.nextOffset]).toEqual([0, 5]);
  });

  it('a time and an interval: from the first chunk that is not older', () => {
    const rig = new StreamRig(['a']);
    rig.settle(10_000);
    for (const body of named(0, 4)) {
      new Told().publish(rig.queue('a'), body);
      rig.settle(1000);
    }
    const channel = new Channel();
    channel.consume(rig.queue('a'), { type: 'timestamp', value: 12n }, 100, 'time');
    channel.consume(rig.queue('a'), { type: 'longstr', value: '2s' }, 100, 'interval');
    channel.consume(rig.queue('a'), { type: 'timestamp', value: 99n }, 100, 'future');
    expect(channel.bodies('time')).toEqual(['m2', 'm3']);
    expect(channel.bodies('interval')).toEqual(['m2', 'm3']);
    expect(channel.bodies('future')).toEqual([]);
  });

  it('a consumer that has no credit does not hold back another', () => {
    const rig = new StreamRig(['a']);
    const [slow, fast] = [new Channel(), new Channel()];
    slow.consume(rig.queue('a'), first, 2);
    fast.consume(rig.queue('a'), first);
    new Told().publish(rig.queue('a'), ...named(0, 10));
    rig.settle();
    expect(slow.bodies()).toEqual(named(0, 2));
    expect(fast.bodies()).toEqual(named(0, 10));
    rig.queue('a').settle(
      slow,
      slow.got.map(({ held }) => held),
    );
    expect(slow.bodies()).toEqual(named(0, 4));
  });

  it('a restart keeps what was confirmed, and a loss of power need not', () => {
    const rig = new StreamRig(['a']);
    const told = new Told();
    told.publish(rig.queue('a'), ...named(0, 3));
    rig.settle();
    rig.crash('a');
    rig.start('a');
    const channel = new Channel();
    channel.consume(rig.queue('a'), first);
    expect(channel.bodies()).toEqual(named(0, 3));
    rig.crash('a');
    rig.rig('a').losePower('lost', 1);
    rig.start('a');
    const again = new Channel();
    again.consume(rig.queue('a'), first);
    expect([told.confirmed, again.bodies()]).toEqual([named(0, 3), []]);
  });

  it('the end of a stream: consumers are cancelled, publishers refused, files gone', () => {
    const rig = new StreamRig(['a']);
    const channel = new Channel();
    const told = new Told();
    channel.consume(rig.queue('a'));
    told.publish(rig.queue('a'), 'm0');
    rig.queue('a').delete({ ifUnused: true, ifEmpty: true }, () => {});
    expect([channel.cancels, told.rejected]).toEqual([['c'], ['m0']]);
    expect(rig.rig('a').disk.list('stream')).toEqual([]);
    rig.settle();
    expect(channel.bodies()).toEqual([]);
  });

  it('a policy: what it says holds before the argument, and at once', () => {
    const rig = new StreamRig(['a'], undefined, [
      { name: 'x-stream-max-segment-size-bytes', value: { type: 'signedint', value: 200 } },
      { name: 'x-max-length-bytes', value: { type: 'signedint', value: 100_000 } },
    ]);
    for (const body of named(0, 20)) {
      new Told().publish(rig.queue('a'), body);
      rig.settle(1000);
    }
    const { log } = rig.queue('a').member;
    rig.queue('a').setPolicy({ 'max-length-bytes': 700 });
    const first = log!.firstOffset;
    expect(first).toBeGreaterThan(10);
    rig.settle(60_000);
    rig.queue('a').setPolicy({ 'max-age': '1m' });
    expect(log!.firstOffset).toBeGreaterThan(first);
    expect(log!.nextOffset).toBe(20);
  });

  it('a full disk: what was not written is refused', () => {
    const rig = new StreamRig(['a']);
    const told = new Told();
    rig.rig('a').disk.limitTo(0);
    told.publish(rig.queue('a'), 'm0');
    rig.settle();
    expect([told.confirmed, told.rejected]).toEqual([[], ['m0']]);
  });
});

describe('rabbitmq: a stream on three nodes', () => {
  const started = (): StreamRig => new StreamRig(['a', 'b', 'c']);

  it('R1: confirmed, and read, when a majority has it', () => {
    const rig = started();
    const told = new Told();
    const channel = new Channel();
    channel.consume(rig.queue('b'), first);
    rig.cut('b');
    rig.cut('c');
    told.publish(rig.queue('a'), ...named(0, 3));
    rig.settle();
    expect([told.confirmed, rig.queue('a').member.committed]).toEqual([[], 0]);
    expect(channel.bodies()).toEqual([]);
    rig.heal('b');
    rig.settle(1000);
    expect(told.confirmed).toEqual(named(0, 3));
    expect(channel.bodies()).toEqual(named(0, 3));
    expect(rig.queue('c').member.log?.nextOffset).toBe(0);
  });

  it('all copies have the same bytes', () => {
    const rig = started();
    const told = new Told();
    for (let i = 0; i < 60; i++) {
      told.publish(rig.queue('a'), ...named(i * 3, i * 3 + 3));
      rig.rig('a').advance(0);
    }
    rig.settle(500);
    expect(told.confirmed).toEqual(named(0, 180));
    const bytes = (node: string) => {
      const { disk } = rig.rig(node);
      return disk.list('stream').map((path) => [path, rig.rig(node).bytes(`stream/${path}`)]);
    };
    expect(bytes('b')).toEqual(bytes('a'));
    expect(bytes('c')).toEqual(bytes('a'));
  });

  it('a replica that was away copies what it missed', () => {
    const rig = started();
    const told = new Told();
    rig.crash('c');
    for (const body of named(0, 50)) {
      told.publish(rig.queue('a'), body);
      rig.settle();
    }
    expect(told.confirmed).toEqual(named(0, 50));
    rig.start('c');
    rig.settle(1000);
    const channel = new Channel();
    channel.consume(rig.queue('c'), first);
    expect(channel.bodies()).toEqual(named(0, 50));
  });

  it('a replica that lost power has a prefix, and copies the rest again', () => {
    const rig = started();
    const told = new Told();
    for (const body of named(0, 20)) {
      told.publish(rig.queue('a'), body);
      rig.settle();
    }
    for (let seed = 1; seed <= 10; seed++) {
      rig.crash('b');
      rig.rig('b').losePower('torn', seed);
      rig.start('b');
      rig.settle(1000);
      const channel = new Channel();
      channel.consume(rig.queue('b'), first);
      expect(channel.bodies()).toEqual(named(0, 20));
    }
  });

  it('what another node publishes is sent again after a cut, and is there once', () => {
    const rig = new StreamRig(['a', 'b', 'c', 'd'], ['a', 'b', 'c']);
    const told = new Told();
    told.publish(rig.queue('d'), ...named(0, 2));
    rig.settle();
    told.publish(rig.queue('d'), 'm2');
    rig.cut('d');
    told.publish(rig.queue('d'), 'm3');
    rig.settle(1000);
    expect(told.confirmed).toEqual(named(0, 2));
    rig.heal('d');
    rig.settle(1000);
    expect(told.confirmed).toEqual(named(0, 4));
    const channel = new Channel();
    channel.consume(rig.queue('a'), first);
    expect(channel.bodies()).toEqual(named(0, 4));
  });

  it('a node without a copy cannot consume', () => {
    const rig = new StreamRig(['a', 'b'], ['a']);
    expect(new Channel().consume(rig.queue('b'))).toMatchObject({
      code: 406,
      explanation:
        "stream queue 's' in vhost '/' does not have a running replica on the local node",
    });
  });

  it('retention took what a replica has not: it begins where the writer does', () => {
    const integer = (value: number): FieldValue => ({ type: 'signedint', value });
    const rig = new StreamRig(['a', 'b', 'c'], undefined, [
      { name: 'x-stream-max-segment-size-bytes', value: integer(200) },
      { name: 'x-max-length-bytes', value: integer(800) },
    ]);
    rig.crash('c');
    const told = new Told();
    for (const body of named(0, 40)) {
      told.publish(rig.queue('a'), body);
      rig.settle();
    }
    const from = rig.queue('a').member.log!.firstOffset;
    expect(from).toBeGreaterThan(20);
    rig.start('c');
    rig.settle(1000);
    const channel = new Channel();
    channel.consume(rig.queue('c'), first);
    expect(channel.bodies()).toEqual(named(from, 40));
    expect(told.confirmed).toEqual(named(0, 40));
  });
});

describe('rabbitmq: the writer of a stream moves', () => {
  const started = (): StreamRig => new StreamRig(['a', 'b', 'c']);
  const writers = (rig: StreamRig, ...nodes: readonly string[]): readonly string[] =>
    nodes.map((node) => {
      const { isWriter, epoch } = rig.queue(node).member;
      return `${node}: ${isWriter ? 'writes' : 'follows'} in epoch ${epoch}`;
    });

  it('R1: to the member that has most, in the next epoch, and what was confirmed stays', () => {
    const rig = started();
    const told = new Told();
    told.publish(rig.queue('b'), 'm0');
    rig.settle();
    // Now only b copies from the writer: c is behind.
    rig.cut('c');
    told.publish(rig.queue('b'), 'm1', 'm2');
    rig.settle();
    expect(told.confirmed).toEqual(named(0, 3));
    rig.crash('a');
    rig.heal('c');
    rig.settle(8000);
    expect(writers(rig, 'b', 'c')).toEqual(['b: writes in epoch 2', 'c: follows in epoch 2']);
    told.publish(rig.queue('c'), 'm3');
    rig.settle();
    expect(told.confirmed).toEqual(named(0, 4));
    rig.start('a');
    rig.settle(2000);
    for (const node of ['a', 'b', 'c']) {
      const channel = new Channel();
      channel.consume(rig.queue(node), first);
      expect(channel.bodies()).toEqual(named(0, 4));
    }
  });

  it('R2: what was not answered is sent to the next writer, and is there once', () => {
    const rig = started();
    const told = new Told();
    told.publish(rig.queue('b'), 'm0');
    rig.settle();
    // The copies have it, and the writer is gone before it says so.
    told.publish(rig.queue('c'), 'm1', 'm2');
    while (rig.queue('b').member.log!.nextOffset < 3) rig.step();
    expect(told.confirmed).toEqual(['m0']);
    rig.crash('a');
    told.publish(rig.queue('c'), 'm3');
    rig.settle(8000);
    expect(told.confirmed).toEqual(named(0, 4));
    const channel = new Channel();
    channel.consume(rig.queue('b'), first);
    expect(channel.bodies()).toEqual(named(0, 4));
  });

  it('a writer that was cut off cuts what only it had, and publishes that again', () => {
    const rig = started();
    const [far, near] = [new Told(), new Told()];
    near.publish(rig.queue('b'), 'm0');
    rig.settle();
    rig.cut('a');
    far.publish(rig.queue('a'), 'x');
    rig.settle(8000);
    expect(far.confirmed).toEqual([]);
    near.publish(rig.queue('b'), 'm1', 'm2');
    rig.settle();
    expect(near.confirmed).toEqual(named(0, 3));
    rig.heal('a');
    rig.settle(8000);
    expect(rig.queue('a').member.isWriter).toBe(false);
    expect(far.confirmed).toEqual(['x']);
    const channel = new Channel();
    channel.consume(rig.queue('a'), first);
    expect(channel.bodies()).toEqual([...named(0, 3), 'x']);
  });

  it('a writer that restarts at once is one of a new epoch', () => {
    const rig = started();
    const told = new Told();
    told.publish(rig.queue('b'), 'm0');
    rig.settle();
    rig.crash('a');
    rig.start('a');
    rig.settle(8000);
    expect(rig.queue('a').member.epoch).toBe(2);
    told.publish(rig.queue('b'), 'm1');
    rig.settle();
    expect(told.confirmed).toEqual(named(0, 2));
  });

  it('without a majority nobody is the writer', () => {
    const rig = started();
    const told = new Told();
    told.publish(rig.queue('c'), 'm0');
    rig.settle();
    rig.crash('a');
    rig.crash('b');
    told.publish(rig.queue('c'), 'm1');
    rig.settle(20_000);
    expect([told.confirmed, rig.queue('c').member.isWriter]).toEqual([['m0'], false]);
    rig.start('b');
    rig.settle(20_000);
    expect(told.confirmed).toEqual(named(0, 2));
  });

  it('the end of a stream is the end of all its copies', () => {
    const rig = started();
    new Told().publish(rig.queue('a'), 'm0');
    rig.settle();
    rig.queue('b').delete({ ifUnused: false, ifEmpty: false }, () => {});
    rig.queue('a').forgotten();
    rig.queue('c').forgotten();
    rig.settle(1000);
    for (const node of ['a', 'b', 'c']) expect(rig.rig(node).disk.list('stream')).toEqual([]);
  });
});

/** What the kernel promises: order, random streams, hashes, the trace, the machine glue. */
import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { assert } from '../../engine/kernel/assert.ts';
import { Hash64 } from '../../engine/kernel/hash.ts';
import { EventHeap } from '../../engine/kernel/heap.ts';
import { MachineRunner } from '../../engine/kernel/machine.ts';
import { traceKind } from '../../engine/kernel/ports.ts';
import type { Clock, TimerId, Trace } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { TraceLog } from '../../engine/kernel/trace.ts';
import { micros, ratio } from '../../engine/kernel/units.ts';

describe('kernel: heap', () => {
  test('events come out by time, and at the same time in the order of insertion', () => {
    const heap = new EventHeap<{ time: number; sequence: number; name: string }>(1000);
    const random = randomStream(5, 'heap');
    const pushed = Array.from({ length: 500 }, (_, index) => {
      const event = { time: random.below(20), sequence: 0, name: `e${index}` };
      heap.push(event);
      return event;
    });
    const expected = [...pushed].sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    const taken = Array.from({ length: 500 }, () => heap.pop()!);
    expect(taken.map((event) => event.name)).toEqual(expected.map((event) => event.name));
    expect(heap.pop()).toBeUndefined();
  });

  test('a deferred event keeps its turn among those due at its new time', () => {
    const heap = new EventHeap<{ time: number; sequence: number }>(10);
    const first = { time: 1, sequence: 0 };
    const second = { time: 5, sequence: 0 };
    heap.push(first);
    heap.push(second);
    heap.pop();
    first.time = 5;
    heap.defer(first);
    expect(heap.pop()).toBe(first);
  });

  test('a full heap says so', () => {
    const heap = new EventHeap(1);
    heap.push({ time: 1, sequence: 0 });
    expect(() => heap.push({ time: 1, sequence: 0 })).toThrow('the event heap is full');
  });
});

describe('kernel: random', () => {
  test('a stream is the same for the same seed and purpose, in every world', () => {
    const stream = randomStream(1, 'workload');
    expect([stream.uint32(), stream.uint32(), stream.uint32()]).toMatchInlineSnapshot(`
      [
        2371328654,
        4070510529,
        1162687616,
      ]
    `);
  });

  test('streams of two purposes do not shift each other', () => {
    const alone = randomStream(1, 'workload').uint32();
    randomStream(1, 'faults').uint32();
    expect(randomStream(1, 'workload').uint32()).toBe(alone);
    expect(randomStream(1, 'faults').uint32()).not.toBe(alone);
  });

  test('below, between and chance stay in their bounds and reach all of them', () => {
    const stream = randomStream(2, 'bounds');
    const drawn = Array.from({ length: 2000 }, () => stream.between(-3, 3));
    expect(new Set(drawn)).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    const hits = Array.from({ length: 3000 }, () => stream.chance(ratio(1, 3)));
    expect(hits.filter(Boolean).length).toBeGreaterThan(850);
    expect(hits.filter(Boolean).length).toBeLessThan(1150);
    expect(stream.chance(ratio(0, 1))).toBe(false);
    expect(stream.chance(ratio(7, 7))).toBe(true);
  });

  test('a shuffle keeps every item', () => {
    const items = Array.from({ length: 40 }, (_, index) => index);
    const shuffled = randomStream(3, 'shuffle').shuffle(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(shuffled).not.toEqual(items);
  });
});

describe('kernel: trace', () => {
  const kind = traceKind('append', { partition: 'string', offset: 'int', leader: 'bool' });
  const data = { partition: 'pay-0', offset: 5, leader: true };

  test('an entry reads as it was recorded', () => {
    const log = new TraceLog();
    log.append(micros(7), 3, 2, 'broker-1', kind, data);
    expect(log.entry(0)).toEqual({
      index: 0,
      event: 3,
      at: 7,
      host: 'broker-1',
      kind: 'append',
      cause: 2,
      data,
    });
  });

  test('the hash changes with every field, and not with the limit on entries', () => {
    const hashOf = (change: object, entriesMax = 10) => {
      const log = new TraceLog(entriesMax);
      log.append(micros(7), 3, 2, 'broker-1', kind, { ...data, ...change });
      return log.hash;
    };
    const hashes = [{}, { partition: 'pay-1' }, { offset: 6 }, { leader: false }].map((change) =>
      hashOf(change),
    );
    expect(new Set(hashes).size).toBe(4);
    expect(hashOf({}, 0)).toBe(hashOf({}));
  });

  test('a float, or a field of another type, is refused', () => {
    const log = new TraceLog();
    const append = (change: object) =>
      log.append(micros(1), 1, 0, 'h', kind, { ...data, ...change } as typeof data);
    expect(() => append({ offset: 0.5 })).toThrow('whole numbers');
    expect(() => append({ offset: 'five' })).toThrow('field type');
  });

  test('text is hashed by its UTF-8 bytes', () => {
    const digest = (text: string) => {
      const hash = new Hash64();
      hash.text(text);
      return hash.digest();
    };
    expect(digest('消息')).not.toBe(digest('消'));
    expect(digest('\ud800')).toBe(digest('\ufffd'));
  });
});

describe('kernel: machine', () => {
  const door = setup({
    types: {} as {
      context: { refuse: boolean };
      input: { refuse: boolean };
      events: { type: 'OPEN' } | { type: 'CLOSE' } | { type: 'LOCK' } | { type: 'KNOCK' };
    },
    guards: { allowed: ({ context }) => !context.refuse },
    actions: { announce: (_, _params: { what: string }) => undefined },
  }).createMachine({
    id: 'door',
    context: ({ input }) => input,
    initial: 'Closed',
    states: {
      Closed: {
        on: { OPEN: { guard: 'allowed', target: 'Open' }, KNOCK: {} },
      },
      Open: {
        entry: { type: 'announce', params: { what: 'open' } },
        after: { 3000: 'Closed' },
        on: { CLOSE: 'Closed' },
      },
    },
  });

  function runner(refuse: boolean) {
    const timers = new Map<TimerId, { delay: number; fire: () => void }>();
    let count = 0;
    const clock: Clock = {
      now: () => micros(0),
      wall: () => 0 as never,
      after: (delay, _label, fire) => {
        const id = ++count as TimerId;
        timers.set(id, { delay, fire });
        return id;
      },
      cancel: (id) => timers.delete(id),
    };
    const recorded: unknown[] = [];
    const trace: Trace = { on: true, record: (_kind, entry) => recorded.push(entry) };
    const said: unknown[] = [];
    const machine = new MachineRunner({
      machine: door,
      instance: 'front',
      clock,
      trace,
      input: { refuse },
      perform: { announce: (params) => said.push(params['what']) },
      ignores: ['LOCK'],
    });
    return { machine, timers, recorded, said };
  }

  test('a named action is performed, and a delay becomes a timer in microseconds', () => {
    const { machine, timers, said } = runner(false);
    machine.send({ type: 'OPEN' });
    expect([machine.state, said]).toEqual(['Open', ['open']]);
    const [timer] = timers.values();
    expect(timer?.delay).toBe(3_000_000);
    timer?.fire();
    expect(machine.state).toBe('Closed');
  });

  test('leaving a state cancels its delay', () => {
    const { machine, timers } = runner(false);
    machine.send({ type: 'OPEN' });
    machine.send({ type: 'CLOSE' });
    expect(timers.size).toBe(0);
  });

  test('a refused guard is a traced no-op', () => {
    const { machine, recorded } = runner(true);
    machine.send({ type: 'OPEN' });
    expect(machine.state).toBe('Closed');
    expect(recorded.at(-1)).toMatchObject({ from: 'Closed', to: 'Closed', event: 'OPEN' });
  });

  test('an event that a state names and does nothing about is a traced no-op', () => {
    const { machine, recorded } = runner(false);
    machine.send({ type: 'KNOCK' });
    expect(recorded.at(-1)).toMatchObject({ from: 'Closed', to: 'Closed', event: 'KNOCK' });
  });

  test('an event that no active state names is a bug, unless it is declared ignored', () => {
    const { machine } = runner(false);
    expect(() => machine.send({ type: 'CLOSE' })).toThrow('no active state names it');
    machine.send({ type: 'LOCK' });
    expect(machine.state).toBe('Closed');
  });
});

describe('kernel: assert', () => {
  test('a failed assertion names its operands', () => {
    expect(() => assert(false, 'hw past log end', { hw: 5, leo: 3 })).toThrow(
      'hw past log end {"hw":5,"leo":3}',
    );
  });
});

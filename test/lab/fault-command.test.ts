/** The grammar of typed faults: what it takes, what it says of the rest, and that it is one. */
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../engine/sim/faults.ts';
import {
  commandOf,
  commandsOf,
  commonStart,
  completionsOf,
  parseCommand,
} from '../../engine/lab/fault-command.ts';
import { hostOffers, linkOffers } from '../../web/stage/fault-offers.ts';

const HOSTS = ['broker-1', 'broker-2', 'redis-1'];

function faultsOf(text: string): readonly Fault[] {
  const parsed = parseCommand(text, HOSTS);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.problem)}`);
  return parsed.faults;
}

function problemOf(text: string) {
  const parsed = parseCommand(text, HOSTS);
  return parsed.ok ? null : parsed.problem;
}

describe('stage: fault command', () => {
  test.each([
    ['crash broker-1', [{ fault: 'crash', host: 'broker-1' }]],
    ['  heal ', [{ fault: 'heal' }]],
    ['isolate broker-1', [{ fault: 'isolate', host: 'broker-1' }]],
    [
      'isolate broker-1 broker-2 redis-1',
      [{ fault: 'isolate', host: 'broker-1', from: ['broker-2', 'redis-1'] }],
    ],
    ['cut broker-1 broker-2', [{ fault: 'isolate', host: 'broker-1', from: ['broker-2'] }]],
    ['cut broker-1 -> broker-2', [{ fault: 'cut', from: 'broker-1', to: 'broker-2' }]],
    ['clock redis-1 +60s', [{ fault: 'clock', host: 'redis-1', offsetMs: 60_000 }]],
    ['clock redis-1 -1m', [{ fault: 'clock', host: 'redis-1', offsetMs: -60_000 }]],
    ['drift redis-1 -500ppm', [{ fault: 'drift', host: 'redis-1', ppm: -500 }]],
    ['slow-disk broker-1 100x', [{ fault: 'slow-disk', host: 'broker-1', factor: 100 }]],
    ['disk-full broker-1 0B', [{ fault: 'disk-full', host: 'broker-1', capacityBytes: 0 }]],
    ['lying-sync broker-1 on', [{ fault: 'lying-sync', host: 'broker-1', on: true }]],
    ['reset broker-1 redis-1', [{ fault: 'reset', from: 'broker-1', to: 'redis-1', bytes: 0 }]],
    [
      'delay broker-1 broker-2 500ms',
      ['broker-1', 'broker-2'].map((from) => ({
        fault: 'delay',
        from,
        to: from === 'broker-1' ? 'broker-2' : 'broker-1',
        minMicros: 500_000,
        jitterMicros: 0,
      })),
    ],
  ])('reads %s', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test('what a menu offers is read, and written as it was read', () => {
    const host = { name: 'broker-1', state: 'running', paused: false, cutFrom: [], view: null };
    const groups = [
      ...hostOffers(host as never, 'broker', [], 0),
      ...linkOffers('broker-1', 'redis-1', false, [], 0),
    ];
    const commands = groups.flatMap((group) => group.commands);
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) expect(commandsOf(faultsOf(command))).toEqual([command]);
  });

  test('a fault that holds is offered as its end, and again once it has ended', () => {
    const host = { name: 'broker-1', state: 'running', paused: false, cutFrom: [], view: null };
    const slow = (factor: number, event: number) =>
      ({ event, fault: { fault: 'slow-disk', host: 'broker-1', factor } }) as const;
    const offersAt = (event: number) =>
      hostOffers(host as never, 'broker', [slow(100, 5), slow(1, 9)], event)
        .flatMap(({ commands }) => commands)
        .find((command) => command.startsWith('slow-disk'));
    expect([offersAt(4), offersAt(5), offersAt(9)]).toEqual([
      'slow-disk broker-1 100x',
      'slow-disk broker-1 1x',
      'slow-disk broker-1 100x',
    ]);
  });

  test.each([
    ['', 'verb', ''],
    ['explode broker-1', 'verb', 'explode'],
    ['crash', 'host', ''],
    ['crash broker-9', 'host', 'broker-9'],
    ['cut broker-1 broker-1', 'host', 'broker-1'],
    ['cut broker-1', 'host', ''],
    ['clock redis-1', 'amount', ''],
    ['clock redis-1 60', 'amount', '60'],
    ['slow broker-1 0x', 'amount', '0x'],
    ['loss broker-1 broker-2 101%', 'amount', '101%'],
    ['crash broker-1 now', 'end', 'now'],
    ['toString broker-1', 'verb', 'toString'],
  ])('says what is wrong with "%s"', (text, kind, got) => {
    expect(problemOf(text)).toMatchObject({ kind, got });
  });

  test('an error names what is allowed', () => {
    expect(problemOf('crash broker-9')?.allowed).toEqual(HOSTS);
    expect(problemOf('clock redis-1 soon')?.allowed).toContain('+60s');
    expect(problemOf('explode')?.allowed).toContain('crash');
  });

  test('completes verbs, hosts and amounts where the text ends', () => {
    expect(completionsOf('cra', HOSTS)).toEqual({ from: 0, words: ['crash'] });
    expect(completionsOf('cut bro', HOSTS).words).toEqual(['broker-1', 'broker-2']);
    expect(completionsOf('cut broker-1 ', HOSTS).words).toEqual(['broker-2', 'redis-1', '->']);
    expect(completionsOf('clock redis-1 +', HOSTS).words).toEqual(['+60s']);
    expect(completionsOf('crash broker-1 ', HOSTS).words).toEqual([]);
    expect(commonStart(['broker-1', 'broker-2'])).toBe('broker-');
    expect(commonStart([])).toBe('');
  });

  test('what cannot be typed is written all the same', () => {
    expect(commandOf({ fault: 'partition', groups: [['a', 'b'], ['c']] })).toBe('partition a+b c');
    const rot = { fault: 'bit-rot', host: 'a', path: 'p', position: 1, bit: 2 } as const;
    expect(commandOf(rot)).toBe('bit-rot a');
  });
});

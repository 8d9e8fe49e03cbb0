/**
 * The cost of an entry in the core, from 10^3 to 10^5 of them: a leader and two followers with
 * disks that are done at once and logs that are arrays.
 */
import { expect, test } from 'vitest';
import type { Effect } from '../../engine/consensus/effect.ts';
import type { RaftEvent } from '../../engine/consensus/event.ts';
import type { Entry, MemberId, Message } from '../../engine/consensus/message.ts';
import { kraftConfig } from '../../engine/consensus/raft-config.ts';
import { Raft } from '../../engine/consensus/raft.ts';
import type { Clock } from '../../engine/kernel/ports.ts';

const ENTRIES_AN_APPEND = 10;
const MEMBERS: readonly MemberId[] = ['a', 'b', 'c'];
const clock = {} as Clock;

class Line {
  effects = 0;
  highWatermark = 0;
  readonly #members = new Map<MemberId, { raft: Raft; log: Entry[] }>();
  readonly #events: [MemberId, RaftEvent][] = [];

  constructor() {
    const config = kraftConfig(MEMBERS);
    const start = { offset: 0, term: 0 };
    const restored = { state: null, start, startVoters: null, entries: [] };
    const ports = { clock, trace: { on: false, record: () => undefined } };
    for (const me of MEMBERS) {
      const raft = new Raft({ me, config, ports, restored });
      this.#members.set(me, { raft, log: [] });
      this.#perform(me, raft.start());
    }
    this.step('a', { type: 'timer', timer: 'election' });
  }

  step(id: MemberId, event: RaftEvent): void {
    this.#events.push([id, event]);
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.#perform(next[0], this.#members.get(next[0])!.raft.step(next[1]));
    }
  }

  #perform(id: MemberId, effects: readonly Effect[]): void {
    const { log } = this.#members.get(id)!;
    const later = (to: MemberId, event: RaftEvent): void => void this.#events.push([to, event]);
    this.effects += effects.length;
    for (const effect of effects) {
      if (effect.effect === 'append') log.push(...effect.entries);
      else if (effect.effect === 'sync') later(id, { type: 'synced', number: effect.number });
      else if (effect.effect === 'persist') {
        later(id, { type: 'persisted', sequence: effect.sequence });
      } else if (effect.effect === 'commit' && id === 'a') {
        this.highWatermark = effect.highWatermark;
      } else if (effect.effect === 'send') {
        later(effect.to, { type: 'message', from: id, message: effect.message });
      } else if (effect.effect === 'send-entries') {
        const { offset } = effect.message.position;
        const entries = log.slice(offset, offset + 100);
        const message: Message = { ...effect.message, answer: { kind: 'entries', entries } };
        later(effect.to, { type: 'message', from: id, message });
      }
    }
  }
}

function measure(count: number): { readonly effects: number; readonly micros: number } {
  const line = new Line();
  const proposals = Array.from({ length: ENTRIES_AN_APPEND }, () => ({ records: 1, payload: 1 }));
  const [effectsBefore, started] = [line.effects, performance.now()];
  for (let done = 0; done < count; done += ENTRIES_AN_APPEND) {
    line.step('a', { type: 'append', id: 1, proposals });
  }
  const micros = ((performance.now() - started) * 1000) / count;
  expect(line.highWatermark).toBe(count + 1);
  return { effects: (line.effects - effectsBefore) / count, micros };
}

test('consensus: cost: an entry costs the same among 10^3 and among 10^5', () => {
  measure(10_000);
  const sizes = [1_000, 10_000, 100_000];
  const measured = sizes.map(measure);
  const lines = measured.map(({ effects, micros }, place) => {
    return `${sizes[place]} entries: ${effects} effects and ${micros.toFixed(2)} us an entry`;
  });
  console.log(lines.join('\n'));
  for (const { effects } of measured) expect(effects).toBe(measured[0]!.effects);
  expect(measured[2]!.micros).toBeLessThan(4 * measured[1]!.micros);
});

/** T1 to T8: each has an assertion in the code, and a checker outside that can turn red. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RaftState } from '../../engine/consensus/raft-state.ts';
import { commitTo, cutLog } from '../../engine/consensus/raft-state.ts';
import { TermIndex } from '../../engine/consensus/term-index.ts';
import { Deck, entry } from './deck.ts';
import { Quorum, THREE } from './quorum.ts';
import { firstBroken } from './swarm.ts';
import { RaftWatch } from './watch.ts';

const folder = new URL('../../engine/consensus/', import.meta.url);

/** Voter `c` forgets its vote and elects two leaders of term 1. */
function doubleVote(): Deck {
  const deck = new Deck(THREE, { switches: { preVote: false, persistsVote: false } });
  for (const stands of ['a', 'b']) {
    deck.fire(stands, 'election');
    deck.deliver(({ from, to, message }) => {
      return [from, to].includes('c') && /^vote/.test(message.type);
    });
    deck.letters = [];
    deck.restart('c');
  }
  return deck;
}

/** A leader that cuts its log: no switch brings it about, so the watch is told so. */
function cutByLeader(): RaftWatch {
  const deck = new Deck(['a']);
  deck.append('a', 1);
  deck.watch.truncated('a', 1);
  return deck.watch;
}

function appliedEarly(): readonly string[] {
  const quorum = new Quorum({ appliesEarly: true });
  const leader = quorum.elect();
  quorum.append(leader);
  quorum.runFor(500);
  return quorum.problems();
}

const named = (watch: RaftWatch): readonly string[] => watch.violations.map(({ id }) => id);
const swarm = (switches: Parameters<typeof firstBroken>[0]): readonly string[] =>
  firstBroken(switches, 100)?.problems ?? [];

/** What a leader does not do: the rules below it say no before. */
const leaderState = {
  machine: { state: 'Leader' },
  highWatermark: 5,
  log: { endOffset: 8 },
  effects: [],
} as unknown as RaftState;

function followerCommitted(): Deck {
  const deck = new Deck(THREE);
  deck.fire('a', 'election');
  deck.deliver();
  return deck;
}

interface Row {
  readonly id: string;
  readonly file: string;
  /** The outside checker turns red. */
  readonly watched: () => readonly string[];
  /** The assertion fails. */
  readonly asserted: (() => unknown) | null;
}

const rows: readonly Row[] = [
  {
    id: 'T1',
    file: 'election.ts',
    watched: () => named(doubleVote().watch),
    asserted: () => {
      const message = { type: 'begin-epoch', term: 1 } as const;
      doubleVote().step('a', { type: 'message', from: 'b', message });
    },
  },
  {
    id: 'T2',
    file: 'raft-state.ts',
    watched: () => named(cutByLeader()),
    asserted: () => cutLog(leaderState, 6),
  },
  {
    id: 'T3',
    file: 'term-index.ts',
    watched: () => named(doubleVote().watch),
    asserted: () => new TermIndex({ offset: 0, term: 0 }).append(entry(1, 1)),
  },
  {
    id: 'T4',
    file: 'raft-state.ts',
    watched: () => swarm({ comparesLogs: false }),
    asserted: () => {
      const deck = followerCommitted();
      const { term, highWatermark } = deck.view('b');
      const answer = { kind: 'diverging', end: { offset: 0, term: 0 } } as const;
      const position = { offset: 1, term };
      const told = { leader: 'a', highWatermark, round: 0, position, answer };
      const message = { type: 'records', term, ...told } as const;
      deck.step('b', { type: 'message', from: 'a', message });
    },
  },
  {
    id: 'T5',
    file: 'raft-state.ts',
    watched: () => swarm({ comparesLogs: false }),
    asserted: () => commitTo(leaderState, 4),
  },
  {
    id: 'T6',
    file: 'raft-state.ts',
    watched: appliedEarly,
    asserted: () => commitTo(leaderState, 9),
  },
  {
    id: 'T7',
    file: 'raft.ts',
    watched: () => swarm({ fsyncBeforeAck: false }),
    asserted: () => new Deck(THREE).step('a', { type: 'persisted', sequence: 9 }),
  },
  {
    id: 'T8',
    file: 'commitment.ts',
    watched: () => swarm({ commitsOwnTermOnly: false }),
    asserted: null,
  },
];

describe('consensus: invariants', () => {
  test.each(rows)('$id: the checker turns red', ({ id, watched }) => {
    expect(watched().some((problem) => problem.startsWith(id))).toBe(true);
  });

  test.each(rows)('$id: is asserted in $file', ({ id, file, asserted }) => {
    expect(readFileSync(new URL(file, folder), 'utf8')).toContain(`'${id}: `);
    if (asserted !== null) expect(asserted).toThrow(`${id}: `);
  });

  test('T2: a leader keeps what it has appended, whoever has it', () => {
    const deck = new Deck(THREE);
    deck.fire('a', 'election');
    deck.deliver();
    for (let count = 0; count < 3; count++) deck.append('a', count);
    expect(named(deck.watch)).toEqual([]);
    expect(deck.view('a')).toMatchObject({ role: 'Leader', endOffset: 4 });
  });
});

/** Replication: what followers take, cut and acknowledge; what is committed; reads. */
import { describe, expect, test } from 'vitest';
import type { Answer, Message } from '../../engine/consensus/message.ts';
import { Deck, entry } from './deck.ts';
import { Quorum, THREE } from './quorum.ts';

const FIVE = ['a', 'b', 'c', 'd', 'e'];

function electedBy(deck: Deck, leader: string, ...voters: readonly string[]): void {
  deck.fire(leader, 'election');
  deck.deliver(({ from, to, message }) => {
    const inside = [from, to].every((one) => one === leader || voters.includes(one));
    return inside && /^vote/.test(message.type);
  });
  deck.letters = [];
}

/** Raft paper, figure 8: term 2 is on three of five, and may still be lost. */
function figure8(commitsOwnTermOnly: boolean): Deck {
  const old = [entry(0, 1)];
  const logs = {
    a: [...old, entry(1, 2, 'two')],
    b: [...old, entry(1, 2, 'two')],
    c: old,
    d: old,
    e: [...old, entry(1, 3, 'three')],
  };
  const deck = new Deck(FIVE, { logs, switches: { commitsOwnTermOnly, preVote: false } });
  deck.step('a', { type: 'message', from: 'e', message: vote(3) });
  electedBy(deck, 'a', 'b', 'c');
  return deck;
}

function vote(term: number): Message {
  return { type: 'vote', term, preVote: false, last: { offset: 0, term: 0 } };
}

/** A follower's Fetch arrives, and its answer with entries of one place only. */
function fetched(deck: Deck, leader: string, follower: string, offset: number, term: number): void {
  const message: Message = {
    type: 'fetch',
    term: deck.view(leader).term,
    position: { offset, term },
    round: 0,
  };
  deck.step(leader, { type: 'message', from: follower, message });
  deck.letters = [];
}

describe('consensus: commit', () => {
  test('T8: an entry of an older term is not committed by counting (figure 8)', () => {
    const deck = figure8(true);
    expect(deck.view('a')).toMatchObject({ role: 'Leader', term: 4 });
    fetched(deck, 'a', 'b', 2, 2);
    fetched(deck, 'a', 'c', 2, 2);
    expect(deck.view('a').highWatermark).toBe(0);
    fetched(deck, 'a', 'b', 3, 4);
    fetched(deck, 'a', 'c', 3, 4);
    expect(deck.view('a').highWatermark).toBe(3);
    expect(deck.watch.violations).toEqual([]);
  });

  test('T8: counted all the same, it is committed and then lost', () => {
    const deck = figure8(false);
    fetched(deck, 'a', 'b', 2, 2);
    fetched(deck, 'a', 'c', 2, 2);
    expect(deck.view('a').highWatermark).toBe(2);
    expect(deck.watch.violations.map(({ id }) => id)).toEqual(['T8']);
    deck.step('e', { type: 'message', from: 'a', message: vote(4) });
    deck.letters = [];
    electedBy(deck, 'e', 'c', 'd');
    expect(deck.view('e').role).toBe('Leader');
    expect(deck.watch.violations.map(({ id }) => id)).toContain('T4');
  });

  test('T7: a leader counts its own log as far as it is durable', () => {
    const deck = new Deck(THREE);
    electedBy(deck, 'a', 'b');
    fetched(deck, 'a', 'b', 1, 1);
    deck.heldDisks.add('a');
    deck.append('a', 1);
    fetched(deck, 'a', 'b', 2, 1);
    expect(deck.view('a').highWatermark).toBe(1);
    deck.release('a');
    expect(deck.view('a').highWatermark).toBe(2);
  });
});

describe('consensus: a follower', () => {
  test('T7: says how far it is when its disk has it', () => {
    const deck = new Deck(THREE);
    electedBy(deck, 'a', 'b');
    deck.fire('a', 'heartbeat');
    deck.heldDisks.add('b');
    deck.deliver();
    expect(deck.view('b')).toMatchObject({ endOffset: 1, durableEndOffset: 0 });
    expect(deck.letters).toEqual([]);
    deck.append('a', 1);
    deck.release('b');
    deck.deliver();
    expect(deck.view('b')).toMatchObject({ endOffset: 2, durableEndOffset: 1 });
  });

  test('T7: a sync that began before a cut makes nothing durable that came after it', () => {
    const logs = { a: [entry(0, 1)], b: [entry(0, 1), entry(1, 2), entry(2, 2)], c: [entry(0, 1)] };
    const deck = new Deck(['a', 'b', 'c'], { logs });
    deck.restart('b');
    deck.heldDisks.add('b');
    const records = (offset: number, term: number, answer: object): Message => {
      const position = { offset, term };
      const told = { term: 3, leader: 'a', highWatermark: 0, round: 0, position, answer };
      return { type: 'records', ...told } as Message;
    };
    const hear = (message: Message): void => {
      deck.step('b', { type: 'message', from: 'a', message });
    };
    hear(records(3, 2, { kind: 'entries', entries: [entry(3, 3)] }));
    hear(records(4, 3, { kind: 'diverging', end: { offset: 1, term: 1 } }));
    hear(records(1, 1, { kind: 'entries', entries: [entry(1, 3), entry(2, 3), entry(3, 3)] }));
    expect(deck.view('b')).toMatchObject({ endOffset: 4, durableEndOffset: 1 });
    deck.release('b', 2);
    expect(deck.view('b').durableEndOffset).toBe(1);
    deck.release('b');
    expect(deck.view('b').durableEndOffset).toBe(4);
  });

  test('T7: a sync of a log that a snapshot has replaced says nothing of the new one', () => {
    const deck = new Deck(THREE);
    const hear = (message: Message): void => {
      deck.step('b', { type: 'message', from: 'a', message });
    };
    const told = { type: 'records', term: 4, leader: 'a', highWatermark: 0, round: 0 } as const;
    const answered = (offset: number, term: number, answer: Answer): void => {
      hear({ ...told, position: { offset, term }, answer });
    };
    const snapshot = { offset: 9, term: 3 };
    deck.heldDisks.add('b');
    answered(0, 0, { kind: 'entries', entries: [entry(0, 1)] });
    answered(1, 1, { kind: 'snapshot', snapshot });
    const part = { position: 0, bytes: new Uint8Array(1), last: true };
    hear({ type: 'snapshot-chunk', term: 4, snapshot, ...part });
    deck.watch.committed.set(9, { term: 3, text: '', offset: 8, endOffset: 9 });
    deck.watch.replaced('b', snapshot);
    deck.step('b', { type: 'installed', snapshot, voters: THREE });
    answered(9, 3, { kind: 'entries', entries: [entry(9, 4)] });
    expect(deck.view('b')).toMatchObject({ endOffset: 10, durableEndOffset: 9 });
    deck.release('b', 2);
    expect(deck.view('b').durableEndOffset).toBe(9);
    deck.release('b');
    expect(deck.view('b')).toMatchObject({ durableEndOffset: 10, highWatermark: 9 });
  });

  test('cuts to the end of the newest term that both share, and takes the rest', () => {
    const logs = {
      a: [entry(0, 1), entry(1, 1), entry(2, 4)],
      b: [entry(0, 1), entry(1, 1), entry(2, 2), entry(3, 2), entry(4, 3)],
      c: [entry(0, 1)],
    };
    const deck = new Deck(THREE, { logs });
    deck.fire('a', 'election');
    deck.deliver();
    const cuts = deck.effects.filter(({ effect }) => effect === 'truncate');
    expect(cuts).toEqual([{ effect: 'truncate', endOffset: 2 }]);
    expect(deck.view('b')).toMatchObject({ endOffset: 4, highWatermark: 4, leader: 'a' });
    expect(deck.watch.violations).toEqual([]);
  });

  test('an answer to what it said before changes nothing', () => {
    const logs = { a: [entry(0, 1), entry(1, 3)], b: [entry(0, 1), entry(1, 2)], c: [] };
    const deck = new Deck(THREE, { logs });
    const heard: Message[] = [];
    deck.fire('a', 'election');
    deck.deliver(({ to, message }) => {
      if (to === 'b' && message.type === 'records') heard.push(message);
      return true;
    });
    const before = deck.view('b');
    for (const message of heard) deck.step('b', { type: 'message', from: 'a', message });
    expect(deck.view('b')).toEqual(before);
    expect(heard.some((m) => m.type === 'records' && m.answer.kind === 'diverging')).toBe(true);
  });

  test.each(['pull', 'push'] as const)('%s: what is lost is said again', (direction) => {
    const deck = new Deck(THREE, { direction });
    deck.fire('a', 'election');
    deck.deliver();
    deck.append('a', 1);
    deck.letters = [];
    expect(deck.timers.has('b/retry')).toBe(direction === 'pull');
    if (direction === 'pull') deck.fire('b', 'retry');
    else deck.fire('a', 'heartbeat');
    deck.deliver();
    expect(deck.view('b').endOffset).toBe(2);
    expect(deck.view('a').highWatermark).toBe(2);
  });

  test('pull: a Fetch is held until there is news, and answered at a heartbeat without', () => {
    const deck = new Deck(THREE);
    deck.fire('a', 'election');
    deck.deliver();
    expect(deck.letters).toEqual([]);
    deck.fire('a', 'heartbeat');
    expect(deck.letters.map(({ to, message }) => [to, message.type])).toEqual([
      ['b', 'records'],
      ['c', 'records'],
    ]);
    deck.deliver();
    deck.append('a', 1);
    expect(deck.letters).toHaveLength(2);
  });
});

describe.each(['pull', 'push'] as const)('consensus: %s in the world', (direction) => {
  test('a new leader has all that was acknowledged', () => {
    const quorum = new Quorum({ direction, observers: ['o'] });
    const first = quorum.elect();
    for (let i = 0; i < 30; i++) quorum.append(first);
    quorum.runFor(100);
    quorum.fault({ fault: 'power', host: first });
    quorum.run(() => quorum.leader() !== null, 20_000);
    const second = quorum.elect();
    quorum.append(second);
    quorum.fault({ fault: 'start', host: first });
    quorum.runFor(3_000);
    for (const name of quorum.members) expect(quorum.member(name).items).toHaveLength(31);
    expect(quorum.history.answered).toHaveLength(31);
    expect(quorum.problems()).toEqual([]);
  });

  test('a member that was away for long takes a snapshot, part by part', () => {
    const quorum = new Quorum({ direction, snapshotEvery: 10 });
    const leader = quorum.elect();
    const away = THREE.find((name) => name !== leader)!;
    quorum.fault({ fault: 'crash', host: away });
    for (let i = 0; i < 60; i++) {
      quorum.append(leader);
      quorum.runFor(10);
    }
    quorum.fault({ fault: 'start', host: away });
    quorum.runFor(3_000);
    expect(quorum.member(away).inspect().startOffset).toBeGreaterThan(30);
    expect(quorum.member(away).items).toEqual(quorum.member(leader).items);
    expect(quorum.problems()).toEqual([]);
  });
});

describe('consensus: read index', () => {
  const readOnIsland = (confirmsReads: boolean): Quorum => {
    const quorum = new Quorum({ switches: { confirmsReads, checkQuorum: false } });
    const old = quorum.elect();
    quorum.append(old);
    quorum.runFor(100);
    quorum.fault({ fault: 'isolate', host: old });
    quorum.runFor(10_000);
    const fresh = quorum.elect();
    expect(fresh).not.toBe(old);
    quorum.append(fresh);
    quorum.runFor(100);
    quorum.read(old);
    quorum.read(fresh);
    quorum.runFor(100);
    return quorum;
  };

  test('a leader that was replaced and does not know answers no read', () => {
    const quorum = readOnIsland(true);
    const reads = quorum.history.answered.filter(({ kind }) => kind === 'read');
    expect(reads.map(({ result }) => result)).toEqual([2]);
    expect(quorum.problems()).toEqual([]);
  });

  test('without the round it answers with the past', () => {
    expect(readOnIsland(false).history.defect()).toMatch('"kind":"read"');
  });

  test('a Fetch that was sent before the read confirms nothing', () => {
    const deck = new Deck(THREE);
    deck.fire('a', 'election');
    deck.deliver();
    deck.step('a', { type: 'read', id: 7 });
    fetched(deck, 'a', 'b', 1, 1);
    expect(deck.replies).toEqual([]);
    const position = { offset: 1, term: 1 };
    const message: Message = { type: 'fetch', term: 1, position, round: 1 };
    deck.step('a', { type: 'message', from: 'b', message });
    expect(deck.replies).toEqual([{ kind: 'readable', offset: 1 }]);
  });
});

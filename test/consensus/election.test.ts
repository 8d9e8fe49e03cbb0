/** Elections: who votes for whom, what is remembered, and who is left in peace. */
import { describe, expect, test } from 'vitest';
import { Deck, entry } from './deck.ts';
import { Quorum, THREE } from './quorum.ts';

/** `a` is elected by all. */
function elected(deck: Deck): Deck {
  deck.fire('a', 'election');
  deck.deliver();
  return deck;
}

describe('consensus: election', () => {
  test('a voter that is alone leads at once', () => {
    const deck = new Deck(['a']);
    expect(deck.view('a')).toMatchObject({ role: 'Leader', term: 1, highWatermark: 1 });
  });

  test('pre-votes change no term, and a majority of them begins the election (KIP-996)', () => {
    const deck = new Deck(THREE);
    deck.fire('a', 'election');
    expect(deck.view('a')).toMatchObject({ role: 'Prospective', term: 0 });
    expect(deck.letters.map(({ message }) => message)).toMatchObject([
      { type: 'vote', preVote: true, term: 0 },
      { type: 'vote', preVote: true, term: 0 },
    ]);
    deck.among('a', 'b');
    expect(deck.view('a')).toMatchObject({ role: 'Leader', term: 1 });
    expect(deck.view('b')).toMatchObject({ role: 'Follower', term: 1, votedFor: 'a' });
    expect(deck.view('c')).toMatchObject({ role: 'Unattached', term: 0 });
    expect(deck.watch.violations).toEqual([]);
  });

  test('the election timer is drawn between once and twice the timeout', () => {
    const deck = new Deck(THREE);
    expect(deck.timers.get('b/election')).toEqual([1_000_000, 2_000_000]);
  });

  test('a log that is behind gets no vote, by term first and then by length (5.4.1)', () => {
    const logs = {
      a: [entry(0, 1), entry(1, 1), entry(2, 1)],
      b: [entry(0, 1), entry(1, 2)],
      c: [entry(0, 1), entry(1, 2), entry(2, 2)],
    };
    const deck = new Deck(THREE, { logs });
    for (const [behind, other] of [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
    ] as const) {
      deck.fire(behind, 'election');
      deck.among(behind, other);
      expect(deck.view(behind).role).not.toBe('Leader');
    }
    deck.fire('b', 'election');
    deck.among('a', 'b');
    expect(deck.view('b')).toMatchObject({ role: 'Leader', term: 3 });
  });

  test('a vote is remembered through a loss of power', () => {
    const deck = new Deck(THREE, { switches: { preVote: false } });
    deck.fire('a', 'election');
    deck.deliver(({ to }) => to === 'c');
    deck.restart('c');
    expect(deck.view('c')).toMatchObject({ role: 'Voted', term: 1, votedFor: 'a' });
    deck.fire('b', 'election');
    deck.among('b', 'c');
    expect(deck.view('b').role).toBe('Candidate');
  });

  test('a voter that is alone leads when its own vote is durable, not before', () => {
    const deck = new Deck(['a']);
    deck.heldDisks.add('a');
    deck.restart('a');
    // The state that it found is written again; the vote for itself waits behind it.
    deck.release('a', 1);
    expect(deck.view('a').role).toBe('Candidate');
    deck.release('a');
    expect(deck.view('a')).toMatchObject({ role: 'Leader', term: 2, votedFor: 'a' });
  });

  test('T1: without the vote on the disk, one voter makes two leaders of a term', () => {
    const deck = new Deck(THREE, { switches: { preVote: false, persistsVote: false } });
    for (const stands of ['a', 'b']) {
      deck.fire(stands, 'election');
      deck.deliver(({ from, to, message }) => {
        return [from, to].includes('c') && /^vote/.test(message.type);
      });
      deck.letters = [];
      expect(deck.view(stands)).toMatchObject({ role: 'Leader', term: 1 });
      deck.restart('c');
    }
    expect(deck.watch.violations.map(({ id }) => id)).toContain('T1');
    const begin = { type: 'begin-epoch', term: 1 } as const;
    expect(() => deck.step('a', { type: 'message', from: 'b', message: begin })).toThrow('T1:');
  });

  test("T7: a vote leaves when it is durable, and one's own counts no sooner", () => {
    const deck = new Deck(THREE, { switches: { preVote: false } });
    deck.heldDisks.add('a').add('b');
    deck.fire('a', 'election');
    expect(deck.letters).toEqual([]);
    deck.release('a');
    expect(deck.letters).toHaveLength(2);
    deck.deliver(({ to }) => to === 'b');
    expect(deck.letters.filter(({ from }) => from === 'b')).toEqual([]);
    expect(deck.view('b').votedFor).toBe('a');
    deck.release('b');
    expect(deck.letters.filter(({ from }) => from === 'b')).toHaveLength(1);
    expect(deck.watch.violations).toEqual([]);
  });

  test('who has heard the leader gives no pre-vote; who has lost it does', () => {
    const deck = elected(new Deck(THREE));
    deck.deliver();
    deck.fire('b', 'fetch');
    deck.among('b', 'c');
    expect(deck.view('b').role).toBe('Follower');
    deck.fire('c', 'fetch');
    deck.letters = [];
    deck.fire('b', 'fetch');
    deck.among('b', 'c');
    expect(deck.view('b')).toMatchObject({ role: 'Leader', term: 2 });
  });

  test('a leader that resigns names the furthest voter, which stands at once (KIP-595)', () => {
    const deck = elected(new Deck(THREE));
    deck.append('a', 1);
    deck.deliver(({ from, to }) => from !== 'c' && to !== 'c');
    deck.letters = [];
    deck.step('a', { type: 'resign' });
    expect(deck.view('a')).toMatchObject({ role: 'Resigned', leader: null });
    expect(deck.letters[0]?.message).toMatchObject({ successors: ['b', 'c'] });
    deck.deliver();
    expect(deck.view('b')).toMatchObject({ role: 'Leader', term: 2 });
    expect(deck.view('a')).toMatchObject({ role: 'Follower', leader: 'b' });
  });
});

describe('consensus: leadership in the world', () => {
  const disturbed = (preVote: boolean): readonly [number, number] => {
    const quorum = new Quorum({ switches: { preVote } });
    const leader = quorum.elect();
    const { term } = quorum.member(leader).inspect();
    const other = THREE.find((name) => name !== leader)!;
    quorum.fault({ fault: 'isolate', host: other });
    quorum.runFor(30_000);
    quorum.fault({ fault: 'heal' });
    quorum.runFor(30_000);
    expect(quorum.problems()).toEqual([]);
    return [term, quorum.member(quorum.elect()).inspect().term];
  };

  test('a member that comes back from an island disturbs nobody', () => {
    const [before, after] = disturbed(true);
    expect(after).toBe(before);
  });

  test('without pre-votes it comes with a higher term and ends the leadership', () => {
    const [before, after] = disturbed(false);
    expect(after).toBeGreaterThan(before + 3);
  });

  test.each([true, false])('check quorum %s: a leader alone on its island resigns or not', (on) => {
    const quorum = new Quorum({ switches: { checkQuorum: on } });
    const leader = quorum.elect();
    quorum.fault({ fault: 'isolate', host: leader });
    quorum.runFor(2_900);
    expect(quorum.member(leader).inspect().role).toBe('Leader');
    quorum.runFor(200);
    expect(quorum.member(leader).inspect().role).toBe(on ? 'Resigned' : 'Leader');
    quorum.runFor(10_000);
    expect(quorum.leader()).not.toBe(leader);
    expect(quorum.problems()).toEqual([]);
  });

  test('a transfer hands over without an election timeout, and takes no appends meanwhile', () => {
    const quorum = new Quorum();
    const leader = quorum.elect();
    const to = THREE.find((name) => name !== leader)!;
    for (let i = 0; i < 20; i++) quorum.append(leader);
    quorum.command(leader, (member) => member.handOver(to));
    quorum.runFor(200);
    expect(quorum.member(leader).answers).toEqual(['done']);
    expect(quorum.leader()).toBe(to);
    expect(quorum.member(to).inspect().term).toBe(2);
    expect(quorum.problems()).toEqual([]);
  });

  test('a transfer to who is away times out, and the leader goes on', () => {
    const quorum = new Quorum();
    const leader = quorum.elect();
    const to = THREE.find((name) => name !== leader)!;
    quorum.fault({ fault: 'crash', host: to });
    quorum.append(leader);
    quorum.runFor(100);
    quorum.command(leader, (member) => member.handOver(to));
    quorum.command(leader, (member) => member.handOver(to));
    quorum.runFor(1_100);
    quorum.append(leader);
    quorum.runFor(200);
    expect(quorum.member(leader).answers).toEqual(['TRANSFERRING', 'TIMED_OUT']);
    expect(quorum.history.answered).toHaveLength(2);
  });
});

/** Voters come and go one at a time, and the quorum goes on. */
import { describe, expect, test } from 'vitest';
import { Deck } from './deck.ts';
import { Quorum, THREE } from './quorum.ts';

function others(leader: string): readonly [string, string] {
  const [first, second] = THREE.filter((name) => name !== leader);
  return [first!, second!];
}

describe('consensus: membership', () => {
  test('an observer that has caught up becomes a voter, and counts (KIP-853)', () => {
    const quorum = new Quorum({ observers: ['d'] });
    const leader = quorum.elect();
    quorum.append(leader);
    quorum.runFor(3_000);
    quorum.command(leader, (member) => member.add('d'));
    quorum.runFor(200);
    expect(quorum.member(leader).answers).toEqual(['done']);
    for (const name of quorum.members) {
      expect(quorum.member(name).inspect().voters).toEqual([...THREE, 'd']);
    }
    const [first] = others(leader);
    quorum.fault({ fault: 'crash', host: first });
    quorum.append(leader);
    quorum.runFor(200);
    expect(quorum.history.answered).toHaveLength(2);
    quorum.fault({ fault: 'crash', host: 'd' });
    quorum.append(leader);
    quorum.runFor(200);
    expect(quorum.history.answered).toHaveLength(2);
    expect(quorum.problems()).toEqual([]);
  });

  test('what may not be is refused with a reason', () => {
    const quorum = new Quorum({ observers: ['d'] });
    const leader = quorum.elect();
    const [first, second] = others(leader);
    quorum.runFor(3_000);
    quorum.fault({ fault: 'crash', host: 'd' });
    quorum.append(leader);
    quorum.runFor(200);
    quorum.command(leader, (member) => {
      member.add(first);
      member.add('d');
      member.remove('d');
      member.remove(first);
      member.remove(second);
    });
    quorum.command(first, (member) => member.remove(second));
    quorum.runFor(200);
    expect(quorum.member(leader).answers).toEqual([
      'DUPLICATE_VOTER',
      'NOT_CAUGHT_UP',
      'VOTER_NOT_FOUND',
      'CHANGE_IN_PROGRESS',
      'done',
    ]);
    expect(quorum.member(first).answers).toEqual(['NOT_LEADER']);
    expect(quorum.member(leader).inspect().voters).not.toContain(first);
    expect(quorum.member(leader).inspect().voters).toContain(second);
  });

  test('the last voter cannot go', () => {
    const quorum = new Quorum({ voters: ['a'] });
    quorum.elect();
    quorum.command('a', (member) => member.remove('a'));
    quorum.runFor(100);
    expect(quorum.member('a').answers).toEqual(['LAST_VOTER']);
  });

  test('no change before a commit of the term (the bug of 2015)', () => {
    const deck = new Deck(THREE);
    deck.fire('a', 'election');
    deck.deliver(({ message }) => /^vote/.test(message.type));
    deck.step('a', { type: 'remove-voter', id: 5, member: 'c' });
    expect(deck.view('a').role).toBe('Leader');
    expect(deck.replies).toMatchObject([{ kind: 'refused', reason: 'CHANGE_IN_PROGRESS' }]);
    deck.deliver();
    deck.step('a', { type: 'remove-voter', id: 6, member: 'c' });
    deck.deliver();
    expect(deck.replies.at(-1)).toEqual({ kind: 'done' });
  });

  /** Two leaders, each with a change that the other has not heard of. */
  const twoChanges = (oneChangeAtATime: boolean): Deck => {
    const switches = { oneChangeAtATime, preVote: false };
    const deck = new Deck(['a', 'b', 'c', 'd'], { switches, observers: ['e'] });
    const elect = (stands: string, ...voters: readonly string[]): void => {
      deck.fire(stands, 'election');
      const inside = (name: string): boolean => name === stands || voters.includes(name);
      deck.deliver(({ from, to, message }) => {
        return inside(from) && inside(to) && /^vote/.test(message.type);
      });
      deck.letters = [];
    };
    elect('a', 'b', 'c', 'd');
    const position = { offset: 0, term: 0 };
    const fetch = { type: 'fetch', term: 1, position, round: 0 } as const;
    deck.step('a', { type: 'message', from: 'e', message: fetch });
    deck.step('a', { type: 'add-voter', id: 1, member: 'e' });
    deck.letters = [];
    elect('b', 'c', 'd');
    deck.step('b', { type: 'remove-voter', id: 2, member: 'a' });
    deck.fire('b', 'heartbeat');
    deck.among('b', 'c');
    const newer = { type: 'begin-epoch', term: 2 } as const;
    deck.step('a', { type: 'message', from: 'b', message: newer });
    deck.fire('a', 'fetch');
    deck.letters = deck.letters.filter(({ from }) => from === 'a');
    deck.deliver(({ from, to }) => [from, to].every((name) => /[ade]/.test(name)));
    return deck;
  };

  test('two leaders with a change each have majorities apart, and lose what was committed', () => {
    const wrong = twoChanges(false);
    expect(wrong.view('a')).toMatchObject({ role: 'Leader', term: 3 });
    expect(wrong.watch.violations.map(({ id }) => id)).toContain('T4');
    const sound = twoChanges(true);
    expect(sound.view('a').role).not.toBe('Leader');
    expect(sound.watch.violations).toEqual([]);
  });

  test('a leader that removes itself leads until that is committed, and then resigns', () => {
    const quorum = new Quorum();
    const leader = quorum.elect();
    quorum.append(leader);
    quorum.command(leader, (member) => member.remove(leader));
    quorum.runFor(500);
    expect(quorum.member(leader).answers).toEqual(['done']);
    const next = quorum.elect();
    expect(next).not.toBe(leader);
    quorum.append(next);
    quorum.runFor(5_000);
    expect(quorum.member(leader).inspect()).toMatchObject({ role: 'Follower', leader: next });
    expect(quorum.member(leader).items).toEqual(quorum.member(next).items);
    expect(quorum.problems()).toEqual([]);
  });

  test('of two, the one that is to go stands while the one that stays is behind (4.2.2)', () => {
    const quorum = new Quorum({ voters: ['a', 'b'] });
    const leader = quorum.elect();
    const stays = leader === 'a' ? 'b' : 'a';
    quorum.runFor(1_000);
    quorum.fault({ fault: 'isolate', host: leader });
    quorum.command(leader, (member) => member.remove(leader));
    quorum.runFor(200);
    quorum.fault({ fault: 'power', host: leader });
    quorum.runFor(5_000);
    quorum.fault({ fault: 'heal' }, { fault: 'start', host: leader });
    quorum.runFor(30_000);
    expect(quorum.leader()).toBe(stays);
    expect(quorum.member(stays).inspect().voters).toEqual([stays]);
    expect(quorum.problems()).toEqual([]);
  });

  test('who takes a snapshot takes its voters', () => {
    const quorum = new Quorum({ observers: ['d'], snapshotEvery: 8 });
    const leader = quorum.elect();
    const [away] = others(leader);
    quorum.append(leader);
    quorum.runFor(3_000);
    quorum.fault({ fault: 'crash', host: away });
    quorum.command(leader, (member) => member.add('d'));
    for (let i = 0; i < 40; i++) {
      quorum.append(leader);
      quorum.runFor(20);
    }
    quorum.fault({ fault: 'start', host: away });
    quorum.runFor(3_000);
    const { startOffset, voters } = quorum.member(away).inspect();
    expect(startOffset).toBeGreaterThan(10);
    expect(voters).toEqual([...THREE, 'd']);
    expect(quorum.problems()).toEqual([]);
  });

  test('a leader that is left alone is not asked for a majority of others', () => {
    const quorum = new Quorum({ voters: ['a', 'b'] });
    const leader = quorum.elect();
    const other = leader === 'a' ? 'b' : 'a';
    quorum.append(leader);
    quorum.runFor(1_000);
    quorum.command(leader, (member) => member.remove(other));
    quorum.runFor(200);
    quorum.fault({ fault: 'crash', host: other });
    quorum.runFor(20_000);
    expect(quorum.member(leader).inspect()).toMatchObject({ role: 'Leader', voters: [leader] });
    expect(quorum.member(leader).roles.filter((role) => /Resigned/.test(role))).toEqual([]);
  });

  test('a removed voter that has not heard of it finds the leader and disturbs nobody', () => {
    const quorum = new Quorum();
    const leader = quorum.elect();
    const [gone] = others(leader);
    quorum.fault({ fault: 'isolate', host: gone });
    quorum.command(leader, (member) => member.remove(gone));
    quorum.runFor(10_000);
    const { term } = quorum.member(leader).inspect();
    quorum.fault({ fault: 'heal' });
    quorum.runFor(10_000);
    expect(quorum.member(leader).inspect()).toMatchObject({ role: 'Leader', term });
    expect(quorum.member(gone).inspect()).toMatchObject({ role: 'Follower', leader });
    expect(quorum.member(gone).inspect().voters).not.toContain(gone);
  });
});

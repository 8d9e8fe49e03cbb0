/**
 * A member of a quorum, played through every path of its machine: each message and each timer by
 * hand. Elections as they come by themselves are the swarm's (`test/consensus/swarm.test.ts`).
 */
import { getShortestPaths } from 'xstate/graph';
import type { Message } from '../../../engine/consensus/message.ts';
import { raftMachine, type Role, type RoleEvent } from '../../../engine/consensus/raft.machine.ts';
import { Deck } from '../../consensus/deck.ts';
import type { Step } from './visits.ts';

type EventType = RoleEvent['type'];

const ME = 'a';
const OTHER = 'b';

class Player {
  readonly #deck: Deck;

  /** Who asks before it stands for election, who does not, or who may not stand at all. */
  constructor(who: 'asks' | 'stands' | 'observes') {
    const others = [OTHER, 'c'];
    this.#deck =
      who === 'observes'
        ? new Deck([...others, 'd'], { observers: [ME] })
        : new Deck([ME, ...others], { switches: { preVote: who === 'asks' } });
  }

  get state(): Role {
    return this.#deck.view(ME).role;
  }

  play(event: EventType): void {
    const { term, endOffset: offset } = this.#deck.view(ME);
    const granted = { type: 'vote-reply', granted: true, leader: null } as const;
    switch (event) {
      case 'HIGHER_TERM':
        return this.#hears({ ...granted, term: term + 1, preVote: false, granted: false });
      case 'VOTE_GRANTED': {
        const last = { offset, term };
        return this.#hears({ type: 'vote', term, preVote: false, last });
      }
      case 'PROSPECT':
        return this.#waits();
      case 'ELECT':
        if (this.state !== 'Prospective') this.#waits();
        if (this.state === 'Prospective') this.#hears({ ...granted, term, preVote: true });
        return;
      case 'ELECTED':
        return this.#hears({ ...granted, term, preVote: false });
      case 'LEADER_FOUND':
        return this.#hears({ type: 'begin-epoch', term });
      case 'LEADER_LOST':
        return this.#waits();
      case 'RESIGN':
        return this.#deck.step(ME, { type: 'resign' });
    }
  }

  #hears(message: Message): void {
    this.#deck.step(ME, { type: 'message', from: OTHER, message });
  }

  /** Until its patience is over. */
  #waits(): void {
    this.#deck.fire(ME, this.state === 'Follower' ? 'fetch' : 'election');
  }

  steps(): readonly Step[] {
    return [...this.#deck.watch.transitions.seen].map((text) => {
      const [from, event, to] = text.split(' ');
      return { machine: raftMachine.id, from: from!, event: event!, to: to! };
    });
  }
}

interface Walk {
  readonly events: readonly EventType[];
  readonly to: string;
}

/** Each state by its shortest path, and then each event that it names. */
function walks(): readonly Walk[] {
  return getShortestPaths(raftMachine).flatMap(({ state, steps }) => {
    const path = steps.map(({ event }) => event.type as EventType).slice(1);
    const { transitions } = raftMachine.states[state.value as Role]!;
    return [...transitions].map(([event, [transition]]) => {
      const to = transition!.target![0]!.key;
      return { events: [...path, event as EventType], to };
    });
  });
}

function played({ events, to }: Walk): readonly Step[] {
  const asks = events.includes('PROSPECT');
  const player = new Player(events.includes('LEADER_LOST') ? 'observes' : asks ? 'asks' : 'stands');
  for (const event of events) player.play(event);
  if (player.state !== to) throw new Error(`${events.join(', ')}: ${player.state}, not ${to}`);
  return player.steps();
}

export const raftScenes = walks().map((walk) => () => played(walk));

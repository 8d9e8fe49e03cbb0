/**
 * The state of a run at a point, as a hash: two schedules that come to the same point in the same
 * state are one from there on.
 *
 * It covers: which step is going on and which points have passed; of each host whether it runs, is
 * paused, and from whom it is cut off; what its process shows of itself, which for a Kafka broker
 * is each replica's role, leader, epoch, ISR and maximal ISR, log start, HW, LSO, LEO, records with
 * their epochs, epoch cache and what is on the platter, for the controller registrations, fences,
 * ISR, ELR and partition epochs, for a RabbitMQ node its queues, connections and partitions, and of
 * queues that it does not lead what its mirror has, or its Ra member's role, term, log end and what
 * is on the platter, for clients what they wait for; of a host that is down what its process showed
 * last; and what every client was told and given.
 *
 * It does not cover: virtual time and timers (how long ago a follower was caught up, when a session
 * runs out, when dirty pages are written back), messages in flight, the offset of the metadata log,
 * which pages of a classic queue's files are dirty.
 * So merging by it can, in principle, pass over a schedule that only differs in these;
 * `merging: false` searches without it.
 */
import { Hash64 } from '../../kernel/hash.ts';
import type { SimHost } from '../../sim/host.ts';
import type { Run } from '../run.ts';

/** Counts how much was written, not what is there. */
const NOT_STATE: ReadonlySet<string> = new Set(['metadataOffset']);

/** What a search knows of hosts that are down: what each process showed last. */
export class LastViews {
  readonly #views = new Map<string, unknown>();

  /** Looks at everyone; to be called before a fault. */
  look(hosts: readonly SimHost[]): void {
    for (const host of hosts) this.of(host);
  }

  of(host: SimHost): unknown {
    const { process } = host;
    const view = process?.inspect?.();
    const replicas = process?.replicas?.();
    if (view !== undefined) {
      this.#views.set(host.name, replicas === undefined ? view : [view, replicas]);
    }
    return this.#views.get(host.name) ?? null;
  }
}

/** 16 hexadecimal digits. */
export function stateHash(run: Run, passed: readonly number[], views: LastViews): string {
  const { world, history } = run;
  const { network, hosts } = world;
  const state = {
    step: run.step,
    passed,
    hosts: hosts.map((host) => ({
      name: host.name,
      state: host.state,
      paused: host.paused,
      cut: hosts
        .map(({ name }) => name)
        .filter((name) => name !== host.name && !network.link(host.name, name).open),
      view: views.of(host),
    })),
    sent: history.sent.map(({ id, outcome, place, error }) => [id, outcome, place, error]),
    delivered: history.delivered.map(({ id, consumer, offset }) => [id, consumer, offset]),
  };
  const hash = new Hash64();
  hash.text(JSON.stringify(state, (key, value: unknown) => (NOT_STATE.has(key) ? 0 : value)));
  return hash.digest();
}

/**
 * A share-partition, played through each state from which it can be fenced: what the share
 * coordinator answers comes by hand. In a whole cluster: `test/kafka/share`.
 */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { SharePartition } from '../../../engine/kafka/share/share-partition.ts';
import type { ShareState } from '../../../engine/kafka/share/share-coordinator-shard.ts';
import { World } from '../../../engine/sim/world.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';

type Answer = (state: ShareState | null, errorCode: number) => void;

const STATE: ShareState = { stateEpoch: 0, leaderEpoch: 1, startOffset: 0, stateBatches: [] };
const DAY_MS = 86_400_000;

class Leader implements Process {
  readonly share: SharePartition;
  #answer: Answer | null = null;

  constructor(ports: Ports) {
    this.share = new SharePartition({
      ports,
      key: { groupId: 'g', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition: 0 },
      name: 'pay-0',
      leaderEpoch: 1,
      persister: {
        read: (_key, _epoch, done) => (this.#answer = done),
        write: (_key, _state, done) => done(ErrorCode.NONE),
      },
      deliveryCountMax: 5,
      inFlightMax: 200,
      lockDurationMs: () => DAY_MS,
      resetOffset: () => 0,
      changed: () => undefined,
    });
  }

  start(): void {
    // it waits to be told what to do
  }

  /** What the coordinator says to what was asked. */
  answers(state: ShareState | null, errorCode: number): void {
    this.#answer?.(state, errorCode);
  }
}

/** A leader that does this with its share-partition, and then has it no longer. */
function fencedAfter(...acts: readonly ((leader: Leader) => void)[]): () => World {
  return () => {
    const world = new World({ seed: 1, trace: true });
    const host = world.addHost('broker-1', (ports) => new Leader(ports));
    host.start();
    for (const act of [...acts, ({ share }: Leader) => share.fence()]) {
      world.command('broker-1', 'act', () => act(host.process as Leader));
      world.run(() => false, { micros: 1_000, events: 100 });
    }
    if (world.failure !== null) throw world.failure.error;
    return world;
  };
}

const isRead = ({ share }: Leader): void => share.initialize(() => undefined);

export const sharePartitionScenes = [
  fencedAfter(),
  fencedAfter(isRead),
  fencedAfter(isRead, (leader) => leader.answers(STATE, ErrorCode.NONE)),
  fencedAfter(isRead, (leader) => leader.answers(null, ErrorCode.COORDINATOR_NOT_AVAILABLE)),
] as const;

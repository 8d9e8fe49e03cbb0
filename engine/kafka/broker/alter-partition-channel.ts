/**
 * Carries the ISR changes of all partitions that this broker leads to the controller: one
 * AlterPartition request at a time, with all the changes that gathered meanwhile.
 *
 * Not here: what a partition does with the answer (`partition/partition.ts`).
 * Source: `DefaultAlterPartitionManager` (KIP-497).
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import {
  type AlterPartitionRequest,
  type AlterPartitionResponse,
  alterPartition,
} from '../../wire/kafka/messages/alter-partition.ts';
import type { IsrAnswer, IsrProposal, IsrProposer } from '../partition/in-sync-replicas.ts';
import { alterPartitionKind } from './broker-trace.ts';
import type { ControllerChannel } from './controller-channel.ts';

/** Wait after an error that concerns the whole request. */
const RETRY_MS = 50;
const LEADER_RECOVERED = 0;

interface PendingChange {
  readonly partition: IsrProposer;
  readonly proposal: IsrProposal;
}

export class AlterPartitionChannel {
  readonly #ports: Pick<Ports, 'clock' | 'trace'>;
  readonly #channel: ControllerChannel;
  readonly #brokerId: number;
  readonly #brokerEpoch: () => number;
  /** By topic id and partition: at most one change of each. */
  readonly #pending = new Map<string, PendingChange>();
  #inFlight = false;
  #retryScheduled = false;

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    channel: ControllerChannel,
    broker: { readonly id: number; readonly epoch: () => number },
  ) {
    this.#ports = ports;
    this.#channel = channel;
    this.#brokerId = broker.id;
    this.#brokerEpoch = broker.epoch;
  }

  /** Asks for a new ISR. A newer proposal of the partition replaces one that still waits. */
  submit(partition: IsrProposer, proposal: IsrProposal): void {
    assert(proposal.isr.length > 0, 'an ISR', { partition: partition.name });
    this.#pending.set(`${partition.topicId}-${partition.index}`, { partition, proposal });
    this.#propagate();
  }

  #propagate(): void {
    if (this.#inFlight || this.#retryScheduled || this.#pending.size === 0) return;
    const sent = new Map(this.#pending);
    const body = this.#request([...sent.values()]);
    this.#inFlight = true;
    this.#channel.send(alterPartition.key, alterPartition.versionMax, body, (reply) => {
      assert(this.#inFlight, 'one request at a time');
      this.#inFlight = false;
      const response = reply.ok ? (reply.body as AlterPartitionResponse) : null;
      if (response === null || response.errorCode !== ErrorCode.NONE) {
        if (response?.errorCode === ErrorCode.NOT_CONTROLLER) this.#channel.notController();
        this.#retryLater();
        return;
      }
      this.#answer(sent, response);
      this.#propagate();
    });
  }

  #request(changes: readonly PendingChange[]): AlterPartitionRequest {
    const topics = new Map<string, AlteredPartition[]>();
    for (const { partition, proposal } of changes) {
      const partitions = topics.get(partition.topicId) ?? [];
      topics.set(partition.topicId, partitions);
      partitions.push({
        partitionIndex: partition.index,
        leaderEpoch: proposal.leaderEpoch,
        newIsr: [],
        newIsrWithEpochs: proposal.isr,
        leaderRecoveryState: LEADER_RECOVERED,
        partitionEpoch: proposal.partitionEpoch,
      });
    }
    return {
      brokerId: this.#brokerId,
      brokerEpoch: this.#brokerEpoch(),
      topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
    };
  }

  #answer(sent: ReadonlyMap<string, PendingChange>, response: AlterPartitionResponse): void {
    for (const topic of response.topics) {
      for (const answer of topic.partitions) {
        const key = `${topic.topicId}-${answer.partitionIndex}`;
        const change = sent.get(key);
        if (change === undefined) continue;
        if (this.#pending.get(key) === change) this.#pending.delete(key);
        this.#record(change, answer.errorCode);
        const outcome: IsrAnswer =
          answer.errorCode === ErrorCode.NONE
            ? { ...answer, errorCode: 0 }
            : { errorCode: answer.errorCode };
        change.partition.isrAnswered(change.proposal, outcome);
      }
    }
    // A partition that the reply forgot is asked for again.
    for (const [key, change] of sent) {
      if (this.#pending.get(key) === change) this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#retryScheduled) return;
    this.#retryScheduled = true;
    this.#ports.clock.after(microsOfMillis(RETRY_MS), 'alter-partition-retry', () => {
      this.#retryScheduled = false;
      this.#propagate();
    });
  }

  #record(change: PendingChange, errorCode: number): void {
    if (!this.#ports.trace.on) return;
    this.#ports.trace.record(alterPartitionKind, {
      partition: change.partition.name,
      isr: change.proposal.isr.map((member) => member.brokerId).join(','),
      error: errorName(errorCode),
    });
  }
}

type AlteredPartition = AlterPartitionRequest['topics'][number]['partitions'][number];

/**
 * Hands out producer ids: the controller gives the broker blocks of 1000, so that no id is ever
 * given twice, whatever crashes.
 *
 * Not here: InitProducerId (`api/22-init-producer-id.ts`). Source: `RPCProducerIdManager`,
 * KIP-730.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type AllocateProducerIdsRequest,
  type AllocateProducerIdsResponse,
  allocateProducerIds,
} from '../../wire/kafka/messages/allocate-producer-ids.ts';
import type { ControllerChannel } from './controller-channel.ts';

/** The next block is asked for when a tenth of the current one is left. */
const PREFETCH_TENTHS = 9;

interface Block {
  readonly start: number;
  readonly length: number;
  used: number;
}

export class ProducerIds {
  readonly #channel: ControllerChannel;
  readonly #brokerId: number;
  readonly #brokerEpoch: () => number;
  #current: Block | null = null;
  #next: Block | null = null;
  #inFlight = false;

  constructor(channel: ControllerChannel, brokerId: number, brokerEpoch: () => number) {
    assert(brokerId >= 0, 'broker id', { brokerId });
    this.#channel = channel;
    this.#brokerId = brokerId;
    this.#brokerEpoch = brokerEpoch;
  }

  /** A producer id, or null while the broker waits for a block (COORDINATOR_LOAD_IN_PROGRESS). */
  take(): number | null {
    if (this.#current === null || this.#current.used === this.#current.length) {
      this.#current = this.#next;
      this.#next = null;
    }
    const block = this.#current;
    const low = block === null || block.used * 10 >= block.length * PREFETCH_TENTHS;
    if (low && this.#next === null) this.#request();
    if (block === null) return null;
    assert(block.used < block.length, 'an id is left', { ...block });
    return block.start + block.used++;
  }

  #request(): void {
    if (this.#inFlight) return;
    this.#inFlight = true;
    const body: AllocateProducerIdsRequest = {
      brokerId: this.#brokerId,
      brokerEpoch: this.#brokerEpoch(),
    };
    const { key, versionMax } = allocateProducerIds;
    this.#channel.send(key, versionMax, body, (reply) => {
      this.#inFlight = false;
      // After an error the next producer that asks makes the broker ask again.
      if (!reply.ok) return;
      const response = reply.body as AllocateProducerIdsResponse;
      if (response.errorCode === ErrorCode.NOT_CONTROLLER) this.#channel.notController();
      if (response.errorCode !== ErrorCode.NONE) return;
      const { producerIdStart: start, producerIdLen: length } = response;
      assert(start >= 0 && length > 0, 'a block', { start, length });
      this.#next = { start, length, used: 0 };
    });
  }
}

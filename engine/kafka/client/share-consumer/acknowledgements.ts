/**
 * What a share consumer has to say about records of one partition, by offset, until it is sent; and
 * how it is sent: neighbours in one batch, with one type for all if they have the same.
 *
 * Source: `Acknowledgements` of the clients.
 */
import { assert } from '../../../kernel/assert.ts';

/** As the wire has them. GAP: there is no record at the offset. */
export const acknowledgeTypes = { gap: 0, accept: 1, release: 2, reject: 3 } as const;
export type AcknowledgeType = Exclude<keyof typeof acknowledgeTypes, 'gap'>;

export interface AcknowledgementBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

export class Acknowledgements {
  readonly #types = new Map<number, number>();

  get size(): number {
    return this.#types.size;
  }

  get offsets(): readonly number[] {
    return [...this.#types.keys()].sort((one, other) => one - other);
  }

  /** The offsets that are accepted. */
  get accepted(): readonly number[] {
    return this.offsets.filter((one) => this.#types.get(one) === acknowledgeTypes.accept);
  }

  /** The later one counts, as long as none was sent. */
  add(offset: number, type: keyof typeof acknowledgeTypes): void {
    assert(offset >= 0, 'an offset', { offset });
    this.#types.set(offset, acknowledgeTypes[type]);
  }

  batches(): AcknowledgementBatch[] {
    const batches: { firstOffset: number; lastOffset: number; acknowledgeTypes: number[] }[] = [];
    for (const offset of this.offsets) {
      const type = this.#types.get(offset);
      assert(type !== undefined, 'a type', { offset });
      const last = batches.at(-1);
      if (last?.lastOffset === offset - 1) {
        last.lastOffset = offset;
        last.acknowledgeTypes.push(type);
      } else {
        batches.push({ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] });
      }
    }
    return batches.map((batch) => {
      const [first, ...rest] = batch.acknowledgeTypes;
      const isOne = first !== undefined && rest.every((type) => type === first);
      return isOne ? { ...batch, acknowledgeTypes: [first] } : batch;
    });
  }
}

/**
 * The history of clients of a replicated list: an append that succeeded knows its place, a read
 * knows the length. With that, linearizability is an order of numbers: the append at place i is
 * 2i + 1, a read of n items is 2n, and nothing that ended before another began comes after it.
 */
export interface Operation {
  readonly kind: 'append' | 'read';
  readonly began: number;
  /** Infinity for what was never answered: then nothing is known of it. */
  ended: number;
  /** The place of an append, the length of a read. */
  result: number;
}

export class History {
  readonly operations: Operation[] = [];
  #now = 0;

  begin(kind: Operation['kind']): Operation {
    const operation = { kind, began: ++this.#now, ended: Infinity, result: -1 };
    this.operations.push(operation);
    return operation;
  }

  end(operation: Operation, result: number): void {
    operation.ended = ++this.#now;
    operation.result = result;
  }

  get answered(): readonly Operation[] {
    return this.operations.filter(({ ended }) => ended < Infinity);
  }

  /** The first two operations in the wrong order, as text; null if the history is linearizable. */
  defect(): string | null {
    const keyOf = ({ kind, result }: Operation): number =>
      kind === 'append' ? 2 * result + 1 : 2 * result;
    const byEnd = [...this.answered].sort((a, b) => a.ended - b.ended);
    const byBegin = [...this.answered].sort((a, b) => a.began - b.began);
    let place = 0;
    let last: Operation | null = null;
    for (const operation of byBegin) {
      while (place < byEnd.length && byEnd[place]!.ended < operation.began) {
        const ended = byEnd[place++]!;
        if (last === null || keyOf(ended) > keyOf(last)) last = ended;
      }
      if (last !== null && keyOf(last) > keyOf(operation)) {
        return `${JSON.stringify(last)} was over before ${JSON.stringify(operation)}`;
      }
    }
    return null;
  }
}

/**
 * The order in which a `java.util.HashMap` is walked. The sticky assignors decide some ties by it:
 * which of several members keeps one partition more. So do we, to come to the same assignment.
 *
 * A table of 16 slots doubles when it is three quarters full; an entry stands in the slot of the
 * low bits of its hash, behind those that came before. Left out: slots with eight entries or more,
 * which Java turns into trees.
 */
import { assert } from '../../../../kernel/assert.ts';
import type { TopicPartition } from '../subscription-state.ts';

/** `String.hashCode`, as an int32. */
export function hashOfText(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** `TopicPartition.hashCode`, as an int32. */
export function hashOfPartition({ topic, partition }: TopicPartition): number {
  return (Math.imul(31 + partition, 31) + hashOfText(topic)) | 0;
}

const SLOTS_MIN = 16;

/** Elements by their slot. Elements are compared by identity. */
export class JavaHashSet<T> {
  private readonly hashOf: (element: T) => number;
  /** In the order of insertion. */
  private readonly elements = new Set<T>();
  private slots = SLOTS_MIN;

  constructor(hashOf: (element: T) => number, elements: Iterable<T> = []) {
    this.hashOf = hashOf;
    for (const element of elements) this.add(element);
  }

  get size(): number {
    return this.elements.size;
  }

  add(element: T): void {
    this.elements.add(element);
    if (this.elements.size * 4 > this.slots * 3) this.slots *= 2;
    assert(this.slots >= this.elements.size, 'slots', { slots: this.slots });
  }

  /** The table does not shrink. */
  delete(element: T): void {
    this.elements.delete(element);
  }

  inOrder(): T[] {
    const slotOf = (element: T): number => {
      const hash = this.hashOf(element);
      return (hash ^ (hash >>> 16)) & (this.slots - 1);
    };
    return [...this.elements]
      .map((element) => ({ element, slot: slotOf(element) }))
      .sort((left, right) => left.slot - right.slot)
      .map(({ element }) => element);
  }
}

/** Texts as the keys of a `HashMap` into which they were put in the given order. */
export function inHashOrder(texts: readonly string[]): string[] {
  return new JavaHashSet(hashOfText, texts).inOrder();
}

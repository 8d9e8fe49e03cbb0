/**
 * Verdicts on a history, in Jepsen's words. They see what clients saw and what was there at the
 * end; what a client was not told is counted apart and never called lost.
 *
 * Not here: invariants of the brokers' own state (`check/kafka.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Delivered, Found, History, Sent } from '../history.ts';

export interface DeliveryVerdict {
  /** Records that the client was told are written. */
  readonly acknowledged: readonly string[];
  /** Acknowledged, and absent after everything was healed. */
  readonly lost: readonly string[];
  /** There more often than they were sent. */
  readonly duplicated: readonly string[];
  /** Behind a record of the same producer and partition that was sent after them. */
  readonly reordered: readonly string[];
  /** Offsets that a consumer passed over although they were there, as `consumer pay-0@5`. */
  readonly skipped: readonly string[];
  /** Given to a consumer, and absent at the end. */
  readonly dirtyRead: readonly string[];
  /** There at the end, and never given to a consumer that read to the end. */
  readonly unobserved: readonly string[];
  /** Refused for certain. */
  readonly refused: readonly string[];
  /** The client does not know: a timeout or a broken connection. */
  readonly indeterminate: readonly string[];
  /** Sent without asking for an acknowledgement (acks=0), and absent at the end. */
  readonly vanished: readonly string[];
  /** Refused for certain, and there all the same. */
  readonly phantom: readonly string[];
}

export function judgeDelivery(history: History): DeliveryVerdict {
  const final = history.final;
  assert(final !== null, 'a verdict needs the end of the run');
  const counts = new Map<string, number>();
  for (const found of final) counts.set(found.id, (counts.get(found.id) ?? 0) + 1);
  const idsWith = (outcome: Sent['outcome']) =>
    history.sent.filter((sent) => sent.outcome === outcome).map((sent) => sent.id);
  const acknowledged = idsWith('acknowledged');
  const refused = idsWith('refused');
  return {
    acknowledged,
    lost: acknowledged.filter((id) => !counts.has(id)),
    duplicated: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
    reordered: reordered(history.sent, final),
    skipped: skipped(history.delivered, final),
    dirtyRead: unique(history.delivered.filter((one) => !counts.has(one.id)).map((one) => one.id)),
    unobserved: unobserved(history.delivered, final),
    refused,
    indeterminate: [...idsWith('indeterminate'), ...idsWith('pending')],
    vanished: idsWith('unasked').filter((id) => !counts.has(id)),
    phantom: refused.filter((id) => counts.has(id)),
  };
}

/** A record is out of order if one that its producer sent later stands before its first copy. */
function reordered(sent: readonly Sent[], final: readonly Found[]): readonly string[] {
  const order = new Map(sent.map((one, place) => [one.id, { place, producer: one.producer }]));
  const furthest = new Map<string, number>();
  const seen = new Set<string>();
  const late: string[] = [];
  for (const found of final) {
    const known = order.get(found.id);
    if (known === undefined || seen.has(found.id)) continue;
    seen.add(found.id);
    const stream = `${known.producer}/${found.partition}`;
    const before = furthest.get(stream) ?? -1;
    if (known.place < before) late.push(found.id);
    else furthest.set(stream, known.place);
  }
  return late;
}

/** Between two deliveries of one consumer and partition, what is there was given. */
function skipped(delivered: readonly Delivered[], final: readonly Found[]): readonly string[] {
  const there = new Map<string, Set<number>>();
  for (const found of final) setOf(there, found.partition).add(found.offset);
  const lastOffset = new Map<string, number>();
  const passed: string[] = [];
  for (const one of delivered) {
    const stream = `${one.consumer} ${one.partition}`;
    const last = lastOffset.get(stream);
    if (last !== undefined) {
      for (let offset = last + 1; offset < one.offset; offset++) {
        if (there.get(one.partition)?.has(offset)) passed.push(`${stream}@${offset}`);
      }
    }
    lastOffset.set(stream, one.offset);
  }
  return unique(passed);
}

function unobserved(delivered: readonly Delivered[], final: readonly Found[]): readonly string[] {
  if (delivered.length === 0) return [];
  const given = new Set(delivered.map((one) => one.id));
  return unique(final.filter((found) => !given.has(found.id)).map((found) => found.id));
}

function setOf(sets: Map<string, Set<number>>, key: string): Set<number> {
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set();
    sets.set(key, set);
  }
  return set;
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

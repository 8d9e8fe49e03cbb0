/**
 * The sentences of Kafka's trace entries, in English and Chinese, by the name of the entry's kind.
 * Each area keeps its sentences beside its kinds; this file only merges them.
 */
import { brokerNarration } from './broker/broker-trace.ts';
import { clientNarration } from './client/narration.ts';
import { controllerNarration } from './controller/controller-trace.ts';
import { partitionNarration } from './partition/partition-trace.ts';

/** A trace entry's data fields and, where the printer adds it, its host. */
export type NarrationEntry = Readonly<Record<string, unknown>>;
export type Sentence = (entry: NarrationEntry) => string;
export type Narration = Readonly<Record<string, { readonly en: Sentence; readonly zh: Sentence }>>;

export const kafkaNarration: Narration = {
  ...partitionNarration,
  ...brokerNarration,
  ...controllerNarration,
  ...clientNarration,
};

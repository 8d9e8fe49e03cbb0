/**
 * The sentences of RabbitMQ's trace entries, in English and Chinese, by the name of the entry's
 * kind. Each area keeps its sentences beside its kinds; this file only merges them, and ends each
 * as a sentence ends.
 */
import { clientNarration } from './client/client-trace.ts';
import { messageNarration } from './vhost/message-trace.ts';
import { clusterNarration } from './cluster/cluster-trace.ts';
import { connectionNarration } from './connection/connection-trace.ts';
import { metadataNarration } from './metadata/metadata-trace.ts';
import { mnesiaNarration } from './metadata/mnesia/mnesia-trace.ts';
import { quorumNarration } from './quorum/quorum-trace.ts';
import { raNarration } from './ra/ra-trace.ts';
import { streamNarration } from './stream/stream-trace.ts';
import { alarmNarration } from './resource-alarms.ts';

type Sentence = (entry: Readonly<Record<string, unknown>>) => string;
export type Narration = Readonly<Record<string, { readonly en: Sentence; readonly zh: Sentence }>>;

const sentences: Narration = {
  ...alarmNarration,
  ...clientNarration,
  ...messageNarration,
  ...clusterNarration,
  ...connectionNarration,
  ...metadataNarration,
  ...mnesiaNarration,
  ...quorumNarration,
  ...raNarration,
  ...streamNarration,
};

/** A sentence may be empty, and may end with words of somebody else, who set a full stop or not. */
const ended =
  (sentence: Sentence, stop: string): Sentence =>
  (entry) => {
    const text = sentence(entry);
    return text === '' || /[.。]$/.test(text) ? text : text + stop;
  };

export const rabbitNarration: Narration = Object.fromEntries(
  Object.entries(sentences).map(([kind, { en, zh }]) => [
    kind,
    { en: ended(en, '.'), zh: ended(zh, '。') },
  ]),
);

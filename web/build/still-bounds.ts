/**
 * A still run with as much as a page can show: a run of thousands of records would otherwise make a
 * page of a megabyte. A step tells a few sentences of each kind and how many more there are, so
 * that what happens once is never left out; a log is kept as far as its strip is drawn; and of the
 * records those that a strip shows, or that did not end well.
 *
 * Not here: running the experiment (`engine/lab/still.ts`), and drawing it (`web/stage`).
 */
import type { Frame, HostFrame } from '../../engine/lab/frames.ts';
import type { Language } from '../../engine/lab/narration.ts';
import type { RecordOutcome, Sentence } from '../../engine/lab/session.ts';
import type { Still, StillStep } from '../../engine/lab/still.ts';
import { brokerView } from '../stage/replicas.ts';
import { SQUARES_MAX } from '../stage/square-window.ts';
import { isStory } from '../stage/telling.ts';

/** Sentences of a step that are all told, of whatever kind. */
const SENTENCES_MAX = 24;
/** Of a kind, in a step of more than that: so many of the first, and as many of the last. */
const OF_A_KIND = 3;
/** Records that no strip shows: so many that ended well, and so many that did not. */
const RECORDS_UNSEEN_MAX = 20;

const MORE: Readonly<Record<Language, (count: number) => string>> = {
  en: (count) => `… and ${count} more like it.`,
  zh: (count) => `……同类的还有 ${count} 条。`,
};

/** The same run, no larger than its pictures. */
export function boundedStill(still: Still): Still {
  const steps = still.steps.map((step) => boundedStep(step));
  const records = boundedRecords(still.summary.records, steps);
  return { ...still, summary: { ...still.summary, records }, steps };
}

function boundedStep({ step, frame, sentences }: StillStep): StillStep {
  return {
    step,
    frame: boundedFrame(frame),
    sentences: { en: boundedStory(sentences.en, 'en'), zh: boundedStory(sentences.zh, 'zh') },
  };
}

/** What tells the story, and of what is said very often its beginning, its end and its count. */
export function boundedStory(all: readonly Sentence[], language: Language): Sentence[] {
  const story = all.filter(isStory);
  if (story.length <= SENTENCES_MAX) return story;
  const counts = new Map<string, number>();
  for (const { kind } of story) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const told = new Map<string, number>();
  return story.flatMap((sentence) => {
    const { kind } = sentence;
    const left = (counts.get(kind) ?? 0) - 2 * OF_A_KIND;
    const place = told.get(kind) ?? 0;
    told.set(kind, place + 1);
    // a line that counts one sentence is no shorter than the sentence
    if (left <= 1 || place < OF_A_KIND || place >= OF_A_KIND + left) return [sentence];
    return place === OF_A_KIND ? [{ ...sentence, text: MORE[language](left) }] : [];
  });
}

/** Each log as far back as a strip is drawn. */
function boundedFrame(frame: Frame): Frame {
  const ends = new Map<string, number>();
  const nameOf = (view: { readonly topic: string; readonly partition: number }): string =>
    `${view.topic}-${view.partition}`;
  for (const view of frame.hosts.flatMap((host) => brokerView(host)?.partitions ?? [])) {
    ends.set(nameOf(view), Math.max(ends.get(nameOf(view)) ?? 0, view.leo));
  }
  const hosts = frame.hosts.map((host): HostFrame => {
    const broker = brokerView(host);
    if (broker === null) return host;
    const partitions = broker.partitions.map((view) => {
      const from = (ends.get(nameOf(view)) ?? 0) - SQUARES_MAX;
      return { ...view, records: view.records.filter(({ offset }) => offset >= from) };
    });
    return { ...host, view: { ...broker, partitions } };
  });
  return { ...frame, hosts };
}

/** The records of the strips, some of the others, and the first of those that did not end well. */
function boundedRecords(
  records: readonly RecordOutcome[],
  steps: readonly StillStep[],
): RecordOutcome[] {
  const partitions = steps.flatMap(({ frame }) =>
    frame.hosts.flatMap((host) => brokerView(host)?.partitions ?? []),
  );
  const drawn = new Set(partitions.flatMap((view) => view.records.map(({ value }) => value)));
  let well = 0;
  let badly = 0;
  return records.filter((record) => {
    if (drawn.has(record.id)) return true;
    const endedWell = record.outcome === 'acknowledged' && record.there;
    return endedWell ? ++well <= RECORDS_UNSEEN_MAX : ++badly <= RECORDS_UNSEEN_MAX;
  });
}

/**
 * The engine beside the page: runs an experiment to its end and answers questions about the run.
 *
 * Only this module and the build import experiments; each is loaded when its lesson asks for it.
 * Errors come back as values. Not here: the page's side (`lab.ts`), and what is drawn of it.
 */
import { expose } from 'comlink';
import type { Experiment } from '#engine/lab/experiment.ts';
import type { HostFrame } from '#engine/lab/frames.ts';
import { fromLink } from '#engine/lab/link.ts';
import type { Language } from '#engine/lab/narration.ts';
import { Session } from '#engine/lab/session.ts';
import { firstDifference, type Finished } from './divergence.ts';
import type {
  Answer,
  HostChange,
  LinkAnswer,
  OpenedRun,
  Recording,
  RunRequest,
} from './recording.ts';

const EXPERIMENTS = import.meta.glob<Experiment>('../../lessons/*/*/experiment.ts', {
  import: 'default',
});

let current: Finished | null = null;

async function experimentOf(lesson: string): Promise<Experiment> {
  const path = Object.keys(EXPERIMENTS).find((one) => one.endsWith(`/${lesson}/experiment.ts`));
  if (path === undefined) throw new Error(`the lesson '${lesson}' has no experiment`);
  return EXPERIMENTS[path]!();
}

/** Runs an experiment. The run becomes the current one unless it cannot be. */
async function open(
  lesson: string,
  request: RunRequest,
  language: Language,
): Promise<Answer<OpenedRun>> {
  try {
    const session = new Session(await experimentOf(lesson), request);
    const summary = session.summary();
    const finished = { session, events: summary.events };
    const divergedAt = current === null ? null : firstDifference(current, finished);
    current = finished;
    const sentences = session.sentences(language);
    return { ok: true, value: { summary, sentences, flights: session.flights(), divergedAt } };
  } catch (problem) {
    return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
  }
}

/** The current run's moments from one event to another, both included. */
function record(from: number, to: number): Answer<Recording> {
  if (current === null) return { ok: false, error: 'no run is open' };
  const { session } = current;
  const at: number[] = [];
  const changes: HostChange[] = [];
  const last = new Map<string, HostFrame>();
  if (from > 0) for (const host of session.frame(from - 1).hosts) last.set(host.name, host);
  for (let event = from; event <= to; event++) {
    const frame = session.frame(event);
    at.push(frame.at);
    for (const host of frame.hosts) {
      if (last.get(host.name) === host) continue;
      last.set(host.name, host);
      changes.push({ event, host });
    }
  }
  return { ok: true, value: { from, at, changes } };
}

/** The run that a link's fragment (without #) asks for. */
function read(link: string, lesson: string): LinkAnswer {
  const opened = fromLink(link);
  if (!opened.ok) return { ok: false, problem: opened.reason };
  const { experiment, ...request } = opened.shared;
  return experiment === lesson ? { ok: true, request } : { ok: false, problem: 'other lesson' };
}

const lab = { open, record, read };
export type Lab = typeof lab;

expose(lab);

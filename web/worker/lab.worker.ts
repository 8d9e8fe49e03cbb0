/**
 * The engine beside the page: runs an experiment to its end and answers questions about the run.
 *
 * Only this module and the build import experiments; each is loaded when its lesson asks for it.
 * Errors come back as values. Not here: the page's side (`lab.ts`), and what is drawn of it.
 */
import { expose, proxy, type ProxyMarked } from 'comlink';
import type { Experiment } from '#engine/lab/experiment.ts';
import type { Exported, ExportWish } from '#engine/lab/export/run-export.ts';
import type { HostFrame } from '#engine/lab/frames.ts';
import type { BatchInspection, RecordAddress } from '#engine/lab/inspect/record.ts';
import { KnobError } from '#engine/lab/knob.ts';
import { fromLink } from '#engine/lab/link.ts';
import type { Language } from '#engine/lab/narration.ts';
import { Session } from '#engine/lab/session.ts';
import { firstDifference, type Finished } from './divergence.ts';
import type { HostMachines, Inspecting } from './inspecting.ts';
import type {
  Answer,
  HostChange,
  LinkAnswer,
  OpenedRun,
  Recording,
  RunRequest,
} from './recording.ts';
import type { Checking, SafetyReading, SafetyState, SafetyWish } from './checking.ts';
import type { Searching, SearchState, SearchWish } from './searching.ts';
import type { Sweeping, SweepState, SweepWish } from './sweeping.ts';
import type { LiveTerminal } from './terminal.ts';

const EXPERIMENTS = import.meta.glob<Experiment>('../../lessons/*/*/experiment.ts', {
  import: 'default',
});

let current: Finished | null = null;
let searching: Searching | null = null;
let sweeping: Sweeping | null = null;
let inspecting: Inspecting | null = null;
let checking: Checking | null = null;

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
    return { ok: false, error: sentenceOf(problem, language) };
  }
}

/** What a reader can do something about is said in the page's language. */
function sentenceOf(problem: unknown, language: Language): string {
  if (problem instanceof KnobError) return problem.text[language];
  return problem instanceof Error ? problem.message : String(problem);
}

/** Where the current run and another part: the first event that differs, or null. */
async function parting(lesson: string, request: RunRequest): Promise<Answer<number | null>> {
  try {
    if (current === null) return { ok: false, error: 'no run is open' };
    const session = new Session(await experimentOf(lesson), request);
    const other = { session, events: session.summary().events };
    return { ok: true, value: firstDifference(current, other) };
  } catch (problem) {
    return { ok: false, error: sentenceOf(problem, 'en') };
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

/** Whether a lesson's experiment has points at which a search may strike. */
async function isSearchable(lesson: string): Promise<boolean> {
  return (await experimentOf(lesson)).exploration !== undefined;
}

/** Begins a search, or with a null wish goes on with it, for a slice of time. */
async function search(lesson: string, wish: SearchWish | null): Promise<Answer<SearchState>> {
  try {
    if (wish !== null) {
      // few readers search: only they load it
      const { Searching } = await import('./searching.ts');
      searching = new Searching(await experimentOf(lesson), wish);
    }
    if (searching === null) return { ok: false, error: 'no search has begun' };
    return { ok: true, value: searching.goOn() };
  } catch (problem) {
    return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
  }
}

/** Begins a sweep, or with a null wish goes on with it, for a slice of time. */
async function sweep(
  lesson: string,
  wish: SweepWish | null,
  language: Language,
): Promise<Answer<SweepState>> {
  try {
    if (wish !== null) {
      // few readers sweep: only they load it
      const { Sweeping } = await import('./sweeping.ts');
      sweeping = new Sweeping(await experimentOf(lesson), wish);
    }
    if (sweeping === null) return { ok: false, error: 'no sweep has begun' };
    return { ok: true, value: sweeping.goOn() };
  } catch (problem) {
    return { ok: false, error: sentenceOf(problem, language) };
  }
}

/** A closer look at the current run. */
async function look<T>(at: (inspecting: Inspecting) => T): Promise<Answer<T>> {
  try {
    // few readers look so close: only they load it
    const { Inspecting } = await import('./inspecting.ts');
    if (current === null) return { ok: false, error: 'no run is open' };
    const { session } = current;
    if (inspecting?.session !== session) inspecting = new Inspecting(session);
    return { ok: true, value: at(inspecting) };
  } catch (problem) {
    return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
  }
}

/** The batch that holds a record after an event of the current run; null where no file has it. */
function inspect(event: number, address: RecordAddress): Promise<Answer<BatchInspection | null>> {
  return look((inspecting) => inspecting.record(event, address));
}

/** The state machines of a host over the current run. */
function machinesOf(host: string): Promise<Answer<HostMachines>> {
  return look((inspecting) => inspecting.machines(host));
}

/** The current run, or a part of it, as a file. */
async function take(wish: ExportWish): Promise<Answer<Exported>> {
  try {
    // few readers take it away: only they load it
    const { exportRun } = await import('#engine/lab/export/run-export.ts');
    if (current === null) return { ok: false, error: 'no run is open' };
    return { ok: true, value: exportRun(current.session, wish) };
  } catch (problem) {
    return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
  }
}

/** What the lines of a configuration come to. */
async function readSettings(wish: SafetyWish): Promise<SafetyReading> {
  return (await import('./checking.ts')).readSettings(wish);
}

/** Begins to check a configuration, or with a null wish goes on with it, for a slice of time. */
async function check(wish: SafetyWish | null): Promise<Answer<SafetyState>> {
  try {
    // only the page of its own loads it
    if (wish !== null) checking = new (await import('./checking.ts')).Checking(wish);
    if (checking === null) return { ok: false, error: 'no check has begun' };
    return { ok: true, value: checking.goOn() };
  } catch (problem) {
    return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
  }
}

/** A terminal, which is still to be opened on a world. */
async function terminal(language: Language): Promise<LiveTerminal & ProxyMarked> {
  // few readers type: only they load it
  const { LiveTerminal } = await import('./terminal.ts');
  return proxy(new LiveTerminal(language));
}

const lab = {
  open,
  parting,
  record,
  inspect,
  machinesOf,
  take,
  read,
  isSearchable,
  search,
  sweep,
  readSettings,
  check,
  terminal,
};
export type Lab = typeof lab;

expose(lab);

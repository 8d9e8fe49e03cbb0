/**
 * The cluster of the first page, as plain data: which run it is, the moment in which a visitor
 * finds it, and the moment after its leader was killed and came back. Both are runs of a lesson's
 * experiment, made while the site is built; in the page the same run is live (`home/Scene.svelte`).
 *
 * The world is the smallest that can lose a record: the followers cannot reach their leader, which
 * acknowledges one more record all the same, since acks is 1.
 */
import type { Experiment } from '../../engine/lab/experiment.ts';
import type { Input } from '../../engine/lab/run.ts';
import { Session } from '../../engine/lab/session.ts';
import type { Still, StillStep } from '../../engine/lab/still.ts';
import type { Frame } from '../../engine/lab/frames.ts';

/** The lesson of which it is a run. */
export const SCENE_LESSON = 'kafka/acks-and-loss';

/** Nothing goes wrong in it but what is injected. */
const KNOBS = { fault: 'yours', acks: '1' };

export interface SceneRun {
  /** The fragment that opens the run in its lesson, and here. */
  readonly link: string;
  /** The host that leads, and the record that only it has. */
  readonly leader: string;
  readonly record: string;
  readonly offset: number;
  /** The event after which all is well, and the one after which the record is acknowledged. */
  readonly calmAt: number;
  readonly toldAt: number;
  /** The run's moment after `toldAt`, as a page shows it before the engine runs. */
  readonly before: Still;
  /** The moment after which the record is gone, in the run in which the leader died. */
  readonly after: Still;
}

/** @throws Error where the lesson does not come to such a moment any more */
export function sceneRun(experiment: Experiment): SceneRun {
  const calm = new Session(experiment, { knobs: KNOBS, inputs: [] });
  const calmAt = found(
    calm.summary().steps.find(({ id }) => id === 'produce'),
    'a calm step',
  ).to;
  const hosts = partitionsOf(calm.frame(calmAt));
  const leader = found(
    hosts.find(({ role }) => role === 'leader'),
    'a leader',
  ).host;
  const others = hosts.map(({ host }) => host).filter((host) => host !== leader);
  const cut: Input = { event: calmAt, fault: { fault: 'isolate', host: leader, from: others } };
  const begun = new Session(experiment, { knobs: KNOBS, inputs: [cut] });
  const { records } = begun.summary();
  const record = found(
    records.find(({ sentAt }) => sentAt > calmAt),
    'a record after the fault',
  );
  const crash: Input = { event: record.toldAt, fault: { fault: 'crash', host: leader } };
  const dead = new Session(experiment, { knobs: KNOBS, inputs: [cut, crash] });
  const event = electedAt(dead, record.toldAt, leader);
  const faults = [{ fault: 'heal' }, { fault: 'start', host: leader }] as const;
  const back: Input[] = faults.map((fault) => ({ event, fault }));
  const lost = new Session(experiment, { knobs: KNOBS, inputs: [cut, crash, ...back] });
  const gone = found(
    lost.sentences('en').find(({ kind, host }) => kind === 'truncate' && host === leader),
    'a truncation',
  ).event;
  return {
    link: begun.summary().link,
    leader,
    record: record.id,
    offset: Number(record.place.split('@')[1]),
    calmAt,
    toldAt: record.toldAt,
    before: stillOf(begun, [record.toldAt]),
    // what was cut off is known from where it was
    after: stillOf(lost, [record.toldAt, gone]),
  };
}

/** The event after which another host leads than the one that died. */
function electedAt(session: Session, from: number, dead: string): number {
  const { events } = session.summary();
  const leads = ({ host, role }: Held) => role === 'leader' && host !== dead;
  for (let event = from; event <= events; event++) {
    if (partitionsOf(session.frame(event)).some(leads)) return event;
  }
  throw new Error('nobody is elected in the run of the first page');
}

/** Some moments of a run as still steps. */
function stillOf(session: Session, events: readonly number[]): Still {
  const summary = session.summary();
  const steps = events.map((event): StillStep => {
    const step = found(
      summary.steps.findLast((one) => one.from <= event),
      'a step',
    );
    const sentences = { en: [], zh: [] };
    return { step: { ...step, to: event }, frame: session.frame(event), sentences };
  });
  return { summary, knobs: {}, steps, proofs: [] };
}

interface Held {
  readonly host: string;
  readonly role: string;
}

/** Who has a partition, and as what. */
function partitionsOf(frame: Frame): readonly Held[] {
  return frame.hosts.flatMap(({ name, view }) => {
    const { partitions = [] } = (view ?? {}) as { partitions?: readonly { role?: string }[] };
    return partitions.flatMap(({ role }) => (role === undefined ? [] : [{ host: name, role }]));
  });
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the first page's run has no ${what}`);
  return value;
}

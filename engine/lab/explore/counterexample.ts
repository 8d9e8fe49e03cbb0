/**
 * What a search found, told: the faults as sentences, each at its point, what broke and the
 * evidence of it, and the link that repeats the run.
 *
 * The schedule is run once more, with the trace on. Not here: the search (`search.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Experiment } from '../experiment.ts';
import type { Localized } from '../knob.ts';
import { toLink } from '../link.ts';
import { Run } from '../run.ts';
import type { Choice } from './schedule.ts';
import { explorationOf, trialKnobs } from './trial.ts';
import type { Broken, Subject, Trial } from './trial.ts';

/** A moment of a run. */
interface Moment {
  readonly event: number;
  /** Microseconds of virtual time. */
  readonly at: number;
}

export interface ToldFault extends Moment {
  readonly point: string;
  readonly text: Localized;
}

/** A record that was acknowledged and is absent at the end. */
export interface LostRecord extends Moment {
  readonly id: string;
  /** Where its producer was told that it is: `pay-0@5`. */
  readonly place: string;
  readonly text: Localized;
}

export interface Counterexample {
  readonly broken: Broken;
  /** What broke, in a sentence. */
  readonly text: Localized;
  readonly faults: readonly ToldFault[];
  readonly lost: readonly LostRecord[];
  readonly link: string;
  readonly traceHash: string;
  readonly events: number;
}

/** Tells a trial that broke something. */
export function counterexampleOf(
  experiment: Experiment,
  subject: Subject,
  choices: readonly Choice[],
  trial: Trial,
): Counterexample {
  const { broken, schedule, inputs, struckAt } = trial;
  assert(broken !== null, 'only what broke is told', { outcome: trial.outcome });
  const knobs = turned(experiment, trialKnobs(experiment, subject));
  const { seed, invariants } = subject;
  const options = { knobs, seed, inputs, onViolation: 'note' } as const;
  const run = new Run(experiment, invariants === null ? options : { ...options, invariants });
  const times = [0];
  run.world.observe((event) => (times[event] = run.world.now));
  run.finish();
  const moment = (event: number): Moment => ({ event, at: times[event] ?? 0 });
  const { points, controllers } = explorationOf(experiment);
  const faults = schedule.map((index, place) => {
    const choice = present(choices[index], 'a choice of this search');
    const point = points[choice.point]!;
    const text = sentenceOf(choice, point.title, controllers !== undefined);
    return { ...moment(struckAt[place]!), point: point.id, text };
  });
  const there = new Set((run.history.final ?? []).map((found) => found.id));
  const lost =
    run.history.final === null
      ? []
      : run.history.sent.filter(({ id, outcome }) => outcome === 'acknowledged' && !there.has(id));
  return {
    broken,
    text: brokenText(broken),
    faults,
    lost: lost.map(({ id, place, toldAt }) => {
      const when = moment(toldAt);
      return { ...when, id, place, text: lostText(id, place, when) };
    }),
    link: toLink({ experiment: experiment.id, knobs, seed, inputs }),
    traceHash: run.world.trace.hash,
    events: run.world.event,
  };
}

/** Knobs that differ from their presets: all that a link has to say. */
function turned(
  { knobs }: Experiment,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const differs = ([name, value]: [string, string]) => String(knobs[name]?.preset) !== value;
  return Object.fromEntries(Object.entries(values).filter(differs));
}

/** Milliseconds with one digit behind the point, as the terminal's times have. */
const millis = (micros: number) => `${(micros / 1000).toFixed(1)} ms`;

/** Without controllers there are only nodes, which are all the same. */
function sentenceOf({ kind, host }: Choice, point: Localized, hasControllers: boolean): Localized {
  const cut = cutText(host, hasControllers);
  const en = {
    power: `${host} loses power; what was not synced to its disk is gone`,
    crash: `the process on ${host} is killed; the page cache stays`,
    isolate: cut.isolate.en,
    partition: cut.partition.en,
    pause: `the process on ${host} pauses; its connections stay open`,
    heal: 'every link works again, and everyone is started',
  } as const;
  const zh = {
    power: `${host} 断电，没有刷盘的数据全部消失`,
    crash: `${host} 上的进程被杀死，页缓存还在`,
    isolate: cut.isolate.zh,
    partition: cut.partition.zh,
    pause: `${host} 上的进程暂停，连接没有断开`,
    heal: '网络全部恢复，所有进程重新启动',
  } as const;
  return { en: `When ${point.en}: ${en[kind]}.`, zh: `${point.zh}时：${zh[kind]}。` };
}

function cutText(
  host: string,
  hasControllers: boolean,
): Record<'isolate' | 'partition', Localized> {
  if (!hasControllers) {
    const nodes = {
      en: `${host} is cut off from the other nodes; clients still reach it`,
      zh: `${host} 与其他节点断网，客户端仍能连到它`,
    };
    return { isolate: nodes, partition: nodes };
  }
  return {
    isolate: {
      en: `${host} is cut off from the other brokers`,
      zh: `${host} 与其他 Broker 之间断网`,
    },
    partition: {
      en: `${host} is cut off from brokers and controllers; clients still reach it`,
      zh: `${host} 与 Broker 和控制器断网，客户端仍能连到它`,
    },
  };
}

function brokenText(broken: Broken): Localized {
  const { name } = broken;
  if (broken.kind === 'measure') {
    return {
      en: `The measure '${name}' must be 0 and is ${broken.value}.`,
      zh: `指标“${name}”应为 0，实际是 ${broken.value}。`,
    };
  }
  const { what } = broken;
  if (broken.kind === 'invariant') {
    return { en: `Invariant ${name} is broken: ${what}.`, zh: `不变式 ${name} 被破坏：${what}。` };
  }
  return {
    en: `The lab itself failed on ${name}: ${what}.`,
    zh: `实验引擎自身出错（${name}）：${what}。`,
  };
}

function lostText(id: string, place: string, { event, at }: Moment): Localized {
  const when = millis(at);
  return {
    en: `${id} was acknowledged at ${place} (event ${event}, ${when}); it is absent at the end.`,
    zh: `${id} 在 ${place} 得到确认（第 ${event} 个事件，${when}），最后却不在了。`,
  };
}

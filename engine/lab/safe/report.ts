/**
 * The verdict on a configuration in words, in both languages: what it survives and how much of that
 * was searched, what it does not, and which changes prevent it.
 *
 * Not here: the steps of a counterexample (`../explore/counterexample.ts`), the prices of changes
 * (the systems).
 */
import type { Counterexample } from '../explore/index.ts';
import type { Localized } from '../knob.ts';
import type { Probe } from './probe.ts';
import type { Damage, Reading, Remedy, Stage } from './system.ts';

/**
 * `whole`: nothing in all schedules. `partly`: nothing in those that were tried before time ran
 * out. `skipped`: fewer faults do it. `failed`: the lab itself failed.
 */
type Outcome = 'whole' | 'partly' | 'broken' | 'skipped' | 'failed';

export interface StageReport {
  readonly id: string;
  readonly damage: Damage;
  readonly isBeyond: boolean;
  readonly title: Localized;
  readonly outcome: Outcome;
  readonly tried: number;
  readonly left: number;
  readonly all: number;
  readonly found: Counterexample | null;
  readonly sentence: Localized;
}

export interface RemedyReport {
  readonly damage: Damage;
  /** The stage whose counterexample and schedules were run again. */
  readonly stage: string;
  readonly settings: readonly {
    readonly name: string;
    readonly value: string;
    readonly was: string;
  }[];
  readonly holds: boolean;
  readonly tried: number;
  readonly prices: readonly Localized[];
  readonly sentence: Localized;
}

export interface SafetyReport {
  readonly system: string;
  readonly release: string;
  /**
   * `loses`: some faults that count lose an acknowledged record. `cannot write`: no write is ever
   * acknowledged, so that there is nothing to lose.
   */
  readonly verdict: 'safe' | 'loses' | 'cannot write';
  readonly headline: Localized;
  readonly stages: readonly StageReport[];
  readonly remedies: readonly RemedyReport[];
}

/** What came of a stage; without a probe it was passed over. */
export function stageReport(stage: Stage, probe: Probe | null, reading: Reading): StageReport {
  const { id, damage, isBeyond, title } = stage;
  const about = { id, damage, isBeyond, title };
  if (probe === null) {
    const none = { tried: 0, left: 0, all: 0, found: null };
    return { ...about, ...none, outcome: 'skipped', sentence: passedOver(title) };
  }
  const { tried, left, all, found: trial } = probe;
  const counts = { tried, left, all };
  if (trial === null) {
    const outcome = left === 0 ? 'whole' : 'partly';
    return { ...about, ...counts, outcome, found: null, sentence: survived(stage, counts) };
  }
  const found = probe.counterexample();
  const isOurs = trial.broken?.kind === 'engine';
  const sentence = isOurs ? found.text : broke(stage, found, reading);
  return { ...about, ...counts, outcome: isOurs ? 'failed' : 'broken', found, sentence };
}

/** What came of changes that were tried together. */
export function remedyReport(
  { id, damage }: Stage,
  remedies: readonly Remedy[],
  { found, tried }: Probe,
  { knobs }: Reading,
): RemedyReport {
  const settings = remedies.flatMap((remedy) =>
    Object.entries(remedy.settings).map(([name, value]) => ({
      name,
      value,
      was: knobs[name] ?? '',
    })),
  );
  const holds = found === null;
  const said = settings.map(({ name, value }) => `${name}=${value}`);
  const sentence = holds
    ? {
        en:
          `${said.join(' and ')} prevents it: ${NOT_DONE[damage].en} in ${plural(tried)}, ` +
          'the one above among them.',
        zh: `${said.join(' 加上 ')} 可以避免：试了 ${tried} 种情形（包括上面那种），${NOT_DONE[damage].zh}。`,
      }
    : {
        en: `${said.join(' and ')} does not prevent it.`,
        zh: `${said.join(' 加上 ')} 避免不了。`,
      };
  const prices = remedies.map(({ price }) => price);
  return { damage, stage: id, settings, holds, tried, prices, sentence };
}

/** The whole verdict. */
export function reportOf(
  { system, release }: Reading,
  stages: readonly StageReport[],
  remedies: readonly RemedyReport[],
): SafetyReport {
  const isBroken = (id: string) => stages.some((one) => one.id === id && one.outcome === 'broken');
  const losses = stages
    .filter(
      ({ damage, isBeyond, outcome }) => damage === 'lost' && !isBeyond && outcome === 'broken',
    )
    .sort((left, right) => left.found!.faults.length - right.found!.faults.length);
  const loss = losses[0];
  const all = { system, release, stages, remedies };
  if (isBroken('writes')) return { ...all, verdict: 'cannot write', headline: cannotWrite };
  if (loss === undefined) return { ...all, verdict: 'safe', headline: safe(stages) };
  return { ...all, verdict: 'loses', headline: loses(loss.found!) };
}

// ----------------------------------------------------------------------------------------- words

const plural = (count: number) => `${count} ${count === 1 ? 'schedule' : 'schedules'}`;

const NOT_DONE: Readonly<Record<Damage, Localized>> = {
  lost: { en: 'no acknowledged record is lost', zh: '没有丢失任何已确认的消息' },
  duplicated: { en: 'no record is written twice', zh: '没有消息写入两次' },
  reordered: { en: 'the order is kept', zh: '顺序没有变' },
  unavailable: { en: 'every write is acknowledged', zh: '每次写入都得到确认' },
};

const DONE: Readonly<Record<Damage, Localized>> = {
  lost: { en: 'Loses acknowledged records', zh: '丢失已确认的消息' },
  duplicated: { en: 'Writes a record twice', zh: '同一条消息写入两次' },
  reordered: { en: 'Changes the order of records', zh: '消息顺序被打乱' },
  unavailable: { en: 'Not every write is acknowledged', zh: '有写入得不到确认' },
};

const SURVIVES: Readonly<Record<Damage, Localized>> = {
  lost: { en: 'Survives', zh: '扛得住' },
  duplicated: { en: 'No duplicates', zh: '不会重复' },
  reordered: { en: 'Order kept', zh: '顺序不变' },
  unavailable: { en: 'Goes on', zh: '照常工作' },
};

function passedOver(title: Localized): Localized {
  return {
    en: `Not tried: ${title.en}. Less is enough.`,
    zh: `不必再试：${title.zh}。更少的故障就够了。`,
  };
}

function survived(
  { damage, title }: Stage,
  { tried, left, all }: Pick<StageReport, 'tried' | 'left' | 'all'>,
): Localized {
  const { en, zh } = SURVIVES[damage];
  if (left > 0) {
    return {
      en:
        `Nothing found: ${title.en}. Time ran out: of ${plural(all)} ${tried} were run, and ` +
        `${left} were not searched.`,
      zh: `没有发现问题：${title.zh}。时间到了：共 ${all} 种情形，跑了 ${tried} 种，还有 ${left} 种没有搜索。`,
    };
  }
  const searched = all === 1 ? '' : ` All ${all} schedules were searched.`;
  const searchedZh = all === 1 ? '' : `全部 ${all} 种情形都搜索过了。`;
  return { en: `${en}: ${title.en}.${searched}`, zh: `${zh}：${title.zh}。${searchedZh}` };
}

function broke(stage: Stage, found: Counterexample, { knobs }: Reading): Localized {
  const { damage, title } = stage;
  const isSilent = found.broken.name === 'vanished';
  const { en, zh } = DONE[damage];
  if (isSilent) {
    return {
      en: `Loses records without a word (acks=${knobs['acks']}): ${title.en}.`,
      zh: `悄无声息地丢消息（acks=${knobs['acks']}）：${title.zh}。`,
    };
  }
  return { en: `${en}: ${title.en}.`, zh: `${zh}：${title.zh}。` };
}

const cannotWrite: Localized = {
  en: 'No write is acknowledged, even while nothing is wrong.',
  zh: '即使一切正常，也没有写入能得到确认。',
};

function loses({ faults }: Counterexample): Localized {
  const count = faults.length;
  const faultsInWords = count === 1 ? 'One fault is' : `${count} faults are`;
  return {
    en: `Not safe. ${faultsInWords} enough to lose a record.`,
    zh: `不安全。${count} 个故障就足以丢消息。`,
  };
}

function safe(stages: readonly StageReport[]): Localized {
  const losing = stages.filter(({ damage, isBeyond }) => damage === 'lost' && !isBeyond);
  const partly = losing.filter(({ outcome }) => outcome === 'partly');
  const all = stages.some(({ isBeyond, outcome }) => isBeyond && outcome === 'broken');
  const head =
    partly.length === 0
      ? {
          en: 'Safe against any two faults that were searched, and that was all of them.',
          zh: '在搜索的范围内，任何两个故障都不会丢失已确认的消息，而且已全部搜索。',
        }
      : {
          en: 'No loss was found in what was searched; that was not everything.',
          zh: '搜索过的情形里没有丢消息，但还没有全部搜索完。',
        };
  if (!all) return head;
  return {
    en: `${head.en} Power loss of all brokers at once does lose records.`,
    zh: `${head.zh}所有 Broker 同时断电则会丢消息。`,
  };
}

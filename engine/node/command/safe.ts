/**
 * `highwater safe`: whether the configuration in some files loses acknowledged records, what it
 * survives, and which setting would prevent what it does not.
 *
 * Not here: the check (`lab/safe/`), its threads (`trial-crew.ts`), the words of the verdict.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { Language } from '../../lab/narration.ts';
import { SafetyCheck, systemIds, systemNamed } from '../../lab/safe/index.ts';
import type {
  Origin,
  Problem,
  ProbeSubject,
  Reading,
  SafetyReport,
  SettingsFile,
  StageReport,
} from '../../lab/safe/index.ts';
import { TrialCrew } from './trial-crew.ts';
import { oneOf, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

/** Less than the minute for which somebody waits at a terminal. */
const SECONDS_PRESET = 50;
const THREADS_MAX = 8;
/** Somebody who pipes something in has begun by then. */
const STDIN_WAIT_MS = 1000;
const PROGRESS_EVERY_MS = 250;

const OPTIONS = {
  file: { type: 'string', multiple: true },
  system: { type: 'string' },
  release: { type: 'string' },
  time: { type: 'string' },
  threads: { type: 'string' },
  lang: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const safe: Command = {
  name: 'safe',
  summary: 'say whether a configuration loses acknowledged records',
  usage: `highwater safe [--file server.properties]... [options]
highwater safe < server.properties

Reads .properties files of brokers, topics and producers, runs the configuration against every
fault, then two, then the loss of power of all, and says what it survives, the shortest way to lose
a record, and the setting that prevents it. Without files: the defaults of the release.
Exits with 0 if no record was lost in what was searched, with 1 if one was (or if nothing can be
written), and with 2 for files that Kafka would refuse. What is lost when all brokers lose their
power at once is told, and does not count.

  --file name         a file; several are put together. A topic's setting overrides a broker's
  --system name       of ${systemIds.join(', ')} (default ${systemIds[0]})
  --release n         behaviour and defaults of a release, as 3.9 (default: what
                      inter.broker.protocol.version says, else the newest)
  --time seconds      ends the search after so long (default ${SECONDS_PRESET})
  --threads n         default: one for each core
  --lang en|zh        the language of the sentences (default en)
  --json              one JSON object: what was read, the verdict, stages and remedies`,

  async run(args) {
    const { values } = parse(args, OPTIONS);
    const language = oneOf('lang', values['lang'], ['en', 'zh'], 'en');
    const system = systemNamed(oneOf('system', values['system'], systemIds, systemIds[0]!));
    const { releases } = system;
    const release =
      values['release'] === undefined
        ? null
        : oneOf('release', values['release'], releases, releases[0]!);
    const seconds = bounded('time', values['time'], 86_400, SECONDS_PRESET);
    const cores = Math.min(availableParallelism(), THREADS_MAX);
    const threads = bounded('threads', values['threads'], THREADS_MAX, cores);
    const started = performance.now();
    const files = await filesOf((values['file'] as string[] | undefined) ?? []);
    const result = system.read(files, release);
    if (!result.ok) throw new UsageError(complaints(result.problems, language));
    const check = new SafetyCheck(result.reading);
    await carryOut(check, threads, started + seconds * 1000);
    const report = check.report();
    const millis = Math.round(performance.now() - started);
    if (values['json'] === true) {
      console.log(JSON.stringify({ reading: result.reading, millis, ...report }));
    } else {
      tellReading(result.reading, language);
      tellReport(report, millis, language);
    }
    return report.verdict === 'safe' ? 0 : 1;
  },
};

function bounded(name: string, given: unknown, max: number, preset: number): number {
  return wholeNumber(name, given, { min: 1, max, preset });
}

// ------------------------------------------------------------------------------------------ files

async function filesOf(names: readonly string[]): Promise<SettingsFile[]> {
  if (names.length > 0) return names.map(fileNamed);
  const text = await piped();
  return text === '' ? [] : [{ name: 'stdin', text }];
}

function fileNamed(name: string): SettingsFile {
  try {
    return { name: basename(name), text: readFileSync(name, 'utf8') };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--file cannot be read: ${why}`);
  }
}

/** What is piped in, or nothing: at a terminal, or where nobody writes. */
async function piped(): Promise<string> {
  const stdin = fstatSync(0);
  if (stdin.isFile()) return readFileSync(0, 'utf8');
  if (!stdin.isFIFO() && !stdin.isSocket()) return '';
  const { stdin: stream } = process;
  stream.setEncoding('utf8');
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => {
      stream.destroy();
      resolve('');
    }, STDIN_WAIT_MS);
    stream.on('data', (some: string) => {
      clearTimeout(timer);
      text += some;
    });
    stream.on('end', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

function complaints(problems: readonly Problem[], language: Language): string {
  return problems
    .map(({ text, origins }) => `${origins.map(placeOf).join(', ')}: ${text[language]}`)
    .join('\n');
}

const placeOf = ({ file, line }: Origin) => `${file}:${line}`;

// ----------------------------------------------------------------------------------------- search

/** Checks until it is over; each part ends when its share of the time is used up. */
async function carryOut(check: SafetyCheck, threads: number, deadline: number): Promise<void> {
  const crew = new TrialCrew<ProbeSubject>({ experiment: null }, threads);
  let shownAt = performance.now();
  try {
    await crew.ready();
    let part = -1;
    let partEnd = 0;
    while (!check.over) {
      const now = performance.now();
      if (check.part !== part) {
        ({ part } = check);
        partEnd = now + Math.max(deadline - now, 0) * check.share;
      }
      const batch = now < partEnd ? check.deal() : null;
      const trials = batch === null ? null : await crew.run(batch, partEnd - performance.now());
      if (trials !== null) check.accept(trials);
      else if (check.part === part) check.giveUp();
      if (process.stderr.isTTY && performance.now() - shownAt > PROGRESS_EVERY_MS) {
        shownAt = performance.now();
        const { title, tried, done, parts } = check.progress;
        process.stderr.write(`\r\x1b[K${done}/${parts} ${title.en}, ${tried} schedules run`);
      }
    }
  } finally {
    await crew.end();
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

// ------------------------------------------------------------------------------------------ words

const WORDS = {
  en: {
    release: (release: string) => `Kafka ${release}`,
    recognised: 'recognised',
    defaults: (release: string) => `defaults of ${release}`,
    ignored: 'not considered',
    repeated: (later: number) => `overridden by line ${later}`,
    empty: 'nothing was given: these are the defaults alone',
    steps: 'The shortest way:',
    again: 'again:',
    remedies: 'What would prevent it (each was run):',
    none: 'No change that was tried prevents it.',
    time: (seconds: string) => `${seconds} s`,
  },
  zh: {
    release: (release: string) => `Kafka ${release}`,
    recognised: '已识别',
    defaults: (release: string) => `${release} 的默认值`,
    ignored: '未考虑',
    repeated: (later: number) => `被第 ${later} 行覆盖`,
    empty: '没有给出任何配置，以下只是默认值',
    steps: '最短的步骤：',
    again: '重现：',
    remedies: '怎样可以避免（每一项都运行过）：',
    none: '试过的改动都避免不了。',
    time: (seconds: string) => `用时 ${seconds} 秒`,
  },
} as const;

function tellReading(reading: Reading, language: Language): void {
  const words = WORDS[language];
  const { release, recognised, ignored, repeated, defaults, notes } = reading;
  console.log(words.release(release));
  if (recognised.length === 0) console.log(`  (${words.empty})`);
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) console.log(`${title}\n${lines.map((one) => `  ${one}`).join('\n')}`);
  };
  const shown = (one: { name: string; value: string }) => `${one.name}=${one.value}`;
  list(
    words.recognised,
    recognised.map((one) => `${shown(one)}  (${placeOf(one.origin)})`),
  );
  list(
    words.ignored,
    ignored.map(({ name, origin }) => `${name}  (${placeOf(origin)})`),
  );
  const again = repeated.map(
    (one) => `${shown(one)}  (${placeOf(one.origin)}) ${words.repeated(one.laterLine)}`,
  );
  if (again.length > 0) console.log(again.map((one) => `  ${one}`).join('\n'));
  list(words.defaults(release), defaults.map(shown));
  for (const note of notes) console.log(`* ${note[language]}`);
}

function tellReport(report: SafetyReport, millis: number, language: Language): void {
  const words = WORDS[language];
  console.log(`\n${report.headline[language]}\n`);
  for (const stage of report.stages) {
    console.log(`- ${stage.sentence[language]}`);
    if (stage.found !== null) tellFound(report, stage, stage.found, language);
  }
  console.log(`\n${words.time((millis / 1000).toFixed(1))}`);
}

function tellFound(
  { remedies }: SafetyReport,
  stage: StageReport,
  found: NonNullable<StageReport['found']>,
  language: Language,
): void {
  const words = WORDS[language];
  const { faults, lost, link } = found;
  if (faults.length > 0) console.log(`    ${words.steps}`);
  faults.forEach(({ text, event, at }, place) => {
    const when = `event ${event}, ${(at / 1000).toFixed(1)} ms`;
    console.log(`    ${place + 1}. ${text[language]} (${when})`);
  });
  for (const { text } of lost) console.log(`    ${text[language]}`);
  console.log(`    ${words.again} highwater run --link ${link}`);
  const own = remedies.filter((one) => one.stage === stage.id);
  if (own.length === 0) return;
  const helping = own.filter(({ holds }) => holds);
  console.log(`    ${helping.length > 0 ? words.remedies : words.none}`);
  for (const { sentence, prices } of helping) {
    console.log(`    + ${sentence[language]}`);
    for (const price of prices) console.log(`      ${price[language]}`);
  }
  for (const { sentence, holds } of own) {
    if (!holds) console.log(`    - ${sentence[language]}`);
  }
}

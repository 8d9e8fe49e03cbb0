/**
 * The lint of the lessons: what every folder must keep to at its stage, and what must agree
 * between folders. It takes texts and facts and reads no files, so that the command, the tests
 * and a page can each call it. Whether a proof holds is not here (`engine/lab/prove.ts`).
 */
import { GLOSSARY } from './glossary.ts';
import { differences, lintProse, type LintedProse } from './lint-prose.ts';
import { lintQuestions } from './lint-questions.ts';
import { storiesTogether, storyProblems } from './lint-story.ts';
import { lineAt, type Problem } from './problem.ts';
import type { QuestionsFile } from './schema.ts';
import { filesOf, stageOf } from './stage.ts';
import { GALLERY, TRACKS } from './tracks.ts';

/** What the prose and the questions may refer to; taken from a lesson's experiment. */
export interface ExperimentFacts {
  readonly id: string;
  readonly steps: readonly string[];
  /** Null where nobody has run it: an experiment's measures are known only from a run. */
  readonly measures: readonly string[] | null;
  readonly proofs: readonly string[];
  /** The releases of the dated proofs, by id. */
  readonly dates: Readonly<Record<string, string>>;
  readonly knobs: readonly string[];
  /** The invariant that it breaks, of a historical bug; null of any other. */
  readonly breaks: string | null;
}

/** One folder, `lessons/<track>/<slug>`, with the texts of its files by name. */
export interface LessonFiles {
  readonly track: string;
  readonly slug: string;
  readonly texts: Readonly<Record<string, string>>;
  /** Null where the lesson has no experiment, or nobody has loaded it. */
  readonly experiment: ExperimentFacts | null;
}

interface Linted {
  readonly lesson: LessonFiles;
  readonly folder: string;
  readonly questions: QuestionsFile | null;
  readonly prose: readonly LintedProse[];
  readonly problems: readonly Problem[];
}

/** Everything that is wrong with the lessons, in the order of the folders. */
export function lintLessons(lessons: readonly LessonFiles[]): Problem[] {
  const linted = lessons.map(lintLesson);
  return [
    ...linted.flatMap(({ problems }) => problems),
    ...doubleIds(linted),
    ...claimLinkProblems(linted),
    ...prerequisiteProblems(linted),
    ...circleProblems(linted),
    ...storiesTogether(linted.flatMap(({ prose }) => prose)),
  ];
}

function lintLesson(lesson: LessonFiles): Linted {
  const folder = `lessons/${lesson.track}/${lesson.slug}`;
  const form = lesson.track === GALLERY.id ? 'story' : 'lesson';
  const prose: LintedProse[] = [];
  let questions: QuestionsFile | null = null;
  const problems = fileProblems(folder, lesson);
  for (const [name, text] of Object.entries(lesson.texts)) {
    const file = `${folder}/${name}`;
    if (name === 'questions.yaml') {
      const linted = lintQuestions(file, text);
      questions = linted.value;
      problems.push(...linted.problems);
    } else if (name === 'en.svx' || name === 'zh.svx') {
      const linted = lintProse(file, text, name === 'en.svx' ? 'en' : 'zh', form);
      prose.push(linted);
      problems.push(...linted.problems, ...placeProblems(lesson, linted));
    } else if (name === 'drill.ts') {
      problems.push(...drillProblems(file, text));
    }
  }
  const en = prose.find(({ file }) => file.endsWith('/en.svx'));
  const zh = prose.find(({ file }) => file.endsWith('/zh.svx'));
  if (en !== undefined && zh !== undefined) problems.push(...differences(en, zh));
  problems.push(...referenceProblems(folder, lesson, prose, questions));
  if (form === 'story') problems.push(...prose.flatMap((one) => storyProblems(one, lesson)));
  return { lesson, folder, questions, prose, problems };
}

function fileProblems(folder: string, { track, slug, texts }: LessonFiles): Problem[] {
  const problem = (file: string, message: string): Problem => ({
    rule: 'files',
    file,
    line: 1,
    message,
  });
  const found: Problem[] = [];
  const names = Object.keys(texts);
  const stage = stageOf(track, names);
  const tracks = [...TRACKS, GALLERY].map(({ id }) => id);
  const allowed = filesOf(stage === 'story' ? stage : 'complete');
  if (!tracks.some((id) => id === track)) {
    found.push(problem(folder, `${track} is no track; there are: ${tracks.join(', ')}`));
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug)) {
    found.push(problem(folder, `${slug}: a slug is lower-case words with hyphens`));
  }
  for (const name of filesOf(stage)) {
    if (names.includes(name)) continue;
    found.push(problem(folder, `${name} is missing at stage ${stage}`));
  }
  for (const name of names) {
    if (allowed.includes(name)) continue;
    found.push(problem(`${folder}/${name}`, `the folder has only ${allowed.join(', ')}`));
  }
  if (stage === 'questions' && names.some((name) => name.endsWith('.svx'))) {
    found.push(problem(folder, 'prose narrates an experiment, and experiment.ts is missing'));
  }
  return found;
}

function placeProblems({ track }: LessonFiles, { file, front }: LintedProse): Problem[] {
  if (front === null || front.track === track) return [];
  const message = `track: ${front.track} stands in the folder of ${track}`;
  return [{ rule: 'track', file, line: 1, message }];
}

/** Options of console tools that changed their names, and the first release that knows the new. */
const RENAMED: readonly { tool: string; old: string; now: string; since: number }[] = [
  // KIP-1147
  { tool: 'kafka-console-producer', old: 'producer-property', now: 'command-property', since: 402 },
  { tool: 'kafka-console-consumer', old: 'consumer-property', now: 'command-property', since: 402 },
  { tool: 'kafka-producer-perf-test', old: 'producer-props', now: 'command-property', since: 402 },
];

/** A drill names its release, and its commands use the options of that release. */
function drillProblems(file: string, text: string): Problem[] {
  const release = /\brelease:\s*['"]([a-z]+)-(\d+)\.(\d+)[^'"]*['"]/.exec(text);
  if (release === null) {
    const message = "a drill names its release, as in release: 'kafka-4.2'";
    return [{ rule: 'drill-release', file, line: 1, message }];
  }
  const version = Number(release[2]) * 100 + Number(release[3]);
  return RENAMED.flatMap(({ tool, old, now, since }) => {
    const banned = version >= since ? old : now;
    const pattern = new RegExp(`${tool}[^\\n'"]*--${banned}\\b`, 'g');
    return [...text.matchAll(pattern)].map((match) => ({
      rule: 'drill-option',
      file,
      line: lineAt(text, match.index),
      message: `at this release ${tool} has --${banned === old ? now : old}, not --${banned}`,
    }));
  });
}

/** References of prose to the glossary; of prose and questions to the experiment. */
function referenceProblems(
  folder: string,
  lesson: LessonFiles,
  prose: readonly LintedProse[],
  questions: QuestionsFile | null,
): Problem[] {
  const { experiment } = lesson;
  const file = `${folder}/questions.yaml`;
  const claims = (questions?.questions ?? []).flatMap((question) => question.claims);
  const found = prose.flatMap(unknownTerms);
  if (stageOf(lesson.track, Object.keys(lesson.texts)) === 'questions') {
    for (const { id, proof } of claims) {
      if (proof === undefined) continue;
      const message = `${id} names the proof ${proof}, and the lesson has no experiment`;
      const line = lineOfClaim(lesson.texts['questions.yaml'] ?? '', id);
      found.push({ rule: 'unknown-proof', file, line, message });
    }
  }
  if (experiment === null) return found;
  if (experiment.id !== lesson.slug) {
    const message = `the experiment's id is ${experiment.id}, its lesson's slug is ${lesson.slug}`;
    found.push({ rule: 'experiment-id', file: `${folder}/experiment.ts`, line: 1, message });
  }
  const text = lesson.texts['questions.yaml'] ?? '';
  for (const { id, proof, since } of claims) {
    if (proof === undefined) continue;
    const at = lineOfClaim(text, id);
    found.push(...unknown('proof', file, at, proof, experiment.proofs));
    const date = experiment.dates[proof] ?? 'all';
    if (date === since.replace(/^[A-Za-z]+ /, '')) continue;
    const message = `${id} is since ${since}, its proof ${proof} is since ${date}`;
    found.push({ rule: 'proof-date', file, line: at, message });
  }
  const against = (linted: LintedProse) => {
    const name = linted.file.slice(folder.length + 1);
    return proseAgainst(experiment, linted, lesson.texts[name] ?? '');
  };
  return [...found, ...prose.flatMap(against)];
}

function unknownTerms({ file, prose }: LintedProse): Problem[] {
  return prose.references
    .filter(({ component, id }) => component === 'Term' && !Object.hasOwn(GLOSSARY, id))
    .map(({ id, line }) => ({
      rule: 'unknown-term',
      file,
      line,
      message: `no term ${id} in lessons/glossary.ts`,
    }));
}

/** The line where a claim begins in the text of questions.yaml. */
function lineOfClaim(text: string, id: string): number {
  return lineWhere(text, String.raw`^ *- id: ['"]?${inPattern(id)}['"]?\s*$`);
}

/** The first line that the pattern meets, or 1. */
function lineWhere(text: string, pattern: string): number {
  const at = text.search(new RegExp(pattern, 'm'));
  return at === -1 ? 1 : lineAt(text, at);
}

function inPattern(id: string): string {
  return id.replace(/[^\w-]/g, String.raw`\$&`);
}

function proseAgainst(
  experiment: ExperimentFacts,
  { file, prose, front }: LintedProse,
  text: string,
): Problem[] {
  const { steps, measures, proofs, knobs } = experiment;
  const found = prose.references.flatMap(({ component, id, of, line }) => [
    ...(component === 'Step' ? unknown('step', file, line, id, steps) : []),
    ...(component === 'Measure' ? unknown('measure', file, line, id, measures) : []),
    ...(of === null ? [] : unknown('proof', file, line, of, proofs)),
  ]);
  for (const id of steps) {
    if (prose.steps.some((told) => told.id === id)) continue;
    found.push({ rule: 'untold-step', file, line: 1, message: `no <Step id="${id}"> narrates it` });
  }
  const { bet, puzzle, acts = [], goals = [] } = front ?? {};
  const { rows = [], columns = [], values = [] } = front?.outcomes ?? {};
  const solved = puzzle === undefined ? [] : [puzzle];
  const aims = [...(bet?.options ?? []), ...goals, ...solved, ...values];
  for (const { when } of aims) {
    for (const id of [when.measure, when.min, when.max, when.below]) {
      if (typeof id !== 'string') continue;
      const at = lineWhere(
        text,
        String.raw`(?<=\b(measure|min|max|below): *['"]?)${inPattern(id)}(?![\w-])`,
      );
      found.push(...unknown('measure', file, at, id, measures));
    }
  }
  for (const knob of setKnobs([bet, puzzle, ...acts, ...goals, ...rows, ...columns])) {
    const at = lineWhere(text, String.raw`(?<![\w.-])${inPattern(knob)}['"]?:`);
    found.push(...unknown('knob', file, at, knob, knobs));
  }
  return found;
}

/** The knobs that any of them sets, each once. */
function setKnobs(
  of: readonly ({ readonly knobs: Readonly<Record<string, string>> } | undefined)[],
) {
  return new Set(of.flatMap((one) => Object.keys(one?.knobs ?? {})));
}

function unknown(
  kind: string,
  file: string,
  line: number,
  id: string,
  known: readonly string[] | null,
): Problem[] {
  if (known === null || known.includes(id)) return [];
  const message = `the experiment has no ${kind} ${id}; there are: ${known.join(', ')}`;
  return [{ rule: `unknown-${kind}`, file, line, message }];
}

/** Slugs, document ids and claim ids stand once in all lessons; so do the lessons' slugs. */
function doubleIds(linted: readonly Linted[]): Problem[] {
  const first = new Map<string, string>();
  const found: Problem[] = [];
  const take = (kind: string, id: string, file: string, text = ''): void => {
    const key = `${kind} ${id}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, file);
      return;
    }
    const named = String.raw`(?<=\b(id|slug): *['"]?)${inPattern(id)}(?=['"]?(\s|$))`;
    const at = [...text.matchAll(new RegExp(named, 'g'))].at(-1)?.index ?? 0;
    const line = lineAt(text, at);
    found.push({ rule: 'double-id', file, line, message: `${key} is already in ${before}` });
  };
  for (const { folder, lesson, questions } of linted) {
    take('lesson', lesson.slug, folder);
    const text = lesson.texts['questions.yaml'];
    for (const question of questions?.questions ?? []) {
      const file = `${folder}/questions.yaml`;
      take('question', question.id, file, text);
      take('slug', question.slug, file, text);
      for (const { id } of question.claims) take('claim', id, file, text);
    }
  }
  return found;
}

/** Claims are known only when every questions.yaml could be read. */
function claimLinkProblems(linted: readonly Linted[]): Problem[] {
  const asks = ({ lesson }: Linted): boolean => lesson.track !== GALLERY.id;
  if (linted.some((one) => asks(one) && one.questions === null)) return [];
  const questions = linted.flatMap((one) => one.questions?.questions ?? []);
  const claims = new Set(questions.flatMap((question) => question.claims.map(({ id }) => id)));
  return linted.flatMap(({ prose }) =>
    prose.flatMap(({ file, prose: { references } }) =>
      references
        .filter(({ component, id }) => component === 'ClaimLink' && !claims.has(id))
        .map(({ id, line }) => ({ rule: 'unknown-claim', file, line, message: `no claim ${id}` })),
    ),
  );
}

/** Prerequisites are lessons with prose, and come earlier by track and order. */
function prerequisiteProblems(linted: readonly Linted[]): Problem[] {
  const places = new Map<string, number>();
  const placeOf = ({ lesson, prose }: Linted): number => {
    const track = TRACKS.findIndex(({ id }) => id === lesson.track);
    return track * 1000 + (prose[0]?.front?.order ?? 0);
  };
  for (const one of linted) if (one.prose.length > 0) places.set(one.lesson.slug, placeOf(one));
  return linted.flatMap((one) =>
    one.prose.flatMap(({ file, front }) =>
      (front?.prerequisites ?? []).flatMap((slug) => {
        const place = places.get(slug);
        if (place !== undefined && place < placeOf(one)) return [];
        const why = place === undefined ? 'is no lesson with prose' : 'comes later';
        return [{ rule: 'prerequisite', file, line: 1, message: `prerequisite ${slug} ${why}` }];
      }),
    ),
  );
}

/** What questions.yaml names as best read before is there, and does not lead back. */
function circleProblems(linted: readonly Linted[]): Problem[] {
  const named = new Map(
    linted.map(({ lesson, questions }) => [lesson.slug, questions?.prerequisites ?? []] as const),
  );
  const before = (slug: string): ReadonlySet<string> => {
    const all = new Set(named.get(slug));
    for (const one of all) for (const further of named.get(one) ?? []) all.add(further);
    return all;
  };
  return linted.flatMap(({ lesson: { slug }, folder }) => {
    const problem = (message: string): Problem => {
      return { rule: 'prerequisite', file: `${folder}/questions.yaml`, line: 1, message };
    };
    const unknown = (named.get(slug) ?? []).filter((one) => !named.has(one));
    const found = unknown.map((one) => problem(`prerequisite ${one} is no lesson`));
    return before(slug).has(slug) ? [...found, problem(`${slug} would come before itself`)] : found;
  });
}

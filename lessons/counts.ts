/**
 * How many questions and claims the lessons have, by track: by verdict, and by what stands behind a
 * claim. A question is counted once for each verdict that one of its claims has.
 *
 * Not here: whether the claims keep to the rules (`lint.ts`), and whether a proof holds
 * (`engine/lab/prove.ts`).
 */
import type { LessonFiles } from './lint.ts';
import { parseQuestions, VERDICTS, type Claim, type Question } from './schema.ts';
import { GALLERY, TRACKS } from './tracks.ts';

type Verdict = (typeof VERDICTS)[number];

export interface Count {
  readonly all: number;
  readonly byVerdict: Readonly<Record<Verdict, number>>;
  /** Decided by a run. Of questions: at least one claim is. */
  readonly proved: number;
  /** Not proved, but with a source. Of questions: all claims have one, and none is proved. */
  readonly sourced: number;
  /** Neither. Of questions: at least one claim is so. */
  readonly open: number;
}

export interface TrackCounts {
  readonly track: string;
  readonly lessons: number;
  /** Lessons with an experiment. */
  readonly experiments: number;
  readonly questions: Count;
  readonly claims: Count;
}

export interface Counts {
  readonly tracks: readonly TrackCounts[];
  /** Its track is `total`. */
  readonly total: TrackCounts;
}

type Standing = 'proved' | 'sourced' | 'open';

/** Counts the lessons of these folders; a file that breaks the schema counts for nothing. */
export function countLessons(folders: readonly LessonFiles[]): Counts {
  const lessons = folders.filter(({ track }) => track !== GALLERY.id);
  const tracks = TRACKS.map(({ id }) =>
    countTrack(
      id,
      lessons.filter(({ track }) => track === id),
    ),
  );
  return { tracks, total: countTrack('total', lessons) };
}

function countTrack(track: string, lessons: readonly LessonFiles[]): TrackCounts {
  const questions = lessons.flatMap(
    ({ texts }) => parseQuestions('', texts['questions.yaml'] ?? '').value?.questions ?? [],
  );
  const claims = questions.flatMap((question) => question.claims);
  return {
    track,
    lessons: lessons.length,
    experiments: lessons.filter(({ texts }) => texts['experiment.ts'] !== undefined).length,
    questions: countOf(questions, (question) => question.claims, standingOfQuestion),
    claims: countOf(claims, (claim) => [claim], standingOf),
  };
}

function countOf<T>(
  things: readonly T[],
  claimsOf: (thing: T) => readonly Claim[],
  standing: (thing: T) => Standing,
): Count {
  const withVerdict = (verdict: Verdict) =>
    things.filter((thing) => claimsOf(thing).some((claim) => claim.verdict === verdict)).length;
  const standings = things.map(standing);
  const standingSo = (wanted: Standing) => standings.filter((one) => one === wanted).length;
  return {
    all: things.length,
    byVerdict: Object.fromEntries(
      VERDICTS.map((verdict) => [verdict, withVerdict(verdict)]),
    ) as Record<Verdict, number>,
    proved: standingSo('proved'),
    sourced: standingSo('sourced'),
    open: standingSo('open'),
  };
}

function standingOf({ proof, sources }: Claim): Standing {
  if (proof !== undefined) return 'proved';
  return sources.length > 0 ? 'sourced' : 'open';
}

function standingOfQuestion({ claims }: Question): Standing {
  const standings = claims.map(standingOf);
  if (standings.includes('open')) return 'open';
  return standings.includes('proved') ? 'proved' : 'sourced';
}

/** A new lesson is green at once, and what cannot be one is refused before anything is written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { check as formatted, resolveConfig } from 'prettier';
import { afterAll, describe, expect, test } from 'vitest';
import type { Experiment } from '../../engine/lab/experiment.ts';
import { runProof } from '../../engine/lab/prove.ts';
import { Run } from '../../engine/lab/run.ts';
import { lintProject, readFolders } from '../../engine/node/command/lesson-folders.ts';
import { createLesson, nextSteps } from '../../engine/node/command/new-lesson.ts';
import { UsageError } from '../../engine/node/command/usage.ts';
import { TRACKS } from '../../lessons/tracks.ts';
import { copyProject, ROOT } from './project.ts';

const copy = copyProject();
afterAll(() => copy.remove());

/** The first lesson that has its questions and nothing else. */
function lessonOfQuestions() {
  const all = readFolders(copy.root);
  const { track, slug } = all.find(({ texts }) => Object.keys(texts).length === 1)!;
  return { folder: `lessons/${track}/${slug}` };
}

const NO_TITLES = { en: undefined, zh: undefined };

describe('command: new-lesson', () => {
  test('a new lesson is made with its experiment, and so is a second one', async () => {
    const titles = { en: "What's told: a story?", zh: '生产者知道“什么”？' };
    expect(await createLesson(copy.root, 'kafka/what-is-told', titles)).toEqual({
      folder: 'lessons/kafka/what-is-told',
      names: ['questions.yaml', 'experiment.ts', 'en.svx', 'zh.svx'],
    });
    const second = await createLesson(copy.root, 'rabbitmq/second-one', NO_TITLES);
    expect(second.folder).toBe('lessons/rabbitmq/second-one');
  });

  test('a question of another lesson may have the slug of the new one', async () => {
    const created = await createLesson(copy.root, 'systems/kafka-high-reliability', NO_TITLES);
    expect(created.folder).toBe('lessons/systems/kafka-high-reliability');
  });

  test('a lesson of questions keeps them and gets the rest, with its title', async () => {
    const { folder } = lessonOfQuestions();
    const file = join(copy.root, folder, 'questions.yaml');
    const before = readFileSync(file, 'utf8');
    const written = await createLesson(copy.root, folder.replace('lessons/', ''), NO_TITLES);
    expect(written).toEqual({ folder, names: ['experiment.ts', 'en.svx', 'zh.svx'] });
    expect(readFileSync(file, 'utf8')).toBe(before);
    const about = /^ {2}en: (.*)$/m.exec(before)?.[1]?.replaceAll("'", '');
    expect(readFileSync(join(copy.root, folder, 'en.svx'), 'utf8')).toContain(about);
  });

  test('the lint finds nothing in all that was made so far', async () => {
    expect(await lintProject(copy.root)).toEqual([]);
  });

  test('its experiment runs to the end and its proof is proved on every mutant', async () => {
    await createLesson(copy.root, 'foundations/a-proof', NO_TITLES);
    const url = pathToFileURL(join(copy.root, 'lessons/foundations/a-proof/experiment.ts')).href;
    const experiment = ((await import(/* @vite-ignore */ url)) as { default: Experiment }).default;
    const run = new Run(experiment).finish();
    expect(run.world.failure).toBeNull();
    expect(run.steps.every((step) => step.reached)).toBe(true);
    expect(run.measures()).toEqual({ sent: 3, acknowledged: 3, lost: 0 });
    for (const id of Object.keys(experiment.proofs)) {
      expect(runProof(experiment, id).verdict, id).toBe('proved');
    }
  });

  test('its files have the form that prettier gives them', async () => {
    const titles = { en: `Say "it's" so`, zh: "说“it's”" };
    const { folder: written } = await createLesson(copy.root, 'guarantees/form', titles);
    const folder = join(copy.root, written);
    const config = await resolveConfig(join(ROOT, 'package.json'));
    expect(readdirSync(folder).sort()).toEqual([
      'en.svx',
      'experiment.ts',
      'questions.yaml',
      'zh.svx',
    ]);
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8');
      const parser = name.endsWith('.svx') ? { parser: 'markdown' } : {};
      expect(await formatted(text, { ...config, ...parser, filepath: name }), name).toBe(true);
    }
  });

  test('what comes next names its commands, its pages and the figures of the README', () => {
    const told = nextSteps('lessons/kafka/what-is-told', ['questions.yaml']).join('\n');
    expect(told).toContain('highwater prove what-is-told');
    expect(told).toContain('npm run dev, then /en/kafka/what-is-told/ and /zh/kafka/what-is-told/');
    expect(told).toContain('npx prettier --write lessons/kafka/what-is-told');
    expect(told).toContain("the README's figures");
    expect(told).toContain("its question is still the template's");
    expect(nextSteps('lessons/a/b', ['experiment.ts'])[1]).toContain('its story is still the');
  });

  const known = TRACKS.map(({ id }) => id).join(', ');
  test.each([
    ['', `name the lesson as <track>/<slug>, not nothing; the tracks are: ${known}`],
    ['rebalance', `name the lesson as <track>/<slug>, not 'rebalance'; the tracks are: ${known}`],
    ['kafka/a/b', `name the lesson as <track>/<slug>, not 'kafka/a/b'; the tracks are: ${known}`],
    ['pulsar/log', `no track 'pulsar'; the tracks are: ${known}`],
    ['kafka/Rebalance', "a slug is lower-case words with hyphens, not 'Rebalance'"],
    ['kafka/..', "a slug is lower-case words with hyphens, not '..'"],
    ['kafka/acks-and-loss', 'there is a lesson lessons/kafka/acks-and-loss already'],
    ['systems/acks-and-loss', 'there is a lesson lessons/kafka/acks-and-loss already'],
  ])('refuses %j and says why', async (place, message) => {
    const before = readdirSync(join(copy.root, 'lessons'), { recursive: true }).length;
    await expect(createLesson(copy.root, place, NO_TITLES)).rejects.toThrow(
      new UsageError(message),
    );
    expect(readdirSync(join(copy.root, 'lessons'), { recursive: true })).toHaveLength(before);
  });

  test('refuses a title that the lint would refuse, and writes nothing', async () => {
    const wrong = createLesson(copy.root, 'kafka/marks', {
      en: 'The high water mark',
      zh: undefined,
    });
    await expect(wrong).rejects.toThrow(/the title cannot be: .*"high watermark"/);
    const lines = createLesson(copy.root, 'kafka/marks', { en: 'a\nb', zh: undefined });
    await expect(lines).rejects.toThrow('--title is one line of text, not "a\\nb"');
    expect(existsSync(join(copy.root, 'lessons/kafka/marks'))).toBe(false);
  });
});

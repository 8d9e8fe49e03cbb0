/** `highwater run --export`, and that the command of a run repeats it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commandOf } from '../../engine/lab/command-line.ts';
import { toLink } from '../../engine/lab/link.ts';
import { Run } from '../../engine/lab/run.ts';
import type { RunOptions } from '../../engine/lab/run.ts';
import { loadExperiment } from '../../engine/node/command/experiments.ts';
import { carriedOut, highwater } from './project.ts';

const LESSON = 'acks-and-loss';
const folder = mkdtempSync(join(tmpdir(), 'highwater-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('command: run --export', () => {
  test('three files of one run, by their endings, and the run is told as ever', async () => {
    const files = ['t.json', 'f.svg', 's.mmd'].flatMap((name) => ['--export', join(folder, name)]);
    const { status, out } = await carriedOut('run', LESSON, '--at', '150', ...files);
    const json = JSON.parse(read('t.json')) as { traceHash: string; entries: unknown[] };
    expect(status).toBe(0);
    expect(out).toContain(`trace ${json.traceHash}`);
    expect(json.entries.length).toBeGreaterThan(500);
    expect(read('f.svg')).toMatch(/^<svg [^]*<title id="title">acks-and-loss: event 150 of /);
    expect(read('s.mmd')).toMatch(/^sequenceDiagram\n {2}title acks-and-loss, events \d+ to \d+\n/);
  });

  test('- is stdout, and nothing else is there', () => {
    const mermaid = highwater('run', LESSON, '--export', '-', '--as', 'mmd', '--step', 'produce');
    expect({ status: mermaid.status, err: mermaid.err }).toEqual({ status: 0, err: '' });
    expect(mermaid.out).toMatch(/^sequenceDiagram\n[^]*: Produce reply\n/);
    expect(mermaid.out).not.toContain('again:');
    const json = highwater('run', LESSON, '--export', '-', '--as', 'json', '--seed', '7');
    expect(JSON.parse(json.out)).toMatchObject({ experiment: LESSON, seed: 7 });
  });

  test.each([
    ['--export run.pdf', "--export ends in .json, .svg, .mmd, or --as says which; not 'run.pdf'"],
    ['--export -', "--export ends in .json, .svg, .mmd, or --as says which; not '-'"],
    ['--export - --as png', "--as is one of json, svg, mmd, not 'png'"],
    ['--export - --export - --as svg', '--export - can be given once'],
    ['--at 3', '--at says what to export: name a file with --export'],
    ['--export - --as svg --at 99999', '--at is a whole number from 0 to '],
    ['--export - --as mmd --step none', '--step is one of start, create, produce,'],
    ['--export /no/such/folder/a.svg', '--export cannot be written: ENOENT'],
    ['--export a.svg --on kafka://localhost:9', '--export is of a simulated run: no --on'],
  ])('run %s is refused', async (line, message) => {
    const { status, out, err } = await carriedOut('run', LESSON, ...line.split(' '));
    expect(err).toContain(message);
    expect({ status, out }).toEqual({ status: 2, out: '' });
  });
});

describe('command: the command of a run repeats it', () => {
  const crash = { event: 140, fault: { fault: 'crash', host: 'broker-2' } } as const;
  const runs: readonly (readonly [string, RunOptions, string])[] = [
    [LESSON, {}, `npx highwater run ${LESSON}`],
    [
      LESSON,
      { knobs: { acks: 'all', 'min.insync.replicas': '1' }, seed: 3 },
      `npx highwater run ${LESSON} --knob acks=all --knob min.insync.replicas=1 --seed 3`,
    ],
    [LESSON, { knobs: { acks: '1' } }, `npx highwater run ${LESSON}`],
    [LESSON, { seed: 5, inputs: [crash] }, 'npx highwater run --link v1.'],
    [
      'idempotent-consumer',
      { knobs: { approach: 'redis-set-nx' } },
      'npx highwater run idempotent-consumer --knob approach=redis-set-nx',
    ],
  ];

  test.each(runs)('%s with %j', async (id, options, begins) => {
    const run = new Run(await loadExperiment(id), options).finish();
    const shared = { experiment: id, knobs: run.knobsChanged, seed: run.seed, inputs: run.inputs };
    const command = commandOf({ ...shared, link: toLink(shared) });
    expect(command.startsWith(begins), command).toBe(true);
    if (run.inputs.length === 0) expect(command).toBe(begins);
    const { out } = await carriedOut(...command.split(' ').slice(2));
    expect(out).toContain(`${run.world.event} events, trace ${run.world.trace.hash}, `);
    expect(out).toContain(`again: ${command}\n`);
  });

  test('what a shell would take for its own is quoted', () => {
    const told = { experiment: 'x', seed: 1, inputs: [], link: '' };
    const command = commandOf({ ...told, knobs: { a: "it's $1", b: 'SET NX' } });
    expect(command).toBe(`npx highwater run x --knob a='it'\\''s $1' --knob b='SET NX'`);
  });
});

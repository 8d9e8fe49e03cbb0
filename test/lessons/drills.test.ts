/**
 * Every lesson's drill: unsolved at the start, solved by its par solution and by another way, with
 * hints that say less than the solution. Whoever adds a `drill.ts` adds nothing here.
 */
import { describe, expect, it } from 'vitest';
import { drillExperiment } from '../../engine/lab/drill.ts';
import { fromLink } from '../../engine/lab/link.ts';
import { Run } from '../../engine/lab/run.ts';
import { drillPlaces, loadDrill } from '../../engine/node/command/experiments.ts';
import { profileOf } from '../../engine/kafka/profiles.ts';
import { profileOf as rabbitProfileOf } from '../../engine/rabbitmq/profiles.ts';
import { Shell } from '../../engine/shell/shell.ts';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';

const WHOLE = [
  ...['acks-and-loss', 'idempotent-consumer', 'kafka-transactions', 'rebalance', 'zero-copy'],
  ...['exchange-types', 'dead-letters', 'publisher-confirms'],
];
const places = drillPlaces();

async function sessionOf(id: string): Promise<TerminalSession> {
  const drill = await loadDrill(id);
  const tools = toolsOf(drill.products);
  return new TerminalSession({ experiment: drillExperiment(drill), tools, drill });
}

/** What of the goal does not hold, and what was printed: a failure says why. */
function left(session: TerminalSession): unknown {
  const open = session.goal.filter(({ holds }) => !holds).map(({ text }) => text.en);
  if (open.length === 0) return [];
  return [...open, ...session.transcript.map(({ kind, text }) => `${kind} ${String(text)}`)];
}

describe('lessons: drills', () => {
  it('are there for every whole lesson', () => {
    const slugs = places.map(({ slug }) => slug);
    expect(slugs).toEqual(expect.arrayContaining(WHOLE));
  });
});

describe.each(places.map(({ slug }) => slug))('lessons: drill %s', (slug) => {
  it('is not solved at the start', async () => {
    const session = await sessionOf(slug);
    expect(session.isSolved).toBe(false);
    expect(session.goal.some(({ holds }) => !holds)).toBe(true);
  });

  it('is solved by its par solution', async () => {
    const session = await sessionOf(slug);
    session.typeAll(session.options.drill!.solution);
    expect(left(session)).toEqual([]);
    expect(session.commands).toBe(session.par);
  });

  it('is solved by another way', async () => {
    const session = await sessionOf(slug);
    session.typeAll(session.options.drill!.otherWay);
    expect(left(session)).toEqual([]);
  });

  it('is not solved before the last command in the world', async () => {
    const session = await sessionOf(slug);
    const lines = session.options.drill!.solution;
    const last = lines.findLastIndex((line) => !/^(\d> ?)?(run|step) /.test(line));
    session.typeAll(lines.slice(0, last));
    expect(session.isSolved).toBe(false);
  });

  it('names tools and a release that there are, and has hints in both languages', async () => {
    const session = await sessionOf(slug);
    const { hints, release, products, tools } = session.options.drill!;
    for (const tool of tools) expect(session.shell.toolNamed(tool)?.name).toBe(tool);
    for (const hint of hints) {
      expect(hint.en.length).toBeGreaterThan(20);
      expect(hint.zh).toMatch(/\p{Script=Han}/u);
    }
    const known = products.includes('rabbitmq') ? rabbitProfileOf : profileOf;
    if (!products.includes('stores')) expect(() => known(release as never)).not.toThrow();
  });

  it('ends in a link that opens to the same trace', async () => {
    const session = await sessionOf(slug);
    session.typeAll(session.options.drill!.solution);
    const opened = fromLink(session.link());
    expect(opened.ok).toBe(true);
    if (!opened.ok) return;
    const { typed = [], closedAt } = opened.shared;
    const drill = session.options.drill!;
    const again = new Run(drillExperiment(drill), {
      typed,
      closedAt: closedAt!,
      shell: (lab, handles) => new Shell(lab, handles, { tools: toolsOf(drill.products) }),
    }).finish();
    expect(again.world.failure).toBeNull();
    expect(again.typed).toEqual(session.run.typed);
    const there = session.run.world.trace;
    const { trace } = again.world;
    expect(trace.entry(there.length - 1)).toEqual(there.entry(there.length - 1));
  });
});

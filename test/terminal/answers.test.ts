/** What the worker answers about a terminal comes in pieces that a page shows within a frame. */
import { describe, expect, test } from 'vitest';
import { LiveTerminal } from '../../web/worker/terminal.ts';
import type { Answer } from '../../web/worker/recording.ts';

const LINES = 10_000;

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}

async function opened(): Promise<LiveTerminal> {
  const terminal = new LiveTerminal('en');
  valueOf(await terminal.open({ source: { kind: 'playground' } }));
  return terminal;
}

describe('terminal: answers', () => {
  test(`${LINES} lines come two hundred at a time, in order`, async () => {
    const terminal = await opened();
    const { lines } = valueOf(await terminal.type(1, `seq ${LINES}`));
    const texts: string[] = [];
    while (texts.length < lines) {
      const printed = valueOf(terminal.printed(texts.length)).lines;
      expect(printed.length).toBeGreaterThan(0);
      expect(printed.length).toBeLessThanOrEqual(200);
      texts.push(...printed.map(({ text }) => text));
    }
    expect(texts.slice(1)).toEqual(Array.from({ length: LINES }, (_, place) => `${place + 1}`));
  });

  test('what happened comes a thousand events at a time', async () => {
    const terminal = await opened();
    const lines = ['add kafka', 'add topic orders', 'add producer shop --topic orders', 'run 60s'];
    for (const line of lines) valueOf(await terminal.type(1, line));
    const { event } = valueOf(terminal.setSpeed(1));
    expect(event).toBeGreaterThan(2000);
    let told = 0;
    while (told < event) {
      const { from, to } = valueOf(terminal.recorded());
      expect(to - from).toBeLessThanOrEqual(1000);
      expect(to).toBeGreaterThan(told);
      told = to;
    }
  });
});

/** Exports of a run: the JSON trace, the SVG of a moment, the Mermaid diagram of a stretch. */
import { describe, expect, test } from 'vitest';
import { traceKind } from '../../engine/kernel/ports.ts';
import { micros } from '../../engine/kernel/units.ts';
import type { TraceFields } from '../../engine/kernel/ports.ts';
import { TraceLog } from '../../engine/kernel/trace.ts';
import { frameSvg } from '../../engine/lab/export/frame-svg.ts';
import { exportRun } from '../../engine/lab/export/run-export.ts';
import type { ExportWish } from '../../engine/lab/export/run-export.ts';
import { sequenceDiagram } from '../../engine/lab/export/sequence-diagram.ts';
import { traceJson } from '../../engine/lab/export/trace-json.ts';
import type { TraceJson } from '../../engine/lab/export/trace-json.ts';
import { experiment, choice } from '../../engine/lab/index.ts';
import { Run } from '../../engine/lab/run.ts';
import { Session } from '../../engine/lab/session.ts';
import loss from '../../lessons/kafka/acks-and-loss/experiment.ts';
import idempotency from '../../lessons/guarantees/idempotent-consumer/experiment.ts';

const LANGUAGES = ['en', 'zh'] as const;
const sessions = { loss: new Session(loss), idempotency: new Session(idempotency) };
const wish = (form: ExportWish['form'], more: Partial<ExportWish> = {}): ExportWish => {
  return { form, language: 'en', at: null, step: null, ...more };
};

describe('lab: export: JSON', () => {
  const text = exportRun(sessions.loss, wish('json')).text;
  const json = JSON.parse(text) as TraceJson;

  test('the hash computed from the entries alone is the hash of the run', () => {
    const trace = new TraceLog();
    for (const { at, event, cause, host, kind, data } of json.entries) {
      trace.append(at, event, cause, host, traceKind(kind, fieldsOf(data)), data as never);
    }
    expect(json.entriesLeftOut).toBe(0);
    expect(trace.hash).toBe(json.traceHash);
  });

  test('what it says of the run repeats it to the same hash', () => {
    const { knobs, seed, inputs } = json;
    const again = new Run(loss, { knobs, seed, inputs }).finish();
    expect(again.world.trace.hash).toBe(json.traceHash);
    expect(again.world.event).toBe(json.events);
    expect(again.measures()).toEqual(json.measures);
  });

  test('it is bounded: the last entries are left out and counted, the hash is over all', () => {
    const short = JSON.parse(traceJson(sessions.loss, 10)) as TraceJson;
    expect(short.entries).toEqual(json.entries.slice(0, 10));
    expect(short.entriesLeftOut).toBe(json.entries.length - 10);
    expect(short.traceHash).toBe(json.traceHash);
  });
});

/** The types that the kind of an entry was declared with. */
function fieldsOf(data: Readonly<Record<string, unknown>>): TraceFields {
  const types = { string: 'string', number: 'int', boolean: 'bool' } as const;
  const pairs = Object.entries(data).map(([name, value]) => {
    return [name, types[typeof value as keyof typeof types]] as const;
  });
  return Object.fromEntries(pairs);
}

describe('lab: export: SVG', () => {
  const every = Object.entries(sessions).flatMap(([name, session]) =>
    session.summary().steps.map((step) => [name, step.id, session, step.to] as const),
  );

  test.each(every)('%s, at the end of %s: well-formed XML that loads nothing', (...row) => {
    const [, , session, event] = row;
    for (const language of LANGUAGES) {
      const svg = frameSvg(session, event, language);
      expect(faultOfXml(svg)).toBeNull();
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
        /https?:|href|url\(|@import/,
      );
      expect(svg).toContain('prefers-color-scheme:dark');
    }
  });

  test('the check of XML finds a tag that is open, a bare sign and a doubled attribute', () => {
    expect(faultOfXml('<svg><g></svg>')).toContain('</svg>');
    expect(faultOfXml('<svg>a & b</svg>')).toContain('&');
    expect(faultOfXml('<svg>a < b</svg>')).toContain('<');
    expect(faultOfXml('<svg x="1" x="2"/>')).toContain('x');
  });

  test('a broker that is down is drawn with the log that it had', () => {
    const died = sessions.loss.summary().steps.find(({ id }) => id === 'die')!;
    const svg = frameSvg(sessions.loss, died.to, 'en');
    const card = svg.slice(svg.indexOf('>broker-1<'), svg.indexOf('>broker-2<'));
    expect(card).toContain('stopped');
    expect(card.match(/class="cell/g)).toHaveLength(8);
    expect(card.match(/class="cell [^"]*open/g)).toHaveLength(3);
  });

  test('texts of the run cannot break it', () => {
    const strange = new Session(strangeExperiment());
    const { events } = strange.summary();
    expect(faultOfXml(frameSvg(strange, events, 'en'))).toBeNull();
  });
});

describe('lab: export: Mermaid', () => {
  const steps = Object.entries(sessions).flatMap(([name, session]) =>
    session.summary().steps.map(({ id }) => [name, id, session] as const),
  );

  test.each(steps)('%s, the step %s: every line is of the language', (_name, step, session) => {
    for (const language of LANGUAGES) {
      const { text } = exportRun(session, wish('mmd', { step, language }));
      expect(faultOfMermaid(text)).toBeNull();
    }
  });

  test('the story of the lost record: sent, acknowledged, lost on the way to the others', () => {
    const { text } = exportRun(sessions.loss, wish('mmd'));
    const nameOf = (host: string) => text.match(new RegExp(`participant (h\\d+) as ${host}`))![1];
    const [leader, follower, producer] = ['broker-1', 'broker-2', 'producer-1'].map(nameOf);
    expect(text).toContain(`${producer}->>${leader}: Produce`);
    expect(text).toContain(`${leader}-->>${producer}: Produce reply`);
    expect(text).toContain(`${leader}--x${follower}: Fetch reply`);
    expect(text).not.toContain('Heartbeat');
  });

  test('it is bounded: a sentence says how many lines are left out', () => {
    const whole = { from: 1, to: sessions.loss.summary().events };
    const text = sequenceDiagram(sessions.loss, whole, 'en', 5);
    expect(faultOfMermaid(text)).toBeNull();
    expect(text.match(/^ {2}(h\d|Note).*$/gm)).toHaveLength(6);
    expect(text).toMatch(/Note over .*: \d+ more lines, events \d+ to 523, are left out/);
    expect(exportRun(sessions.loss, wish('mmd')).text).not.toContain('left out');
  });

  test('texts of the run cannot break it', () => {
    const strange = new Session(strangeExperiment());
    const whole = { from: 1, to: strange.summary().events };
    const text = sequenceDiagram(strange, whole, 'en');
    expect(faultOfMermaid(text)).toBeNull();
    expect(text).toContain('#35;1#59; #60;b#62; end');
  });

  test('a moment chooses the step to which it belongs', () => {
    const step = sessions.loss.summary().steps.find(({ id }) => id === 'produce')!;
    const { name } = exportRun(sessions.loss, wish('mmd', { at: step.from + 1 }));
    expect(name).toBe(`acks-and-loss-events-${step.from}-${step.to}.mmd`);
  });
});

/** A run whose sentences are full of what means something to XML or to Mermaid. */
function strangeExperiment() {
  const strange = traceKind('strange', { what: 'string' });
  const about = { en: 'text', zh: '文本' };
  const title = { en: 'Only', zh: '唯一' };
  const quiet = { title, until: () => false, timeLimitMs: 10 };
  return experiment({
    id: 'strange',
    knobs: { text: choice(['<&">#;'], '<&">#;', about) },
    world: ({ lab }) => {
      const say = () => '#1; <b> end & "x" \u0000';
      lab.narrateWith({ strange: { en: say, zh: say } });
      lab.addHost('a<b', ({ trace, clock }) => ({
        start: () =>
          void clock.after(micros(1000), 'soon', () => trace.record(strange, { what: '' })),
        inspect: () => ({ kind: 'x', text: '<&">\u0001' }),
      }));
      return {};
    },
    steps: [{ id: 'only', ...quiet }],
    settle: [{ id: 'rest', ...quiet }],
    measures: () => ({}),
    proofs: {},
  });
}

/** What is wrong with a document, or null: tags in order, attributes once, no bare signs. */
function faultOfXml(text: string): string | null {
  const open: string[] = [];
  const TOKEN = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>|([^<]+)|(<)/gy;
  for (const [whole, slash, name, attributes = '', empty, words, bare] of text.matchAll(TOKEN)) {
    if (bare !== undefined) return `a bare < before ${text.slice(text.indexOf(whole), 40)}`;
    if (words !== undefined) {
      // eslint-disable-next-line no-control-regex -- what XML 1.0 has no characters for
      const wrong = words.match(/&(?!#\d+;)|[\u0000-\u0008]/);
      if (wrong !== null) return `a bare ${wrong[0]} in ${words}`;
      if (open.length === 0 && words.trim() !== '') return `text outside: ${words}`;
      continue;
    }
    const names = [...attributes.matchAll(/([\w:-]+)=/g)].map((match) => match[1]!);
    const twice = names.find((one, place) => names.indexOf(one) !== place);
    if (twice !== undefined) return `twice ${twice} in ${whole}`;
    if (slash === '/' && open.pop() !== name) return `unexpected ${whole}`;
    if (slash === '' && empty === '') open.push(name!);
  }
  return open.length === 0 ? null : `never closed: ${open.join(', ')}`;
}

/** What is wrong with a sequence diagram, or null: a grammar of the lines that are used here. */
function faultOfMermaid(text: string): string | null {
  const [first, ...lines] = text.trimEnd().split('\n');
  if (first !== 'sequenceDiagram') return `begins with ${first}`;
  const TEXT = '(?:[^#;<>\\n]|#\\d+;)+';
  const declared = new Set<string>();
  for (const line of lines) {
    const participant = line.match(new RegExp(`^ {2}participant (h\\d+) as ${TEXT}$`));
    if (participant !== null) declared.add(participant[1]!);
    else if (/^ {2}%% /.test(line) || new RegExp(`^ {2}title ${TEXT}$`).test(line)) continue;
    else {
      const note = line.match(new RegExp(`^ {2}Note over (h\\d+)(?:,(h\\d+))?: ${TEXT}$`));
      const arrow = line.match(new RegExp(`^ {2}(h\\d+)--?(?:>>|x)(h\\d+): ${TEXT}$`));
      const named = (note ?? arrow)?.slice(1).filter((one) => one !== undefined);
      if (named === undefined) return line;
      if (!named.every((one) => declared.has(one))) return `undeclared in ${line}`;
    }
  }
  return declared.size > 0 ? null : 'nobody takes part';
}

/** The comparison of brokers: its form, its lint, and what a reader's filter shows of it. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { fromAddress, shown, toAddress } from '#web/compare/compare-filter.ts';
import { BROKERS } from '../../lessons/brokers.ts';
import { COMPARISON_FILE, parseComparison } from '../../lessons/comparison.ts';
import { lintComparison } from '../../lessons/lint-comparison.ts';
import { printed } from '../../lessons/problem.ts';
import { lessonText } from './lesson-files.ts';

const TEXT = lessonText('comparison.yaml');
const ROWS = parseComparison(COMPARISON_FILE, TEXT).value?.rows ?? [];

function findings(from: string, to: string): string {
  const changed = TEXT.replace(from, () => to);
  expect(changed).not.toBe(TEXT);
  return printed(lintComparison(COMPARISON_FILE, changed)).join('\n');
}

describe('lessons: comparison', () => {
  test('the lint finds nothing', () => {
    expect(printed(lintComparison(COMPARISON_FILE, TEXT))).toEqual([]);
  });

  test('throughput says which documents disagree, for each broker, with both figures', () => {
    const throughput = ROWS.find(({ id }) => id === 'throughput');
    for (const broker of BROKERS) {
      const figures = throughput?.cells[broker].contradiction?.figures ?? [];
      expect(figures.length, broker).toBeGreaterThan(1);
      for (const { says } of figures) expect(says.en, broker).toMatch(/\d/);
    }
  });

  test.each([
    ['a row twice', '- id: topics', '- id: throughput', 'double-id: there are two rows throughput'],
    ['a release of another broker', 'since: ActiveMQ 5.6', 'since: Kafka 2.15', 'cell-release'],
    ['a release without its product', 'since: ActiveMQ 5.6', "since: '2.15'", 'cell-release'],
    ['a refused term', 'How many messages a second', 'With backpressure', 'term: "backpressure"'],
    ['a cell that nobody reads', 'The unit is a queue', 'so '.repeat(80), 'cell-length'],
    ['a source that nobody can follow', '- KIP-578', '- the documentation', 'owner/repository@'],
  ])('%s is refused', (_what, from, to, message) => {
    expect(findings(from, to)).toContain(message);
  });

  test('a cell without a source, and a contradiction of one figure, are refused', () => {
    const [row] = structuredClone(ROWS);
    if (row === undefined) throw new Error('there is no row');
    row.cells.kafka.sources = [];
    row.cells.rocketmq.contradiction?.figures.splice(1);
    const found = printed(lintComparison(COMPARISON_FILE, stringify({ rows: [row] }))).join('\n');
    expect(found).toContain('rows[0].cells.kafka.sources is []');
    expect(found).toContain('rows[0].cells.rocketmq.contradiction.figures is');
  });
});

describe('web: the filter of the comparison', () => {
  const known = { brokers: BROKERS, rows: ROWS.map(({ id }) => id) };

  test('nothing chosen shows all; what is chosen stays in the order of the columns', () => {
    expect(shown(BROKERS, [])).toEqual([...BROKERS]);
    expect(shown(BROKERS, ['kafka', 'rabbitmq'])).toEqual(['rabbitmq', 'kafka']);
  });

  test('the address says it and is read again; what there is not is left out', () => {
    const filter = { brokers: ['rabbitmq', 'kafka'], rows: ['latency'] };
    const address = toAddress(filter);
    expect(address).toBe('?brokers=rabbitmq,kafka&rows=latency');
    expect(fromAddress(address, known)).toEqual(filter);
    expect(fromAddress('?brokers=pulsar&rows=', known)).toEqual({ brokers: [], rows: [] });
    expect(toAddress({ brokers: [], rows: [] })).toBe('');
  });
});

/**
 * What `comparison.yaml` must keep to beyond its form: terms, lengths, unique rows, and releases
 * that belong to the broker of their column. The form is `comparison.ts`.
 */
import { BROKERS, type BrokerId } from './brokers.ts';
import { parseComparison, type ComparisonCell } from './comparison.ts';
import { pairProblems, type Pair } from './lint-questions.ts';
import { lineWith } from './problem.ts';
import type { Problem } from './problem.ts';
import { countWords } from './prose.ts';

/** What a cell of a table holds that is still read. */
const CELL_WORDS_MAX = 75;

const PRODUCTS: Readonly<Record<BrokerId, RegExp>> = {
  activemq: /^(ActiveMQ|Artemis) /,
  rabbitmq: /^RabbitMQ /,
  rocketmq: /^RocketMQ /,
  kafka: /^Kafka /,
};

/** Everything that is wrong with a comparison.yaml. */
export function lintComparison(file: string, text: string): Problem[] {
  const { value, problems } = parseComparison(file, text);
  if (value === null) return [...problems];
  const at = (part: string): number => lineWith(text, part);
  const found: Problem[] = [];
  const seen = new Set<string>();
  for (const { id, title, ask, cells } of value.rows) {
    if (seen.has(id)) {
      const message = `there are two rows ${id}`;
      found.push({ rule: 'double-id', file, line: at(`id: ${id}`), message });
    }
    seen.add(id);
    for (const pair of [title, ask]) found.push(...pairProblems(file, at, pair));
    for (const broker of BROKERS) {
      const place = { file, at, name: `${id}-${broker}` };
      found.push(...cellProblems(place, cells[broker], PRODUCTS[broker]));
    }
  }
  return found;
}

interface Place {
  readonly file: string;
  readonly at: (of: string) => number;
  readonly name: string;
}

function cellProblems({ file, at, name }: Place, cell: ComparisonCell, product: RegExp): Problem[] {
  const line = at(cell.text.en.slice(0, 24));
  const { usual, contradiction } = cell;
  const pairs: Pair[] = [
    cell.text,
    ...(usual === undefined ? [] : [usual.says]),
    ...(contradiction?.figures ?? []).map(({ says }) => says),
    ...(contradiction === undefined ? [] : [contradiction.why]),
  ];
  const found = pairs.flatMap((pair) => pairProblems(file, at, pair));
  for (const language of ['en', 'zh'] as const) {
    const words = countWords(cell.text[language]);
    if (words <= CELL_WORDS_MAX) continue;
    const message = `${name} has ${words} words in ${language}; a cell holds ${CELL_WORDS_MAX}`;
    found.push({ rule: 'cell-length', file, line, message });
  }
  for (const release of [cell.since, cell.until ?? 'all']) {
    if (release === 'all' || product.test(release)) continue;
    const message = `${name} names the release "${release}", which is not of its broker`;
    found.push({ rule: 'cell-release', file, line, message });
  }
  return found;
}

/**
 * Since when Kafka's tools have their options, and until when, and which tools a release has.
 *
 * Source: `bin/` and the `accepts` calls of each tool in the tags of Apache Kafka's repository;
 * KIP-176 (`--new-consumer`), KIP-377 (`--bootstrap-server` of `kafka-topics.sh`), KIP-455
 * (reassignments through brokers), KIP-499 (`--broker-list`), KIP-629 (`--include`), KIP-664
 * (`kafka-transactions.sh`), KIP-836 (`kafka-metadata-quorum.sh`), and the notes on upgrading to
 * 3.0 and 4.0. Not here: what the options do (each tool). Differences: options that were gone
 * before 3.0 and that nobody needs are left out; texts of a tool are those of 4.1.
 */
import { assert } from '../../kernel/assert.ts';
import type { Release } from '../../kafka/profiles/releases.ts';
import { argument, type JoptOption } from './jopt.ts';

type Span = Pick<JoptOption, 'since' | 'until' | 'earlier'>;

interface ToolHistory {
  readonly spans: Readonly<Record<string, Span>>;
  /** Options that the newest release has no more. */
  readonly gone?: readonly JoptOption[];
}

const since = (release: Release, ...names: readonly string[]): Record<string, Span> =>
  Object.fromEntries(names.map((name) => [name, { since: release }]));

const brokerList = { name: 'broker-list', until: '4.0' } as const;

/** Where a tool still asked ZooKeeper. */
const zooKeeper = (until: Release, over: Partial<JoptOption> = {}): JoptOption => ({
  name: 'zookeeper',
  argument: argument('String', 'hosts', ['zookeeper-1:2181']),
  about: { en: 'ZooKeeper, as host:port.', zh: 'ZooKeeper 的地址，格式为 host:port。' },
  until,
  ...over,
});

/** A word of the time when there was an old consumer beside the one that there is now. */
const newConsumer: JoptOption = {
  name: 'new-consumer',
  about: { en: 'The consumer that there is now.', zh: '使用现在的消费者。' },
  until: '2.0',
};
const oldConsumer = zooKeeper('2.0', {
  isUnsupported: true,
  about: { en: 'The old consumer; unsupported here.', zh: '旧消费者，此处不支持。' },
});

/** By the name of the tool, without its ending. */
const histories: Readonly<Record<string, ToolHistory>> = {
  'kafka-topics': {
    spans: {
      ...since('2.1', 'exclude-internal'),
      ...since('2.2', 'bootstrap-server', 'command-config'),
      ...since('2.3', 'at-min-isr-partitions', 'under-min-isr-partitions'),
      ...since('3.1', 'topic-id'),
      ...since('3.8', 'partition-size-limit-per-response'),
    },
    gone: [zooKeeper('3.0')],
  },
  'kafka-console-consumer': {
    spans: {
      ...since('0.10', 'consumer-property', 'enable-systest-events', 'offset', 'partition'),
      ...since('0.11', 'isolation-level'),
      ...since('1.0', 'group'),
      include: { since: '3.0', earlier: { name: 'whitelist', until: '4.0' } },
      ...since('3.4', 'formatter-config'),
    },
    gone: [newConsumer, oldConsumer],
  },
  'kafka-console-producer': {
    spans: {
      'bootstrap-server': { since: '2.5', earlier: brokerList },
      ...since('3.4', 'reader-config'),
    },
  },
  'kafka-consumer-groups': {
    spans: {
      ...since('0.11', 'reset-offsets', 'execute', 'export', 'all-topics', 'timeout'),
      ...since('0.11', 'to-offset', 'to-datetime', 'by-duration', 'to-earliest', 'to-latest'),
      ...since('0.11', 'to-current', 'shift-by', 'from-file'),
      ...since('1.1', 'members', 'offsets', 'state', 'verbose', 'dry-run'),
      ...since('2.3', 'all-groups'),
      ...since('2.4', 'delete-offsets'),
      ...since('3.8', 'type'),
    },
    gone: [newConsumer, oldConsumer],
  },
  'kafka-consumer-perf-test': {
    spans: {
      'bootstrap-server': { since: '2.5', earlier: brokerList },
      ...since('0.11', 'print-metrics'),
      ...since('2.0', 'timeout'),
    },
    gone: [
      newConsumer,
      oldConsumer,
      ...['threads', 'num-fetch-threads'].map((name) => ({
        name,
        argument: argument('Integer', 'count'),
        about: { en: 'Says nothing any more.', zh: '已不起作用。' },
        until: '4.0' as const,
      })),
    ],
  },
  'kafka-configs': {
    spans: {
      ...since('0.10', 'entity-default'),
      ...since('1.1', 'bootstrap-server', 'command-config'),
      ...since('2.5', 'all', 'topic', 'broker', 'broker-defaults', 'broker-logger'),
      ...since('2.5', 'client', 'client-defaults', 'user', 'user-defaults'),
      ...since('2.6', 'add-config-file'),
      ...since('2.8', 'ip', 'ip-defaults'),
      ...since('3.7', 'bootstrap-controller'),
      ...since('4.0', 'client-metrics', 'group'),
    },
    gone: [zooKeeper('4.0')],
  },
  'kafka-log-dirs': { spans: since('2.1', 'command-config') },
  'kafka-dump-log': {
    spans: {
      ...since('2.8', 'cluster-metadata-decoder', 'skip-record-metadata'),
      ...since('3.3', 'max-bytes'),
      ...since('3.9', 'remote-log-metadata-decoder'),
      ...since('4.0', 'share-group-state-decoder'),
    },
  },
  'kafka-get-offsets': { spans: { 'bootstrap-server': { earlier: brokerList } } },
  'kafka-reassign-partitions': {
    spans: {
      ...since('0.10', 'disable-rack-aware', 'throttle'),
      ...since('1.0', 'bootstrap-server', 'timeout'),
      ...since('1.1', 'replica-alter-log-dirs-throttle'),
      ...since('2.1', 'command-config'),
      ...since('2.6', 'additional', 'cancel', 'list', 'preserve-throttles'),
      ...since('4.0', 'bootstrap-controller'),
      ...since('4.1', 'disallow-replication-factor-change'),
    },
    gone: [zooKeeper('3.0', { isUnsupported: true })],
  },
};

/** The options of a tool, with what they were called when, and those that are gone. */
export function optionsOfAll(tool: string, own: readonly JoptOption[]): readonly JoptOption[] {
  const history = histories[tool];
  assert(history !== undefined, 'a tool with a history', { tool, known: Object.keys(histories) });
  const unknown = Object.keys(history.spans).filter(
    (name) => !own.some((one) => one.name === name),
  );
  assert(unknown.length === 0, 'a history of options that there are', { tool, unknown });
  const spanned = own.map((option) => ({ ...option, ...history.spans[option.name] }));
  return [...spanned, ...(history.gone ?? [])];
}

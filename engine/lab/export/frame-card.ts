/**
 * What a picture of a moment says of one host: its name, how it stands, a few lines of what it
 * shows of itself, and the logs that it has, each as a row of records.
 *
 * Views are read by their fields and not by their product, so that a new product's host is drawn
 * before anybody sorts it in here; only the logs of Kafka's brokers are known. Not here: where a
 * card stands (`frame-svg.ts`).
 */
import type { BrokerView, PartitionView } from '../../kafka/broker/broker-view.ts';
import type { HostFrame } from '../frames.ts';
import type { Language } from '../narration.ts';

/** Records that are drawn of a log: the last. */
const CELLS_MAX = 20;
const LOGS_MAX = 6;
const LINES_MAX = 8;
const LINE_CHARACTERS_MAX = 200;
/** Of a list: the last. */
const ITEMS_MAX = 6;

export interface CardCell {
  readonly offset: number;
  readonly epoch: number;
  /** Below the high watermark. */
  readonly isCommitted: boolean;
  /** Whether a loss of power would leave it. */
  readonly isSynced: boolean;
  readonly title: string;
}

export interface CardLog {
  readonly title: string;
  readonly leads: boolean;
  readonly cells: readonly CardCell[];
  readonly marks: string;
}

/** `client`: who asks. `server`: who answers; it stands on the other side. */
export interface Card {
  readonly name: string;
  readonly side: 'client' | 'server';
  readonly state: string;
  readonly isUp: boolean;
  readonly lines: readonly string[];
  readonly logs: readonly CardLog[];
}

const WORDS = {
  en: {
    running: 'running',
    stopped: 'stopped',
    off: 'no power',
    paused: 'paused',
    cut: (hosts: string) => `cut from ${hosts}`,
    before: 'as it last was:',
    leader: (epoch: number) => `leader, epoch ${epoch}`,
    follower: (epoch: number) => `follower, epoch ${epoch}`,
    offline: (epoch: number) => `offline, epoch ${epoch}`,
    more: (count: number) => `and ${count} more`,
    earlier: (count: number) => `${count} earlier, `,
  },
  zh: {
    running: '运行中',
    stopped: '已停止',
    off: '断电',
    paused: '暂停',
    cut: (hosts: string) => `与 ${hosts} 断开`,
    before: '最后的样子：',
    leader: (epoch: number) => `leader，epoch ${epoch}`,
    follower: (epoch: number) => `follower，epoch ${epoch}`,
    offline: (epoch: number) => `离线，epoch ${epoch}`,
    more: (count: number) => `还有 ${count} 个`,
    earlier: (count: number) => `更早的 ${count} 条，`,
  },
} as const;

const CLIENT_KINDS = /(^|-)(producer|consumer|worker|client|admin)$/;

/** The card of a host. `last` is what it showed last, if it shows nothing now. */
export function cardOf(host: HostFrame, last: unknown, language: Language): Card {
  const words = WORDS[language];
  const view = viewOf(host.view ?? last);
  const isUp = host.state === 'running';
  const { kind } = view;
  const isClient =
    typeof kind === 'string' ? CLIENT_KINDS.test(kind) : Object.keys(view).length < 1;
  const logs = hasLogs(view) ? view.partitions : [];
  const left = logs.length - LOGS_MAX;
  const lines = hasLogs(view) ? [] : fieldsOf(view);
  return {
    name: host.name,
    side: isClient ? 'client' : 'server',
    state: stateOf(host, language),
    isUp,
    lines: [
      ...(isUp || (lines.length === 0 && logs.length === 0) ? [] : [words.before]),
      ...lines,
      ...(left > 0 ? [words.more(left)] : []),
    ],
    logs: logs.slice(0, LOGS_MAX).map((log) => logOf(log, isUp, language)),
  };
}

function viewOf(view: unknown): Readonly<Record<string, unknown>> {
  return typeof view === 'object' && view !== null ? (view as Record<string, unknown>) : {};
}

function hasLogs(view: object): view is BrokerView {
  return (view as { readonly kind?: unknown }).kind === 'kafka-broker';
}

function stateOf({ state, paused, cutFrom }: HostFrame, language: Language): string {
  const words = WORDS[language];
  const parts: string[] = [paused ? words.paused : words[state]];
  if (cutFrom.length > 0) parts.push(words.cut(cutFrom.join(', ')));
  return parts.join(' · ');
}

/** What a view says, a line for each field and for each thing in a list; what is empty is not. */
function fieldsOf(view: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(view)
    .filter(([name]) => name !== 'kind')
    .flatMap(([name, value]) => {
      const items = listOf(value)?.filter(isObject) ?? [];
      if (items.length === 0) return said(name, ': ', value);
      return items.slice(-ITEMS_MAX).map((item) => `${name}: ${sidesOf(item)}`);
    });
  return lines.slice(0, LINES_MAX).map(cutTo);
}

function sidesOf(item: object): string {
  return Object.entries(item)
    .flatMap(([name, value]) => said(name, '=', value))
    .join(' ');
}

function said(name: string, sign: string, value: unknown): string[] {
  const text = shortOf(value);
  return text === '' ? [] : [`${name}${sign}${text}`];
}

function shortOf(value: unknown): string {
  const list = listOf(value);
  if (list !== null) {
    const shown = list.slice(-ITEMS_MAX).map(shortOf).filter(Boolean);
    return `${list.length > ITEMS_MAX ? '…' : ''}${shown.join(list.some(listOf) ? ' | ' : ',')}`;
  }
  if (isObject(value)) return Object.values(value).map(shortOf).filter(Boolean).join(',');
  return value === null || value === undefined ? '' : String(value);
}

function listOf(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cutTo(text: string): string {
  return text.length <= LINE_CHARACTERS_MAX ? text : `${text.slice(0, LINE_CHARACTERS_MAX - 1)}…`;
}

function logOf(view: PartitionView, isUp: boolean, language: Language): CardLog {
  const words = WORDS[language];
  const { topic, partition, role, leaderEpoch, records, hw, leo, logStart, synced, isr } = view;
  const first = Math.max(leo - CELLS_MAX, 0);
  const cells = records
    .filter(({ offset }) => offset >= first)
    .map(({ offset, epoch, key, value }) => ({
      offset,
      epoch,
      isCommitted: offset < hw,
      isSynced: offset < synced,
      title: `${offset}: ${key === null ? '' : `${key} = `}${value ?? 'null'} (epoch ${epoch})`,
    }));
  const hidden = leo - logStart - cells.length;
  const known = isUp ? `, ${words[role](leaderEpoch)}` : '';
  const inSync = role === 'leader' && isUp ? `, ISR {${isr.join(',')}}` : '';
  return {
    title: `${topic}-${partition}${known}`,
    leads: role === 'leader' && isUp,
    cells,
    marks: `${hidden > 0 ? words.earlier(hidden) : ''}HW ${hw}, LEO ${leo}${inSync}`,
  };
}

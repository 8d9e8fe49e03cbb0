/**
 * The knobs of RabbitMQ's swarm: what a seed chooses, and the names of its hosts and queues.
 *
 * Not here: how a seed chooses (`rabbitmq-plan.ts`), what is made of it (`rabbitmq-swarm.ts`), and
 * what it promises (`rabbitmq-promise.ts`).
 */
import { newestProfile, profileNames, profileOf } from '../../rabbitmq/profiles.ts';
import type { SwitchName } from '../../rabbitmq/profiles/switches.ts';
import { choice, flag, integer } from '../knob.ts';
import type { KnobValues, Localized } from '../knob.ts';

const newest = profileOf(newestProfile);
/** The switches of a release: each can be turned by the knob `quirk`. */
export const rabbitQuirkNames = Object.keys(newest.switches).sort((left, right) =>
  left < right ? -1 : 1,
) as SwitchName[];

const setting: Localized = { en: 'The setting of this name.', zh: '同名配置项。' };
const LONG = 600_000;

export const rabbitKnobs = {
  promise: choice(['within', 'beyond'], 'within', {
    en: 'Whether the faults stay within what the configuration promises to survive.',
    zh: '故障是否在配置承诺能承受的范围之内。',
  }),
  profile: choice(profileNames, newestProfile, {
    en: 'Behaviour and defaults of a release.',
    zh: '采用哪个版本的行为和默认值。',
  }),
  quirk: choice(['none', ...rabbitQuirkNames], 'none', {
    en: 'One behaviour set otherwise than the release has it.',
    zh: '单独改变的一个行为。',
  }),
  nodes: integer(1, 3, 1, { en: 'Nodes of the cluster.', zh: '集群的节点数。' }),
  'queue.type': choice(['classic', 'mirrored', 'quorum', 'stream'], 'classic', {
    en: 'The type of the queues; mirrored ones are classic.',
    zh: '队列类型；mirrored 是经典镜像队列。',
  }),
  durable: flag(true, setting),
  'by.policy': flag(false, {
    en: 'A policy says how the queues are, and not their arguments.',
    zh: '队列的设置来自策略，而不是声明时的参数。',
  }),
  'ha-mode': choice(['all', 'exactly'], 'all', setting),
  'ha-sync-mode': choice(['manual', 'automatic'], 'manual', setting),
  'ha-promote-on-failure': choice(['always', 'when-synced'], 'always', setting),
  'partition.handling': choice(['ignore', 'pause_minority', 'autoheal'], 'ignore', setting),
  'net_ticktime.ms': integer(1000, 60_000, 60_000, setting),
  'delivery-limit': integer(0, 20, 0, setting),
  'at.least.once': flag(false, {
    en: 'Dead letters leave their queue when the next one has them.',
    zh: '死信被目标队列收下后才离开原队列。',
  }),
  exchange: choice(['direct', 'fanout', 'topic', 'headers'], 'direct', setting),
  queues: integer(1, 3, 1, setting),
  persistent: flag(true, setting),
  mode: choice(['confirm', 'tx', 'none'], 'confirm', setting),
  outstanding: integer(1, 1000, 1000, setting),
  batches: flag(false, setting),
  mandatory: flag(false, setting),
  unroutable: flag(false, setting),
  publishers: integer(1, 3, 1, setting),
  consumers: integer(0, 3, 1, setting),
  messages: integer(1, 400, 40, setting),
  'chaos.events': integer(50, 4000, 500, setting),
  prefetch: integer(0, 50, 0, setting),
  'prefetch.global': flag(false, setting),
  'no-ack': flag(false, setting),
  'ack.every': integer(1, 5, 1, setting),
  'processing.ms': integer(0, 1000, 0, setting),
  requeues: integer(0, 10, 0, setting),
  rejects: integer(0, 10, 0, setting),
  'message-ttl': integer(0, LONG, 0, setting),
  expiration: integer(0, LONG, 0, setting),
  'max-length': integer(0, 1000, 0, setting),
  overflow: choice(['drop-head', 'reject-publish', 'reject-publish-dlx'], 'drop-head', setting),
  'max-priority': integer(0, 10, 0, setting),
  'single-active-consumer': flag(false, setting),
  'dead-letter': choice(['none', 'queue', 'cycle'], 'none', setting),
};

export type RabbitSwarmKnobs = KnobValues<typeof rabbitKnobs>;

const names = (of: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => `${of}-${place + 1}`);

export const rabbitNodes = (count: number): readonly string[] => names('rabbit', count);
export const rabbitQueues = (count: number): readonly string[] => names('queue', count);
export const rabbitPublishers = (count: number): readonly string[] => names('publisher', count);
export const rabbitConsumers = (count: number): readonly string[] => names('consumer', count);

/**
 * The options of `kafka-console-producer.sh`, and the producer's settings that follow from them.
 *
 * Source: `org.apache.kafka.tools.ConsoleProducer.ConsoleProducerOptions` (4.1). Note that some
 * defaults of the tool are not the producer's own: linger, retries, request timeout.
 */
import { assert } from '../../kernel/assert.ts';
import type { ShellWorld } from '../program.ts';
import { propertiesFile, propertiesOf } from './admin-session.ts';
import { argument, type GivenOptions, type JoptOption } from './jopt.ts';

export const producerOptions: readonly JoptOption[] = [
  {
    name: 'topic',
    argument: argument('String', 'topic', 'topic'),
    about: { en: 'REQUIRED: where to write.', zh: '必填：写入的主题。' },
  },
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server to connect to', 'broker-address'),
    about: {
      en: 'REQUIRED: brokers to begin with, as host:port,host:port.',
      zh: '必填：最先连接的 broker，格式为 host:port,host:port。',
    },
  },
  {
    name: 'sync',
    about: {
      en: 'Waits for each record to be acknowledged before the next is read.',
      zh: '每条记录得到确认后才读下一行。',
    },
  },
  {
    name: 'compression-codec',
    argument: {
      ...argument('String', 'compression-codec', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
      isOptional: true,
    },
    about: { en: 'How batches are compressed; alone: gzip.', zh: '压缩方式；不带值时为 gzip。' },
  },
  {
    name: 'batch-size',
    argument: argument('Integer', 'size'),
    defaultText: '16384',
    about: { en: 'batch.size, in bytes.', zh: 'batch.size，单位字节。' },
  },
  {
    name: 'message-send-max-retries',
    argument: argument('Integer', null),
    defaultText: '3',
    about: { en: 'retries: how often a batch is sent again.', zh: 'retries：批次最多重发几次。' },
  },
  {
    name: 'retry-backoff-ms',
    argument: argument('Long', null),
    defaultText: '100',
    about: { en: 'retry.backoff.ms.', zh: 'retry.backoff.ms。' },
  },
  {
    name: 'timeout',
    argument: argument('Long', 'timeout_ms'),
    defaultText: '1000',
    about: {
      en: 'linger.ms: how long a batch waits to be filled.',
      zh: 'linger.ms：批次为等待更多记录最多停留多久。',
    },
  },
  {
    name: 'request-required-acks',
    argument: argument('String', 'request required acks', ['all', '-1', '0', '1']),
    defaultText: '-1',
    about: { en: 'acks.', zh: 'acks。' },
  },
  {
    name: 'request-timeout-ms',
    argument: argument('Integer', 'request timeout ms'),
    defaultText: '1500',
    about: { en: 'request.timeout.ms.', zh: 'request.timeout.ms。' },
  },
  {
    name: 'metadata-expiry-ms',
    argument: argument('Long', 'metadata expiration interval'),
    defaultText: '300000',
    about: { en: 'metadata.max.age.ms.', zh: 'metadata.max.age.ms。' },
  },
  {
    name: 'max-block-ms',
    argument: argument('Long', 'max block on send'),
    defaultText: '60000',
    about: { en: 'max.block.ms: how long sending may wait.', zh: 'max.block.ms：发送最多等多久。' },
  },
  {
    name: 'max-memory-bytes',
    argument: argument('Long', 'total memory in bytes'),
    defaultText: '33554432',
    about: { en: 'buffer.memory.', zh: 'buffer.memory。' },
  },
  {
    name: 'max-partition-memory-bytes',
    argument: argument('Integer', 'memory in bytes per partition'),
    defaultText: '16384',
    about: { en: 'batch.size; goes before --batch-size.', zh: 'batch.size，优先于 --batch-size。' },
  },
  {
    name: 'socket-buffer-size',
    argument: argument('Integer', 'size'),
    defaultText: '102400',
    isUnsupported: true,
    about: { en: 'send.buffer.bytes; unsupported here.', zh: 'send.buffer.bytes；此处不支持。' },
  },
  {
    name: 'line-reader',
    argument: argument('String', 'reader_class'),
    defaultText: 'org.apache.kafka.tools.LineMessageReader',
    isUnsupported: true,
    about: { en: 'The class that reads lines; unsupported here.', zh: '读取行的类；此处不支持。' },
  },
  {
    name: 'property',
    argument: argument('String', 'prop'),
    about: {
      en:
        'How a line becomes a record, as name=value: parse.key, key.separator, parse.headers, ' +
        'headers.delimiter, headers.separator, headers.key.separator, null.marker, ignore.error.',
      zh:
        '行如何变成记录，格式为 名称=值：parse.key、key.separator、parse.headers、' +
        'headers.delimiter、headers.separator、headers.key.separator、null.marker、ignore.error。',
    },
  },
  {
    name: 'reader-config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of such properties.', zh: '包含上述属性的文件。' },
  },
  {
    name: 'producer-property',
    argument: argument('String', 'producer_prop'),
    about: {
      en: 'A setting of the producer, as name=value.',
      zh: '生产者的一项配置，格式为 名称=值。',
    },
  },
  {
    name: 'producer.config',
    argument: argument('String', 'config file', 'file'),
    about: { en: 'A file of settings of the producer.', zh: '生产者的配置文件。' },
  },
];

/** Which setting of the producer an option stands for. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['batch.size', 'batch-size'],
  ['linger.ms', 'timeout'],
  ['acks', 'request-required-acks'],
  ['request.timeout.ms', 'request-timeout-ms'],
  ['retries', 'message-send-max-retries'],
  ['retry.backoff.ms', 'retry-backoff-ms'],
  ['metadata.max.age.ms', 'metadata-expiry-ms'],
  ['max.block.ms', 'max-block-ms'],
  ['buffer.memory', 'max-memory-bytes'],
];

/** Settings by their real names, or the name of a file that is not there. */
export type ReadSettings =
  | { readonly ok: true; readonly settings: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly missing: string };

/** A file's settings, and single ones over it. */
export function settingsOf(
  given: GivenOptions,
  fileOption: string,
  option: string,
  world: ShellWorld,
): ReadSettings {
  const name = given.value(fileOption);
  const file = propertiesFile(name, world);
  if (file === null) return { ok: false, missing: name! };
  return { ok: true, settings: { ...file, ...propertiesOf(given.values(option)) } };
}

/** What an option says goes before a property; its default does not. */
export function producerSettingsOf(given: GivenOptions, world: ShellWorld): ReadSettings {
  const read = settingsOf(given, 'producer.config', 'producer-property', world);
  if (!read.ok) return read;
  const settings: Record<string, string> = { ...read.settings };
  for (const [setting, option] of SETTINGS) {
    const value = given.value(option);
    assert(value !== null, 'each of these has a default', { option });
    if (given.has(option) || settings[setting] === undefined) settings[setting] = value;
  }
  if (given.has('max-partition-memory-bytes')) {
    settings['batch.size'] = given.value('max-partition-memory-bytes')!;
  }
  if (given.has('compression-codec')) {
    settings['compression.type'] = given.value('compression-codec') ?? 'gzip';
  }
  settings['client.id'] ??= 'console-producer';
  return { ok: true, settings };
}

/**
 * `kafka-dump-log.sh`: the files of a partition as text. The real tool runs where the files are;
 * here a file is named with its host, as `scp` does: `broker-1:orders-0/00000000000000000000.log`,
 * below the broker's log directory.
 *
 * Source: `kafka.tools.DumpLogSegments` (4.1). Not here: the text itself
 * (`kafka/partition/dump-log.ts`), the records of Kafka's own topics (`dump-decoders.ts`).
 * Differences: a file that is not there is told by its name.
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk } from '../../kernel/ports.ts';
import {
  dumpLog,
  type DumpedMessage,
  type DumpLogOptions,
} from '../../kafka/partition/dump-log.ts';
import { CLEAN_SHUTDOWN, parseSegmentName } from '../../storage/log-directory.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import type { Call, Program, ShellWorld, ToolProgram } from '../program.ts';
import { profileOfWorld } from './admin-session.ts';
import { decoderByClass, decoderOf, decoderOptions } from './dump-decoders.ts';
import { noSuchFile, stackTrace, toText, withCauses } from './java-exception.ts';
import { argument, type GivenOptions, type JoptOption, JoptTable } from './jopt.ts';
import { optionsOfAll } from './option-history.ts';
import {
  missingOption,
  printUsageAndExit,
  tableOf,
  toldHelpOrVersion,
  unsupportedOption,
} from './jopt-tool.ts';

/** A broker's log directory on its disk. */
const LOG_DIR = 'data';
const STRING_DECODER = 'org.apache.kafka.tools.api.StringDecoder';

const decodes = (name: string, what: string): JoptOption => ({
  name,
  about: { en: `Decodes ${what}.`, zh: `解码 ${what}。` },
});
const byClass = (name: string, what: string): JoptOption => ({
  ...decodes(name, what),
  argument: { ...argument('String', null), isOptional: true },
  defaultText: STRING_DECODER,
});

const options: readonly JoptOption[] = [
  {
    name: 'files',
    argument: argument('String', 'file1, file2, ...', 'file'),
    about: {
      en: 'REQUIRED: files with their hosts: broker-1:orders-0/00000000000000000000.log.',
      zh: '必填：带主机名的文件：broker-1:orders-0/00000000000000000000.log。',
    },
  },
  { name: 'print-data-log', about: { en: 'Records with keys and values.', zh: '打印键和值。' } },
  { name: 'deep-iteration', about: { en: 'Records, not batches only.', zh: '逐条打印消息。' } },
  {
    name: 'skip-record-metadata',
    about: { en: 'Of records only keys and values.', zh: '消息只打印键和值。' },
  },
  {
    name: 'max-bytes',
    argument: argument('Integer', 'size'),
    defaultText: '2147483647',
    about: { en: 'So many bytes of a log.', zh: '最多读取的字节数。' },
  },
  {
    name: 'max-message-size',
    argument: argument('Integer', 'size'),
    defaultText: '5242880',
    about: { en: 'The largest batch.', zh: '最大的批次字节数。' },
  },
  {
    name: 'verify-index-only',
    about: { en: 'Only what is wrong with an index.', zh: '只报告索引的错误。' },
  },
  {
    name: 'index-sanity-check',
    about: { en: 'Only whether an index can be used.', zh: '只检查索引能否使用。' },
  },
  decodes('offsets-decoder', '__consumer_offsets'),
  decodes('transaction-log-decoder', '__transaction_state'),
  decodes('share-group-state-decoder', '__share_group_state'),
  decodes('cluster-metadata-decoder', '__cluster_metadata'),
  { ...decodes('remote-log-metadata-decoder', '__remote_log_metadata'), isUnsupported: true },
  byClass('key-decoder-class', 'keys'),
  byClass('value-decoder-class', 'values'),
];
const tables = new JoptTable(optionsOfAll('kafka-dump-log', options));

export const dumpLogTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.log --print-data-log',
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.index',
  ],
  start,
};

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const parsed = table.parse(call.words);
  const thrown = (line: string): Program => {
    call.err(`Exception in thread "main" ${line}`);
    call.exit(1);
    return {};
  };
  if (!parsed.ok) return thrown(toText(parsed.problem));
  const { given } = parsed;
  const sentence =
    'This tool helps to parse a log file and dump its contents to the console, useful for ' +
    'debugging a seemingly corrupt log segment.';
  if (toldHelpOrVersion(call, table, given, { help: sentence, nothing: sentence })) return {};
  const misuse = missingOption(given, ['files']) ?? unsupportedOption(given);
  if (misuse !== null) {
    printUsageAndExit(call, table, misuse);
    return {};
  }
  const number = given.malformed();
  if (number !== null) {
    const [head = '', ...causes] = stackTrace(withCauses(number));
    call.out(`Dumping ${given.value('files')!.split(',')[0]!}`);
    call.err(`Exception in thread "main" ${head}`);
    for (const line of causes) if (line !== '') call.err(line);
    call.exit(1);
    return {};
  }
  for (const file of given.value('files')!.split(',')) {
    if (!dump(call, given, file.trim())) return {};
  }
  call.exit(0);
  return {};
}

/** Prints a file; false where it cannot be, and the tool has ended. */
function dump(call: Call, given: GivenOptions, file: string): boolean {
  const found = fileOf(file, call.world);
  const name = file.slice(file.lastIndexOf('/') + 1);
  const segment = parseSegmentName(name);
  if (!name.includes('.')) {
    const length = name.length;
    const where = `begin -1, end ${length}, length ${length}`;
    call.out(`Dumping ${file}`);
    call.err(`Exception in thread "main" java.lang.StringIndexOutOfBoundsException: ${where}`);
    call.exit(1);
    return false;
  }
  if (found === null || !found.disk.exists(found.path)) {
    call.out(`Dumping ${file}`);
    if (segment?.suffix === '.log') call.out(`Log starting offset: ${segment.baseOffset}`);
    call.err(`Exception in thread "main" ${toText(noSuchFile(file))}`);
    call.exit(1);
    return false;
  }
  if (given.has('index-sanity-check')) {
    call.out(`Dumping ${file}`);
    if (segment?.suffix === '.index' || segment?.suffix === '.timeindex') {
      call.out(`${file} passed sanity check.`);
    }
    return true;
  }
  const decoder = chosenDecoder(call, given);
  let thrown = 'thrown' in decoder ? decoder.thrown : null;
  if ('thrown' in decoder) call.out(`Dumping ${file}`);
  else {
    const message = (record: BatchRecord): DumpedMessage | null => {
      const told = decoder.decoder(record);
      if (typeof told !== 'string') return told;
      thrown = told;
      return null;
    };
    const isPreallocated = isOpen(found.disk, found.path);
    const text = dumpLog(found.disk, [found.path], {
      ...{ ...optionsOf(given), isPreallocated, message },
    });
    const lines = text.split('\n');
    assert(lines[lines.length - 1] === '', 'a text ends its last line', { file });
    for (const line of lines.slice(0, -1)) call.out(line.replaceAll(found.path, file));
  }
  if (thrown === null) return true;
  call.err(`Exception in thread "main" ${thrown}`);
  call.exit(1);
  return false;
}

/** The decoder that a line chose, of several the first that the real one asks for. */
function chosenDecoder(call: Call, given: GivenOptions): ReturnType<typeof decoderByClass> {
  const option = decoderOptions.find((name) => given.has(name));
  if (option === undefined) {
    const [keys, values] = ['key-decoder-class', 'value-decoder-class'].map(
      (name) => given.value(name) ?? STRING_DECODER,
    );
    return decoderByClass(keys!, values!);
  }
  const { release } = profileOfWorld(call.world);
  return { decoder: decoderOf(option, release) };
}

/** Whether a broker has the file's log open and it is its last segment: its indexes have room. */
function isOpen(disk: Disk, path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const logs = disk.list(folder).filter((name) => name.endsWith('.log'));
  const last = logs.reduce((left, right) => (left > right ? left : right), '');
  const name = path.slice(folder.length + 1);
  return name.split('.')[0] === last.split('.')[0] && !disk.exists(`${LOG_DIR}/${CLEAN_SHUTDOWN}`);
}

function optionsOf(given: GivenOptions): DumpLogOptions {
  const isDecoded = [...decoderOptions, 'key-decoder-class', 'value-decoder-class'].some((name) =>
    given.has(name),
  );
  return {
    printDataLog: given.has('print-data-log') || isDecoded,
    deepIteration: given.has('deep-iteration'),
    skipRecordMetadata: given.has('skip-record-metadata'),
    maxBytes: Number(given.value('max-bytes')),
    verifyIndexOnly: given.has('verify-index-only'),
  };
}

/** The disk and the path of `host:folder/file`; null where there is no such host. */
function fileOf(
  file: string,
  { lab }: ShellWorld,
): { readonly disk: Disk; readonly path: string } | null {
  const match = /^([\w-]+):\/?(.+)$/.exec(file);
  const [, host = '', path = ''] = match ?? [];
  const known = lab.hosts().find(({ name }) => name === host);
  return known === undefined ? null : { disk: known.disk, path: `${LOG_DIR}/${path}` };
}

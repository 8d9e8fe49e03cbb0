/**
 * The arguments of `kafka-transactions.sh`. Source: `org.apache.kafka.tools.TransactionsCommand` of
 * 4.1, in which a subcommand is called `forceTerminateTransaction`. Not here: what they do
 * (`transactions.ts`).
 */
import type { Argument, Grammar } from './argparse.ts';

const TOPIC: Argument = {
  flags: ['--topic'],
  metavar: 'TOPIC',
  kind: 'topic',
  isRequired: true,
  about: { en: 'the topic', zh: '主题' },
};
const PARTITION: Argument = {
  flags: ['--partition'],
  metavar: 'PARTITION',
  type: 'Integer',
  kind: 'number',
  isRequired: true,
  about: { en: 'the partition', zh: '分区' },
};
const BROKER: Argument = {
  flags: ['--broker-id'],
  metavar: 'BROKER_ID',
  type: 'Integer',
  kind: 'number',
  about: {
    en: 'the broker to ask, in place of the leader',
    zh: '要询问的 broker（默认是 leader）',
  },
};
const optional = ({ flags, metavar, about, ...rest }: Argument): Argument => ({
  ...{ flags, about },
  ...(metavar === undefined ? {} : { metavar }),
  ...(rest.type === undefined ? {} : { type: rest.type }),
  ...(rest.kind === undefined ? {} : { kind: rest.kind }),
});
const number = (flag: string, metavar: string, en: string, zh: string): Argument => ({
  ...{ flags: [flag], metavar, type: 'Long', kind: 'number', about: { en, zh } },
});

const transactionalId = (flag: string, metavar: string): Argument => ({
  ...{ flags: [flag], metavar, isRequired: true },
  about: { en: 'the transactional id', zh: '事务 ID' },
});

export const transactionsGrammar: Grammar = {
  name: 'kafka-transactions.sh',
  commandMetavar: 'COMMAND',
  helpExit: 1,
  arguments: [
    { flags: ['-v', '--version'], about: { en: 'shows the version', zh: '显示版本' } },
    {
      flags: ['--command-config'],
      metavar: 'FILE',
      kind: 'file',
      about: { en: 'a file of settings of the admin client', zh: '管理客户端的配置文件' },
    },
    {
      flags: ['--bootstrap-server'],
      metavar: 'host:port',
      kind: 'broker-address',
      isRequired: true,
      about: { en: 'brokers to begin with', zh: '最先连接的 broker' },
    },
  ],
  commands: [
    {
      name: 'list',
      arguments: [
        number('--duration-filter', 'DURATION_FILTER', 'open for so many ms', '已打开的最少毫秒数'),
        {
          flags: ['--transactional-id-pattern'],
          metavar: 'TRANSACTIONAL_ID_PATTERN',
          about: { en: 'a regular expression for ids', zh: '事务 ID 的正则表达式' },
        },
      ],
    },
    { name: 'describe', arguments: [transactionalId('--transactional-id', 'TRANSACTIONAL_ID')] },
    { name: 'describe-producers', arguments: [BROKER, TOPIC, PARTITION] },
    {
      name: 'abort',
      arguments: [
        TOPIC,
        PARTITION,
        number('--start-offset', 'START_OFFSET', 'where it begins', '事务的起始 offset'),
        number('--producer-id', 'PRODUCER_ID', 'whose it is', '生产者 ID'),
        number('--producer-epoch', 'PRODUCER_EPOCH', "the producer's epoch", '生产者 epoch'),
        number(
          '--coordinator-epoch',
          'COORDINATOR_EPOCH',
          "the coordinator's epoch",
          '协调者 epoch',
        ),
      ],
    },
    {
      name: 'find-hanging',
      arguments: [
        BROKER,
        number(
          '--max-transaction-timeout',
          'MAX_TRANSACTION_TIMEOUT',
          'minutes until one counts as hanging (15)',
          '超过多少分钟算悬挂（默认 15）',
        ),
        optional(TOPIC),
        optional(PARTITION),
      ],
    },
    {
      name: 'forceTerminateTransaction',
      arguments: [transactionalId('--transactionalId', 'TRANSACTIONALID')],
    },
  ],
};

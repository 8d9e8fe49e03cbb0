/**
 * `kafka-broker-api-versions.sh`: which requests each broker takes, and in which versions.
 *
 * Source: `org.apache.kafka.tools.BrokerApiVersionsCommand` (4.1). Difference: what a broker takes
 * not is left out, where the real tool says UNSUPPORTED.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import { describeCluster } from '../../kafka/client/administration.ts';
import { apiOf } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { apiVersions, type ApiVersionsResponse } from '../../wire/kafka/messages/api-versions.ts';
import type { DescribeClusterResponse } from '../../wire/kafka/messages/describe-cluster.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { openAdminBy } from './admin-client.ts';
import { executionException, tellThrown } from './java-exception.ts';
import { argument, type JoptOption, JoptTable } from './jopt.ts';
import { givenOptions } from './jopt-tool.ts';

type Broker = DescribeClusterResponse['brokers'][number];

const options: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server(s) to use for bootstrapping', 'broker-address'),
    about: { en: 'REQUIRED: brokers to begin with.', zh: '必填：最先连接的 broker。' },
  },
  {
    name: 'command-config',
    argument: argument('String', 'command config property file', 'file'),
    about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
  },
];
const table = new JoptTable(options);

export const brokerApiVersionsTool: ToolProgram = {
  options: () => table.specs(),
  examples: [
    'kafka-broker-api-versions.sh --bootstrap-server broker-1:9092',
    'kafka-broker-api-versions.sh --bootstrap-server broker-1:9092 | grep Produce',
  ],
  start,
};

function start(call: Call): Program {
  const about = 'This tool helps to retrieve broker version information.';
  const given = givenOptions(call, table, about, ['bootstrap-server']);
  if (given === null) return {};
  const bootstrap = given.value('bootstrap-server')!;
  const admin = openAdminBy(call, bootstrap, given.value('command-config'));
  // This tool makes a client of its own, so that what is wrong with its settings is not wrapped.
  if ('exception' in admin) tellThrown(call, admin.cause ?? admin);
  else ask(call, admin);
  return {};
}

function ask(call: Call, admin: Admin): void {
  describeCluster(admin, (result) => {
    if (!result.ok) {
      tellThrown(call, executionException('listNodes', result));
      return;
    }
    const brokers = result.value.brokers.filter(({ isFenced }) => !isFenced);
    const told = new Map<number, readonly string[]>();
    for (const broker of brokers) {
      const body = { clientSoftwareName: 'highwater', clientSoftwareVersion: '1' };
      admin.calls.broker<ApiVersionsResponse>(
        apiVersions,
        body,
        broker.brokerId,
        (answer) => {
          if (!answer.ok) {
            tellThrown(call, executionException('apiVersions', answer));
            return;
          }
          told.set(broker.brokerId, linesOf(broker, answer.value));
          if (told.size < brokers.length) return;
          for (const { brokerId } of brokers)
            for (const line of told.get(brokerId)!) call.out(line);
          call.exit(0);
        },
        ({ errorCode }) => [{ errorCode, errorMessage: null }],
      );
    }
  });
}

function linesOf({ brokerId, host, port, rack }: Broker, response: ApiVersionsResponse): string[] {
  assert(response.errorCode === ErrorCode.NONE, 'an answer', { brokerId });
  const taken = [...response.apiKeys].sort((left, right) => left.apiKey - right.apiKey);
  const lines = taken.map(({ apiKey, minVersion, maxVersion }) => {
    const versions = minVersion === maxVersion ? `${minVersion}` : `${minVersion} to ${maxVersion}`;
    const { name, versionMax } = apiOf(apiKey) ?? { name: 'UNKNOWN', versionMax: maxVersion };
    return `\t${name}(${apiKey}): ${versions} [usable: ${Math.min(maxVersion, versionMax)}]`;
  });
  return [
    `${host}:${port} (id: ${brokerId} rack: ${rack ?? 'null'} isFenced: false) -> (`,
    ...lines.map((line, place) => (place < lines.length - 1 ? `${line},` : line)),
    ')',
  ];
}

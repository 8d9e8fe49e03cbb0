/**
 * `kafka-metadata-quorum.sh`: who leads the metadata quorum, and how far its members are.
 *
 * Source: `org.apache.kafka.tools.MetadataQuorumCommand` (4.1; since 3.3, KIP-836). Not here: the
 * answer (`raft/replica-states.ts`). Differences: brokers are asked, not controllers; adding and
 * removing a controller is unsupported; a controller that is alone without Raft answers none.
 */
import { assert } from '../../kernel/assert.ts';
import { describeCluster } from '../../kafka/client/administration.ts';
import { describeQuorum } from '../../kafka/client/cluster-administration.ts';
import type { DescribeClusterResponse } from '../../wire/kafka/messages/describe-cluster.ts';
import type { DescribeQuorumResponse } from '../../wire/kafka/messages/describe-quorum.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdmin } from './admin-client.ts';
import { propertiesFile } from './admin-session.ts';
import { type Arguments, type Grammar, parseArguments, specsOf } from './argparse.ts';
import { executionException, tellThrown } from './java-exception.ts';
import { paddedTable } from './padded-table.ts';

const DRY_RUN = {
  flags: ['--dry-run'],
  about: { en: 'says what would be done', zh: '只显示将要做什么' },
};

const grammar: Grammar = {
  name: 'kafka-metadata-quorum',
  arguments: [
    {
      flags: ['--command-config'],
      metavar: 'COMMAND_CONFIG',
      kind: 'file',
      about: { en: 'a file of settings of the admin client', zh: '管理客户端的配置文件' },
    },
    {
      flags: ['--bootstrap-server'],
      metavar: 'BOOTSTRAP_SERVER',
      kind: 'broker-address',
      isOneOf: true,
      about: { en: 'brokers to begin with', zh: '最先连接的 broker' },
    },
    {
      flags: ['--bootstrap-controller'],
      metavar: 'BOOTSTRAP_CONTROLLER',
      isOneOf: true,
      about: {
        en: 'controllers to begin with (unsupported)',
        zh: '最先连接的 controller（不支持）',
      },
    },
  ],
  commands: [
    {
      name: 'describe',
      arguments: [
        {
          flags: ['--status'],
          about: { en: 'who leads, and the lag', zh: '谁是 leader，以及落后多少' },
        },
        { flags: ['--replication'], about: { en: 'each member', zh: '各成员的进度' } },
        { flags: ['--human-readable'], about: { en: 'times as ages', zh: '时间显示为多久以前' } },
      ],
    },
    { name: 'add-controller', arguments: [DRY_RUN] },
    {
      name: 'remove-controller',
      arguments: [
        {
          flags: ['--controller-id', '-i'],
          metavar: 'CONTROLLER_ID',
          type: 'Integer',
          isRequired: true,
          about: { en: 'its node id', zh: '节点号' },
        },
        {
          flags: ['--controller-directory-id', '-d'],
          metavar: 'CONTROLLER_DIRECTORY_ID',
          isRequired: true,
          about: { en: 'the id of its log directory', zh: '日志目录的 ID' },
        },
        DRY_RUN,
      ],
    },
  ],
};

export const metadataQuorumTool: ToolProgram = {
  options: () => specsOf(grammar),
  wordsAfter: (words) => (words.length === 0 ? grammar.commands!.map(({ name }) => name) : []),
  examples: [
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 describe --status',
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 describe --replication',
  ],
  start,
};

function start(call: Call): Program {
  const given = parseArguments(call, grammar);
  if (given === null) return {};
  const problem = problemOf(given);
  if (problem !== null) return ended(call, 1, [problem]);
  const file = given.values.get('--command-config')?.[0] ?? null;
  const settings = propertiesFile(file, call.world);
  if (settings === null) return ended(call, 1, [`Properties file ${file!} does not exists!`]);
  const admin = openAdmin(call, given.values.get('--bootstrap-server')![0]!, settings);
  if ('exception' in admin) {
    tellThrown(call, admin);
    return {};
  }
  describeCluster(admin, (cluster) => {
    if (!cluster.ok) {
      tellThrown(call, executionException('listNodes', cluster));
      return;
    }
    describeQuorum(admin, (result) => {
      if (!result.ok) tellThrown(call, executionException('describeMetadataQuorum', result));
      else if (given.values.has('--status')) tellStatus(call, cluster.value, result.value);
      else tellReplication(call, result.value, given.values.has('--human-readable'));
    });
  });
  return {};
}

function problemOf({ command, values }: Arguments): string | null {
  if (values.has('--bootstrap-controller')) {
    return '--bootstrap-controller is unsupported: ask the brokers by --bootstrap-server';
  }
  if (command !== 'describe')
    return `${command} is unsupported: the quorum's voters are fixed here`;
  const [status, replication] = [values.has('--status'), values.has('--replication')];
  if (status && replication) {
    return 'Only one of --status or --replication should be specified with describe sub-command';
  }
  if (!status && !replication) {
    return 'One of --status or --replication must be specified with describe sub-command';
  }
  if (status && values.has('--human-readable')) {
    return 'The option --human-readable is only supported along with --replication';
  }
  return null;
}

type Quorum = DescribeQuorumResponse['topics'][number]['partitions'][number];
type Replica = Quorum['currentVoters'][number];

function quorumOf({ topics }: DescribeQuorumResponse): Quorum {
  const quorum = topics[0]?.partitions[0];
  assert(quorum !== undefined, 'the partition that was asked for', { topics: topics.length });
  return quorum;
}

function tellStatus(
  call: Call,
  { clusterId }: DescribeClusterResponse,
  response: DescribeQuorumResponse,
): void {
  const quorum = quorumOf(response);
  const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = quorum;
  const leader = currentVoters.find(({ replicaId }) => replicaId === leaderId);
  const slowest = currentVoters.reduce((least, one) =>
    one.logEndOffset < least.logEndOffset ? one : least,
  );
  const lag = (leader ?? slowest).logEndOffset - slowest.logEndOffset;
  const rows: [string, string][] = [
    ['ClusterId', clusterId],
    ['LeaderId', String(leaderId)],
    ['LeaderEpoch', String(leaderEpoch)],
    ['HighWatermark', String(highWatermark)],
    ['MaxFollowerLag', String(lag)],
    ['MaxFollowerLagTimeMs', String(lagTimeOf(call, leader, slowest))],
    ['CurrentVoters', `[${currentVoters.map((one) => voterText(response, one)).join(', ')}]`],
    ['CurrentObservers', `[${observers.map(observerText).join(', ')}]`],
  ];
  for (const [name, value] of rows) call.out(`${name}:`.padEnd(24) + value);
  call.exit(0);
}

function lagTimeOf(call: Call, leader: Replica | undefined, slowest: Replica): number {
  if (leader === undefined || slowest.lastCaughtUpTimestamp < 0) return -1;
  if (leader === slowest) return 0;
  return call.ports.clock.wall() - slowest.lastCaughtUpTimestamp;
}

function voterText({ nodes }: DescribeQuorumResponse, voter: Replica): string {
  assert(voter.replicaId >= 0, 'a voter has a node id', { ...voter });
  const node = nodes.find(({ nodeId }) => nodeId === voter.replicaId);
  const known = node?.listeners.map(({ name, host, port }) => `"${name}://${host}:${port}"`) ?? [];
  return `{"id": ${voter.replicaId}, "endpoints": [${known.join(', ')}]}`;
}

function observerText({ replicaId, replicaDirectoryId }: Replica): string {
  return `{"id": ${replicaId}, "directoryId": "${replicaDirectoryId}"}`;
}

function tellReplication(call: Call, response: DescribeQuorumResponse, ages: boolean): void {
  const { leaderId, currentVoters, observers } = quorumOf(response);
  const end = currentVoters.find(({ replicaId }) => replicaId === leaderId)?.logEndOffset ?? 0;
  const now = call.ports.clock.wall();
  const timeOf = (at: number): string => (ages && at >= 0 ? `${now - at} ms ago` : String(at));
  const rowOf = (replica: Replica, status: string): string[] => [
    String(replica.replicaId),
    replica.replicaDirectoryId,
    String(replica.logEndOffset),
    String(end - replica.logEndOffset),
    timeOf(replica.replicaId === leaderId ? now : replica.lastFetchTimestamp),
    timeOf(replica.replicaId === leaderId ? now : replica.lastCaughtUpTimestamp),
    status,
  ];
  const leaders = currentVoters.filter(({ replicaId }) => replicaId === leaderId);
  const followers = currentVoters.filter(({ replicaId }) => replicaId !== leaderId);
  const titles = ['NodeId', 'DirectoryId', 'LogEndOffset', 'Lag', 'LastFetchTimestamp'];
  const rows = [
    ...leaders.map((one) => rowOf(one, 'Leader')),
    ...followers.map((one) => rowOf(one, 'Follower')),
    ...observers.map((one) => rowOf(one, 'Observer')),
  ];
  const all = [...titles, 'LastCaughtUpTimestamp', 'Status'];
  for (const line of paddedTable(all, rows)) call.out(line);
  call.exit(0);
}

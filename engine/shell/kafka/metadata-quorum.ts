/**
 * `kafka-metadata-quorum.sh`: who leads the metadata quorum, and how far its members are.
 *
 * Source: `org.apache.kafka.tools.MetadataQuorumCommand` (4.1; since 3.3, KIP-836). Not here: the
 * answer (`raft/replica-states.ts`), the voters (`raft-voters.ts`). Difference: a controller that
 * is alone without Raft answers none.
 */
import { assert } from '../../kernel/assert.ts';
import { Admin } from '../../kafka/client/admin.ts';
import { describeCluster } from '../../kafka/client/administration.ts';
import { describeQuorum } from '../../kafka/client/cluster-administration.ts';
import { CLUSTER_ID } from '../../kafka/metadata/metadata-log.ts';
import type { DescribeQuorumResponse } from '../../wire/kafka/messages/describe-quorum.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdmin } from './admin-client.ts';
import { propertiesFile } from './admin-session.ts';
import { type Arguments, type Grammar, parseArguments, specsOf } from './argparse.ts';
import { type Asking, openControllers } from './controller-client.ts';
import { executionException, tellThrown } from './java-exception.ts';
import { paddedTable } from './padded-table.ts';
import { additionOf, changeVoters, removalOf } from './raft-voters.ts';

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
      about: { en: 'controllers to begin with', zh: '最先连接的 controller' },
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
  const { command, values } = given;
  const file = values.get('--command-config')?.[0] ?? null;
  const settings = propertiesFile(file, call.world);
  if (settings === null) return ended(call, 1, [`Properties file ${file!} does not exists!`]);
  const isAdded = command === 'add-controller';
  if (isAdded && file === null) return ended(call, 1, [NO_FILE]);
  const change = isAdded
    ? additionOf(settings)
    : command === 'remove-controller'
      ? removalOf(given)
      : problemOf(given);
  if (typeof change === 'string') return ended(call, 1, [change]);
  const controllers = values.get('--bootstrap-controller')?.[0];
  const admin =
    controllers === undefined
      ? openAdmin(call, values.get('--bootstrap-server')![0]!, isAdded ? {} : settings)
      : openControllers(call, controllers);
  if ('exception' in admin) tellThrown(call, admin);
  else if (change !== null) changeVoters(call, given, admin, change);
  else describe(call, given, admin);
  return {};
}

const NO_FILE =
  'You must supply the configuration file of the controller you are adding when using ' +
  'add-controller.';

function describe(call: Call, { values }: Arguments, admin: Asking | Admin): void {
  const tell = (clusterId: string): void =>
    describeQuorum(admin, (result) => {
      if (!result.ok) tellThrown(call, executionException('describeMetadataQuorum', result));
      else if (values.has('--status')) tellStatus(call, clusterId, result.value);
      else tellReplication(call, result.value, values.has('--human-readable'));
    });
  if (!(admin instanceof Admin)) {
    tell(CLUSTER_ID);
    return;
  }
  describeCluster(admin, (cluster) => {
    if (cluster.ok) tell(cluster.value.clusterId);
    else tellThrown(call, executionException('listNodes', cluster));
  });
}

/** What is wrong with a line of `describe`; null if nothing is. */
function problemOf({ values }: Arguments): string | null {
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

function tellStatus(call: Call, clusterId: string, response: DescribeQuorumResponse): void {
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

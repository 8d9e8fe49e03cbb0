/**
 * The drill: a group of one member and a topic that is to grow. At the end every partition has
 * exactly one owner, and nobody is in the middle of a rebalance. Not here: the experiment.
 */
import { drill } from '#engine/lab/drill.ts';
import { ConsumerGroup } from '#engine/lab/kafka-groups.ts';
import { groupNamed, ownedPartitions, partitionCount } from '#engine/lab/kafka-state.ts';
import { drillCluster, drillHandles } from '../drill-world.ts';
import { topicIsReady } from '../story.ts';
import type { Told } from '../story.ts';

const TOPIC = 'orders';
const GROUP = 'billing';
const PARTITIONS = 6;
const MEMBERS = 3;

interface World extends Told {
  readonly group: ConsumerGroup;
}

export default drill<World>({
  id: 'rebalance',
  release: 'kafka-4.1',
  title: { en: 'Six partitions, three members', zh: '六个分区，三个成员' },
  task: {
    en:
      'The group billing has one member, billing-1, for the four partitions of orders. Let ' +
      'orders have six partitions and billing three members that run, each partition with ' +
      'exactly one owner, and the group Stable.',
    zh:
      '消费组 billing 只有一个成员 billing-1，消费 orders 的四个分区。把 orders 扩到六个分区，' +
      'billing 扩到三个运行中的成员；每个分区恰好一个所有者，消费组处于 Stable。',
  },
  products: ['kafka'],
  tools: ['kafka-topics.sh', 'kafka-console-consumer.sh', 'kafka-consumer-groups.sh'],
  world: ({ lab }) => {
    const cluster = drillCluster(lab, { 'offsets.topic.num.partitions': '1' });
    const settings = { 'metadata.max.age.ms': '30000' };
    return {
      cluster,
      group: new ConsumerGroup(lab, cluster, { group: GROUP, topics: [TOPIC], settings }),
    };
  },
  handles: drillHandles,
  prepare: [
    topicIsReady({ en: 'The topic is made', zh: '创建主题' }, ({ cluster }) =>
      cluster.createTopic(TOPIC, { partitions: 4, replicationFactor: 3 }),
    ),
    {
      id: 'join',
      title: { en: 'billing-1 joins', zh: 'billing-1 加入' },
      do: ({ group }) => group.addMember('billing-1'),
      until: ({ group }) => group.isStable(['billing-1']),
      timeLimitMs: 60_000,
    },
  ],
  goal: [
    {
      id: 'grown',
      text: { en: `orders has ${PARTITIONS} partitions`, zh: `orders 有 ${PARTITIONS} 个分区` },
      holds: ({ cluster }) => partitionCount(cluster, TOPIC) === PARTITIONS,
    },
    {
      id: 'members',
      text: {
        en: `billing has ${MEMBERS} members and is Stable`,
        zh: `billing 有 ${MEMBERS} 个成员，且为 Stable`,
      },
      holds: ({ cluster }, lab) => {
        const group = groupNamed(lab, cluster, GROUP);
        return group?.state === 'Stable' && group.members.length === MEMBERS;
      },
    },
    {
      id: 'owned',
      text: { en: 'every partition has exactly one owner', zh: '每个分区恰好一个所有者' },
      holds: ({ cluster }, lab) => {
        const owned = ownedPartitions(groupNamed(lab, cluster, GROUP));
        return owned.length === PARTITIONS && new Set(owned).size === PARTITIONS;
      },
    },
  ],
  solution: [
    'kafka-topics.sh --bootstrap-server broker-1:9092 --alter --topic orders --partitions 6',
    '2> kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders --group billing',
    '3> kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders --group billing',
    'run 1m',
  ],
  otherWay: [
    '2> kafka-console-consumer.sh --bootstrap-server broker-2:9092 --topic orders --group ' +
      'billing --consumer-property client.id=billing-2',
    '3> kafka-console-consumer.sh --bootstrap-server broker-3:9092 --topic orders --group ' +
      'billing --consumer-property metadata.max.age.ms=5000',
    'run 10s',
    'kafka-topics.sh --bootstrap-server broker-2:9092 --alter --topic orders --partitions 6',
    'run 2m',
  ],
  hints: [
    {
      en:
        'A console consumer with a group is a member like any other, as long as it runs. ' +
        'Each needs a pane of its own.',
      zh: '带消费组的控制台消费者只要在运行，就是一名普通成员。每个都要占一个窗格。',
    },
    {
      en:
        'Partitions are added to a topic that exists by the tool for topics. The number is ' +
        'the new total.',
      zh: '给已有主题加分区，用管理主题的那个工具；填的是新的总数。',
    },
    {
      en:
        'Consumers learn of new partitions when they refresh their metadata, and only then ' +
        'join again. Let a minute pass.',
      zh: '消费者要等刷新元数据时才知道有新分区，然后才会重新加入。让时间过一分钟。',
    },
  ],
});
